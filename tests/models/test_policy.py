import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from models.policy import COLOURS, DEFAULT, ColourPolicy, PolicyError, fit, policy_report
from models.targets import RISK_COLUMNS

unit = st.floats(0, 1, allow_nan=False)
rows = hnp.arrays(float, (12,), elements=unit)


def rank(colour: str) -> int:
    return COLOURS.index(colour)  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(rows, rows, st.booleans(), hnp.arrays(float, (12,), elements=unit))
def test_a_higher_risk_never_gets_a_lower_colour(
    risks: np.ndarray, more: np.ndarray, floored: bool, weights: np.ndarray
) -> None:
    policy = dataclasses.replace(DEFAULT, weights=dict(zip(RISK_COLUMNS, weights + 0.01, strict=True)))
    lower = policy.colour(risks, floored)
    assert rank(policy.colour(np.maximum(risks, more), floored)) >= rank(lower)
    assert policy.colour(risks, True) == "red"


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 50), st.floats(0, 50))
def test_more_cues_never_lower_the_colour_without_a_model(points: float, more: float) -> None:
    assert rank(DEFAULT.without_model(points + more, False)) >= rank(DEFAULT.without_model(points, False))
    assert DEFAULT.without_model(0, False) == "none"
    assert DEFAULT.without_model(0, True) == "red"


def risks_of(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).beta(0.5, 20, (n, 12))


def test_fitted_thresholds_use_up_the_capacity() -> None:
    risks = risks_of(4000)
    policy = fit(risks)
    shares = np.bincount(policy.by_score(risks), minlength=4) / 4000
    assert shares[1:] == pytest.approx([0.10, 0.04, 0.01], abs=0.002)


def test_ties_never_overrun_the_red_capacity_into_everything() -> None:
    risks = np.full((100, 12), 0.05)
    risks[:3] = 0.5
    policy = fit(risks)
    assert (policy.by_score(risks) == 3).sum() == 3


def test_the_version_is_the_content() -> None:
    policy = fit(risks_of(500))
    again = ColourPolicy.from_json(policy.to_json())
    assert again == policy and again.version == policy.version
    assert json.loads(policy.to_json())["fitted_on"] == {"rows": 500}
    other = dataclasses.replace(policy, review_days={"red": 2, "yellow": 3, "blue": 7})
    assert other.version != policy.version


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"thresholds": {"red": 0.1, "yellow": 0.2, "blue": 0.05}}, "red must not be below yellow"),
        ({"thresholds": {"red": 0.1}}, "needs exactly"),
        ({"weights": {"escalation_91": 1.0}}, "escalation_91"),
        ({"weights": {"escalation_90": -1.0}}, "zero or more"),
        ({"weights": {"escalation_90": 0.0}}, "not all zero"),
        ({"capacity": {"red": 0.5, "yellow": 0.5, "blue": 0.5}}, "more than 1"),
        ({"review_days": {"red": float("nan"), "yellow": 3, "blue": 7}}, "review_days"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        dataclasses.replace(DEFAULT, **change)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(PolicyError, match="colour"):
        ColourPolicy.from_json('{"thresholds": {}, "surprise": 1}')


def test_floors_stand_apart_and_too_many_warn() -> None:
    risks = risks_of(1000)
    policy = fit(risks)
    floored = np.zeros(1000, dtype=bool)
    floored[:10] = True
    harmed = np.zeros(1000)
    harmed[:4] = 1
    harmed[500:] = np.nan
    report = policy_report(policy, risks, floored, harmed, days=10)
    floor = report["floor"]
    assert (floor["cases"], floor["share"], floor["per_day"]) == (10, 0.01, 1.0)
    assert (floor["precision"], floor["harmed"], floor["labelled"]) == (0.4, 4, 10)
    # exact: Clopper and Pearson for 4 of 10, Garwood for 10 counted
    assert (floor["low"], floor["high"]) == pytest.approx((0.1216, 0.7376), abs=1e-4)
    assert (floor["per_day_low"], floor["per_day_high"]) == pytest.approx((0.4795, 1.8390), abs=1e-4)
    assert not report["warnings"]
    assert sum(report[name]["cases"] for name in (*COLOURS, "floor")) == 1000
    floored[:21] = True
    assert "twice the red capacity" in policy_report(policy, risks, floored, harmed, days=10)["warnings"][0]


def test_harm_without_a_colour_is_counted_as_missed_with_its_interval() -> None:
    risks = risks_of(1000)
    policy = fit(risks)
    harmed = np.zeros(1000)
    harmed[np.argsort(policy.index(risks))[[0, 1, -1]]] = 1
    report = policy_report(policy, risks, np.zeros(1000, dtype=bool), harmed, days=90)
    assert (report["missed"]["cases"], report["missed"]["harmed"]) == (2, 3)
    assert report["missed"]["low"] < 2 / 3 < report["missed"]["high"]
    assert report["red"]["harmed"] == 1 and report["yellow"]["low"] == 0.0 < report["yellow"]["high"]
    nothing = policy_report(policy, risks[:0], np.zeros(0, dtype=bool), np.zeros(0), days=0)
    assert nothing["missed"]["share"] is None and nothing["red"]["precision"] is None


def test_a_district_may_name_risks_instead_of_shares() -> None:
    risks = risks_of(1000)
    named = {"red": 0.3, "yellow": 0.1, "blue": 0.05}
    policy = fit(risks, thresholds=named)
    assert policy.thresholds == named
    expected = np.searchsorted([0.05, 0.1, 0.3], risks[:, RISK_COLUMNS.index("escalation_90")], side="right")
    np.testing.assert_array_equal(policy.by_score(risks), expected)
    with pytest.raises(PolicyError, match="red must not be below yellow"):
        fit(risks, thresholds={"red": 0.1, "yellow": 0.3, "blue": 0.05})
