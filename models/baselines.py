"""What a model must beat, on the same splits, rows and labels.

- `base_rate`: every case the same.
- `checklist`: points of the cues asserted, as DASH-style forms add them up; no probability, only an order.
- `tfidf_lr`: TF-IDF of character 1- to 4-grams of the text with logistic regression, 90-day escalation.
- `lightgbm_table`, `lightgbm_text`: one gradient boosting each on the table alone and on the text alone.

Each predicts escalation within 90 days from the matured query points of the same training window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from features.catalogue import COLUMNS
from models.inputs import TEXT
from models.reading import checklist_points

Array = NDArray[np.float64]

NAMES: Final = ("base_rate", "checklist", "tfidf_lr", "lightgbm_table", "lightgbm_text")
NO_PROBABILITY: Final = frozenset({"checklist"})
"""Baselines whose score only orders."""
_TREES: Final = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
_ROUNDS: Final = 150
_DIMENSIONS: Final = 64


@dataclass(frozen=True)
class Examples:
    """Query points with what is known of them.

    Attributes
    ----------
    frame
        The catalogue's columns and `text`.
    y
        Escalation within 90 days, 1 or 0; NaN where it has not matured.
    weight
        Shape (n,).
    """

    frame: pd.DataFrame
    y: Array
    weight: Array


def scores(
    train: Examples, test: pd.DataFrame, seed: int, threads: int = 0, *, names: Sequence[str] = NAMES
) -> dict[str, Array]:
    """The baselines' scores of the test cases, fitted on the matured training examples.

    Returns
    -------
    dict
        Name to scores, shape (len(test),). Without a positive and a negative to learn from, those that
        learn give the base rate.
    """
    known = np.flatnonzero(np.isfinite(train.y))
    y, weight = train.y[known], train.weight[known]
    rate = float(np.average(y, weights=weight)) if len(known) else 0.0
    flat = np.full(len(test), rate)
    answer = dict.fromkeys(names, flat)
    if "checklist" in answer:
        answer["checklist"] = checklist_points(test[TEXT].tolist())
    if len(known) == 0 or not 0 < y.sum() < len(y):
        return answer
    frame = train.frame.iloc[known]
    if "lightgbm_table" in answer:
        table, table_test = frame[list(COLUMNS)].to_numpy(float), test[list(COLUMNS)].to_numpy(float)
        answer["lightgbm_table"] = _boosted(table, y, weight, table_test, seed, threads)
    if not answer.keys() & {"tfidf_lr", "lightgbm_text"}:
        return answer
    vectoriser = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), min_df=3, sublinear_tf=True, max_features=200_000
    )
    text, text_test = vectoriser.fit_transform(frame[TEXT]), vectoriser.transform(test[TEXT])
    if "tfidf_lr" in answer:
        regression = LogisticRegression(C=1.0, max_iter=300).fit(text, y, sample_weight=weight)
        answer["tfidf_lr"] = regression.predict_proba(text_test)[:, 1]
    if "lightgbm_text" in answer:
        dimensions = min(_DIMENSIONS, text.shape[1] - 1, text.shape[0] - 1)
        svd = TruncatedSVD(max(dimensions, 1), random_state=seed).fit(text)
        answer["lightgbm_text"] = _boosted(
            svd.transform(text), y, weight, svd.transform(text_test), seed, threads
        )
    return answer


def _boosted(x: Array, y: Array, weight: Array, test: Array, seed: int, threads: int) -> Array:
    parameters = _TREES | {"seed": seed, "num_threads": threads}
    booster = lgb.train(parameters, lgb.Dataset(x, label=y, weight=weight), _ROUNDS)
    return np.asarray(booster.predict(test, num_threads=threads))
