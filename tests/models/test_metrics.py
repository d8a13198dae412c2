import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

from models import metrics
from models.bootstrap import bootstrap, draws, pair_clusters, paired_difference


def sample(seed: int, n: int = 400, ties: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = rng.beta(0.5, 6, n)
    y = (rng.random(n) < p).astype(float)
    y[:2] = (0, 1)
    score = np.round(p, 2) if ties else p
    return y, np.clip(score, 1e-3, 1 - 1e-3), rng.integers(0, 4, n).astype(float) + (np.arange(n) < 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_figures_agree_with_sklearn(seed: int, ties: bool) -> None:
    y, p, w = sample(seed, ties=ties)
    assert metrics.average_precision(y, p) == pytest.approx(sk.average_precision_score(y, p), abs=1e-12)
    assert metrics.average_precision(y, p, w) == pytest.approx(
        sk.average_precision_score(y, p, sample_weight=w), abs=1e-12
    )
    assert metrics.roc_auc(y, p, w) == pytest.approx(sk.roc_auc_score(y, p, sample_weight=w), abs=1e-12)
    assert metrics.brier(y, p, w) == pytest.approx(sk.brier_score_loss(y, p, sample_weight=w), abs=1e-12)
    assert metrics.log_loss(y, p, w) == pytest.approx(sk.log_loss(y, p, sample_weight=w), abs=1e-9)


def test_a_weight_of_two_is_the_row_twice() -> None:
    y, p, w = sample(3)
    twice = np.repeat(np.arange(len(y)), w.astype(int))
    for name, figure in metrics.FIGURES.items():
        if name != "ece":  # its bins are quantiles of the unweighted risks
            assert figure(y, p, w) == pytest.approx(figure(y[twice], p[twice]), abs=1e-7), name


def test_many_weightings_at_once() -> None:
    y, p, _ = sample(4)
    counts = draws(np.arange(len(y)), 5, seed=0)
    expected = [metrics.average_precision(y, p, w) for w in counts]
    assert metrics.average_precisions(y, p, counts) == pytest.approx(expected, abs=1e-12)


def test_soft_average_precision_counts_a_case_as_so_many_positives() -> None:
    rng = np.random.default_rng(0)
    truth = rng.beta(0.4, 3, 300)
    score = truth + rng.normal(0, 0.1, 300)
    soft = metrics.average_precision(truth, score)
    as_two_rows = sk.average_precision_score(
        np.repeat([1, 0], 300), np.tile(score, 2), sample_weight=np.concatenate([truth, 1 - truth])
    )
    assert soft == pytest.approx(as_two_rows, abs=1e-12)
    assert metrics.average_precision(truth, truth) > soft > metrics.average_precision(truth, -truth)


def test_calibration_line_is_the_logistic_regression_on_the_logit() -> None:
    y, p, _ = sample(5, n=3000)
    x = np.log(p / (1 - p))
    fitted = LogisticRegression(C=1e9, tol=1e-10).fit(x[:, None], y)
    intercept, slope = metrics.calibration_line(y, p)
    assert slope == pytest.approx(fitted.coef_[0, 0], abs=1e-4)
    assert intercept == pytest.approx(fitted.intercept_[0], abs=1e-4)
    sharp = 1 / (1 + np.exp(-2 * x))
    assert metrics.calibration_line(y, sharp)[1] == pytest.approx(slope / 2, abs=1e-4)


def test_capacity_shares_a_tie_evenly() -> None:
    y = np.array([1.0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    score = np.array([9.0, 5, 5, 5, 5, 1, 1, 1, 1, 1])
    precision, recall = metrics.at_capacity(y, score, 30)
    # one sure case, and half of the four that tie, which hold one positive
    assert precision == pytest.approx(1.5 / 3)
    assert recall == pytest.approx(0.75)


def test_figures_without_positives_are_not_numbers() -> None:
    y, p = np.zeros(10), np.linspace(0.1, 0.5, 10)
    assert np.isnan(metrics.average_precision(y, p))
    assert np.isnan(metrics.roc_auc(y, p))
    assert np.isnan(metrics.calibration_line(y, p)[1])


def test_clusters_join_disputes_between_the_same_people_in_either_role() -> None:
    parties = pd.DataFrame(
        [("d1", "a"), ("d1", "b"), ("d2", "b"), ("d2", "a"), ("d3", "a"), ("d3", "c")],
        columns=["dispute_id", "person_id"],
    )
    clusters = pair_clusters(parties, ["d1", "d2", "d3", "d4", "d1"])
    assert clusters[0] == clusters[1] == clusters[4]
    assert len(set(clusters)) == 3


def test_clustered_draws_keep_a_cluster_together_and_widen_the_interval() -> None:
    y, p, _ = sample(6, n=200)
    y, p = np.repeat(y, 5), np.repeat(p, 5)
    clusters = np.repeat(np.arange(200), 5)
    together = draws(clusters, 200, seed=1)
    assert (together.reshape(200, 200, 5).std(axis=2) == 0).all()
    apart = bootstrap(metrics.roc_auc, y, p, draws(np.arange(1000), 200, seed=1))
    clustered = bootstrap(metrics.roc_auc, y, p, together)
    assert clustered.high - clustered.low > 1.5 * (apart.high - apart.low)


def test_paired_difference_of_a_score_with_itself_is_nothing() -> None:
    y, p, _ = sample(7)
    counts = draws(np.arange(len(y)), 50, seed=2)
    same = paired_difference(metrics.average_precision, y, p, p, counts)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    better = paired_difference(metrics.roc_auc, y, p, np.random.default_rng(0).random(len(y)), counts)
    assert better.low > 0
