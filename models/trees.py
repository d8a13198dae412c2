"""Boosted trees on what the hazard's line leaves over: LightGBM on one row an example and interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.hazard_settings import HazardSettings
from models.rows import HazardRows

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


def fit_trees(
    x: Array,
    rows: HazardRows,
    weight: Array,
    line: Array,
    *,
    names: Sequence[str],
    codes: Sequence[str],
    signs: Sequence[int],
    settings: HazardSettings,
    seed: int,
    progress: Progress | None = None,
) -> lgb.Booster | None:
    """Fit, starting from the line; None where there are too few harms for one round.

    Parameters
    ----------
    x
        All columns but the interval, shape (n, d).
    rows, weight
        The hazard rows, and the weight of each query point, shape (n,).
    line
        Logit hazard by interval, shape (n, 4).
    names, signs
        Of the columns and of the interval after them, shape (d + 1,).
    codes
        Names of the categorical ones.
    """
    harms = float((weight[rows.example] * rows.event).sum())
    rounds = min(settings.trees, int(harms / settings.harms_a_tree))
    if rounds == 0:
        return None
    data = lgb.Dataset(
        np.column_stack([x[rows.example], rows.interval]),
        label=rows.event,
        weight=weight[rows.example],
        init_score=line[rows.example, rows.interval],
        feature_name=list(names),
        categorical_feature=list(codes),
        params={"max_bin": 63, "min_data_in_bin": 5, "verbose": -1, "num_threads": settings.threads},
    )
    parameters = {
        "objective": "binary",
        "boost_from_average": False,
        "learning_rate": settings.learning_rate,
        "num_leaves": settings.leaves,
        "min_data_in_leaf": 50,
        "min_sum_hessian_in_leaf": 5.0,
        "lambda_l2": 100.0,
        "feature_fraction": 0.4,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "cat_smooth": 20.0,
        "cat_l2": 100.0,
        "min_data_per_group": 50,
        "monotone_constraints": list(signs),
        "monotone_constraints_method": "basic",
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": settings.threads,
        "verbose": -1,
        "seed": seed,
    }
    told = [] if progress is None else [lambda env: progress(env.iteration + 1, rounds)]
    return lgb.train(parameters, data, rounds, callbacks=told)


def logits_of(booster: lgb.Booster, x: Array, intervals: int, threads: int) -> Array:
    """What the trees add to the logit hazard, shape (n, intervals)."""
    n, width = x.shape
    each = np.empty((n * intervals, width + 1))
    each[:, :-1] = np.repeat(x, intervals, axis=0)
    each[:, -1] = np.tile(np.arange(intervals), n)
    return np.asarray(booster.predict(each, raw_score=True, num_threads=threads)).reshape(n, intervals)


def shap_of(booster: lgb.Booster, x: Array, intervals: int, threads: int) -> Array:
    """TreeSHAP values of the columns, of the interval and of the average, shape (intervals, n, d + 2)."""
    n, width = x.shape
    each = np.empty((intervals, n, width + 1))
    each[:, :, :-1] = x
    each[:, :, -1] = np.arange(intervals)[:, None]
    shap = booster.predict(each.reshape(intervals * n, width + 1), pred_contrib=True, num_threads=threads)
    return np.asarray(shap).reshape(intervals, n, width + 2)
