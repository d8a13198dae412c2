"""A transformer in Hugging Face format, fine-tuned on all targets and cues together."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from models.corpus import Corpus
from models.encoders import heads
from models.encoders.base import Encoder, Lessons, Progress, UnfittedError, read_state
from models.encoders.bodies import BATCH, Body, needed, read_body, reading, used_clauses
from models.encoders.small import BASE, SmallSettings, pretrained
from models.encoders.tuning import TuningSettings, tuned
from models.targets import DEFAULT_HORIZON, RISK_COLUMNS

Array = NDArray[np.float64]

_MAIN: Final = RISK_COLUMNS.index(f"escalation_{DEFAULT_HORIZON}")
GIVEN: Final = TuningSettings(rate=5e-5, head_rate=1e-3)
"""A body that already knows Chinese is moved less than one of the district's own."""


class TransformerEncoder(Encoder):
    """Log-odds contributions of clauses to the twelve risks, summed over a text.

    Costs minutes to fit on one CPU core, whatever the number of disputes, for the steps are fixed; about a
    millisecond a clause to encode on one thread.

    Parameters
    ----------
    base
        A folder in Hugging Face format or a name on the hub; None pre-trains a small body on the texts.
    int8
        Score in int8 once fitted (on the CPU, clause by clause); what is saved stays fp32.
    """

    name: ClassVar[str] = "transformer"

    def __init__(
        self,
        seed: int = 0,
        *,
        base: str | None = None,
        small: SmallSettings | None = None,
        tuning: TuningSettings | None = None,
        int8: bool = False,
        batch: int = BATCH,
    ) -> None:
        super().__init__(seed)
        self.base, self.int8, self.batch = base, int8, batch
        self.small = small or SmallSettings()
        self.tuning = tuning or (TuningSettings() if base is None else GIVEN)
        self._body: Body | None = None
        self._targets: Any = None
        self._cues: Any = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The twelve risks, target-major, and the worst clause by escalation within 90 days."""
        return (*RISK_COLUMNS, "worst_clause")

    @property
    def signs(self) -> tuple[int, ...]:
        """The hazard reads escalation within 90 days and the worst clause; the rest is for other uses."""
        return (*(int(place == _MAIN) for place in range(len(RISK_COLUMNS))), 1)

    def _like(self, **changes: Any) -> Self:
        made = type(self)(
            self.seed,
            base=self.base,
            small=self.small,
            tuning=self.tuning,
            int8=changes.get("int8", self.int8),
            batch=changes.get("batch", self.batch),
        )
        made._body, made._targets, made._cues = self._body, self._targets, self._cues
        made.facts = dict(self.facts)
        return made

    def prepare(self, corpus: Corpus, progress: Progress | None = None) -> Self:
        """Read the body that was named, or pre-train a small one on the clauses of these texts."""
        made = self._like()
        took: dict[str, Any] = {}
        if self.base is not None:
            made._body = read_body(self.base)
        else:
            texts = [reading(corpus.clauses[place]) for place in used_clauses(corpus)]
            made._body, took = pretrained(texts, self.small, self.seed, progress)
        made.facts = {"base": self.base or BASE, "parameters": made._body.size, **took}
        return made

    def fit(self, corpus: Corpus, lessons: Lessons, progress: Progress | None = None) -> Self:
        """Fine-tune a copy of the prepared body; prepared on these texts where that wasn't done before."""
        made = (self if self._body is not None else self.prepare(corpus, progress))._like()
        assert made._body is not None
        body, found, took = tuned(made._body, corpus, lessons, self.tuning, self.seed, progress)
        made._body = replace(body, model=body.model.to("cpu") if self.int8 else body.model)
        made._targets, made._cues = found["targets"], found["cues"]
        made.facts = {**made.facts, **took, "precision": "int8" if self.int8 else "fp32"}
        return made

    def in_precision(self, int8: bool) -> Self:
        """The same fit, scoring in int8 or fp32."""
        made = self._like(int8=int8)
        made.facts = {**made.facts, "precision": "int8" if int8 else "fp32"}
        return made

    def with_batch(self, batch: int) -> Self:
        """The same fit, so many clauses at a time (fp32 only; int8 goes one by one)."""
        return self._like(batch=batch)

    @cached_property
    def _serving(self) -> Body:
        if self._body is None or self._targets is None:
            raise UnfittedError("the transformer was not fitted")
        return heads.quantised(self._body) if self.int8 else self._body

    def encode(self, corpus: Corpus) -> Array:
        """Shape (n, 13): log odds beside a text that says nothing."""
        body = self._serving
        each = heads.contributions(body, self._targets, corpus, 1 if self.int8 else self.batch)
        return heads.scores(corpus, each, _MAIN)

    def cue_scores(self, corpus: Corpus) -> Array:
        """Log odds of each cue column that it was taught, beside a text that says nothing; shape (n, c)."""
        body = self._serving
        return heads.cue_sums(body, self._cues, corpus, 1 if self.int8 else self.batch)

    def save(self, folder: Path) -> None:
        """Write `encoder.json`, `heads.safetensors`, and the body in fp32 as `from_pretrained` reads it."""
        if self._body is None or self._targets is None:
            raise UnfittedError("the transformer was not fitted")
        self._write(
            folder, base=self.base, int8=self.int8, small=asdict(self.small), tuning=asdict(self.tuning)
        )
        self._body.save(folder / "body")
        weights = {"targets": self._targets.contiguous(), "cues": self._cues.contiguous()}
        needed("safetensors.torch").save_file(weights, str(folder / "heads.safetensors"))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote; nothing is fetched."""
        state = read_state(folder)
        made = cls(
            state["seed"],
            base=state["base"],
            small=SmallSettings(**state["small"]),
            tuning=TuningSettings(**state["tuning"]),
            int8=state["int8"],
        )
        weights = needed("safetensors.torch").load_file(str(folder / "heads.safetensors"))
        made._body = replace(read_body(str(folder / "body"), offline=True), base=state["facts"]["base"])
        made._targets, made._cues = weights["targets"], weights["cues"]
        made.facts = state["facts"]
        return made
