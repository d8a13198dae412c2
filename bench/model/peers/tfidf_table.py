"""TF-IDF of character 1- to 4-grams and the table beside it, in one logistic regression.

The table enters as signed logs on one scale, imputed by the median with an indicator, categories one-hot; the
strength of the penalty is chosen on the latest fifth of the training rows.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from bench.model.districts import Sheets

STRENGTHS: Final = (0.0003, 0.003, 0.03, 0.3, 3.0)
LATEST: Final = 0.2


def scores(sheets: Sheets) -> dict[str, Any]:
    """The probability."""
    train, codes = sheets.matured.sort_values("as_of"), sheets.facts["codes"]
    numbers = [name for name in sheets.columns if name not in codes]
    logs = FunctionTransformer(lambda x: np.sign(x) * np.log1p(np.abs(x)))
    table = ColumnTransformer(
        [
            ("numbers", make_pipeline(logs, SimpleImputer(strategy="median", add_indicator=True,
                                                          keep_empty_features=True),
                                      StandardScaler()), numbers),
            ("codes", OneHotEncoder(handle_unknown="ignore", min_frequency=20), codes),
        ]
    )  # fmt: skip
    text = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), min_df=3, sublinear_tf=True, max_features=200_000
    )
    x = sparse.hstack([table.fit_transform(train), text.fit_transform(train["text"])]).tocsr()
    test = sparse.hstack([table.transform(sheets.test), text.transform(sheets.test["text"])]).tocsr()
    y, weight = train["y"].to_numpy(), train["weight"].to_numpy()
    begin = int(len(train) * (1 - LATEST))
    strength = STRENGTHS[1]
    if y[begin:].sum() and y[:begin].sum():
        tried = []
        for candidate in STRENGTHS:
            model = _fitted(x[:begin], y[:begin], weight[:begin], candidate)
            score = model.predict_proba(x[begin:])[:, 1]
            tried.append(average_precision_score(y[begin:], score, sample_weight=weight[begin:]))
        strength = STRENGTHS[int(np.argmax(tried))]
    return {"score": _fitted(x, y, weight, strength).predict_proba(test)[:, 1]}


def _fitted(x: Any, y: Any, weight: Any, strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=300).fit(x, y, sample_weight=weight)
