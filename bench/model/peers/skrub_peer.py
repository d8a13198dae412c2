"""skrub's TableVectorizer before scikit-learn's gradient boosting, the text by its StringEncoder."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from skrub import StringEncoder, TableVectorizer

from bench.model.districts import Sheets


def scores(sheets: Sheets) -> dict[str, Any]:
    """The probability."""
    train, codes = sheets.matured.sort_values("as_of"), sheets.facts["codes"]
    columns = [*sheets.columns, "text"]

    def told(rows: Any) -> Any:
        return rows[columns].astype(dict.fromkeys(codes, "category"))

    strings = StringEncoder(n_components=50, analyzer="char", ngram_range=(1, 4), random_state=0)
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=150,
        max_leaf_nodes=15,
        min_samples_leaf=40,
        l2_regularization=5.0,
        max_features=0.6,
        random_state=0,
    )
    model = make_pipeline(TableVectorizer(high_cardinality=strings), boosting)
    weight = {"histgradientboostingclassifier__sample_weight": train["weight"]}
    fitted = model.fit(told(train), train["y"], **weight)
    return {"score": fitted.predict_proba(told(sheets.test))[:, 1]}
