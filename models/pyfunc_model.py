"""The MLflow pyfunc, logged as code: it loads a `Scorer` from the logged folder and nothing else.

Needs the installed package; holds no training state. Input: the catalogue's columns and `text`. Output: the
twelve risks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel

from models.scorer import Scorer
from models.targets import RISK_COLUMNS


class RiskModel(PythonModel):
    """Risks of cases."""

    def load_context(self, context: Any) -> None:
        """Read the scorer that was logged beside this code."""
        self.scorer = Scorer.load(Path(context.artifacts["scorer"]))

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """The twelve risks of each case.

        Raises
        ------
        models.inputs.MissingColumnsError
            Naming the columns that the input lacks.
        """
        return pd.DataFrame(
            self.scorer.risks(model_input), columns=list(RISK_COLUMNS), index=model_input.index
        )


mlflow.models.set_model(RiskModel())
