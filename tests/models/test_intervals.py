"""Every risk has an interval that holds it, is coherent, and says how much the model has seen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up_district import District
from scipy.special import logit

from models.fit import Trained
from models.ranges import ALARM
from models.scorer import Scorer
from models.targets import RISK_COLUMNS

MAIN = RISK_COLUMNS.index("escalation_90")


def bounds(scorer: Scorer, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    inputs = scorer.inputs(frame)
    found = scorer.estimator.bounds(inputs, scorer.calibration, scorer.estimator.text_columns(inputs))
    assert found is not None
    return found[0], scorer.risks(inputs), found[1]


def test_an_interval_holds_its_risk_and_is_coherent_as_risks_are(
    learned: Trained, later: pd.DataFrame
) -> None:
    low, risk, high = bounds(learned.scorer, later)
    assert (low <= risk + 1e-12).all() and (risk <= high + 1e-12).all()
    assert (low > 0).all() and (high < 1).all() and (high / low > 1.5).all()
    for end in (low, high):
        by_target = end.reshape(len(end), 4, 3)
        assert (np.diff(by_target, axis=2) >= 0).all()
        assert (by_target[:, :3] <= by_target[:, 3:] + 1e-12).all()
    one = learned.scorer.case(later.iloc[[7]])
    assert one.bounds is not None
    np.testing.assert_allclose(one.bounds, (low[7], high[7]), rtol=0, atol=1e-12)


def test_most_intervals_hold_the_probability_that_the_harm_was_drawn_with(
    district: District, learned: Trained, later: pd.DataFrame
) -> None:
    low, _, high = bounds(learned.scorer, later)
    p = district.truth.tail(len(later))["p_true"].to_numpy()
    inside = (low[:, MAIN] <= p) & (p <= high[:, MAIN])
    assert 0.6 < inside.mean() < 0.98


def test_a_case_of_a_rare_kind_has_a_wider_interval(learned: Trained, later: pd.DataFrame) -> None:
    usual = later.iloc[[0]]
    top = {name: learned.scorer.ranges.high[learned.scorer.columns.index(name)] for name in ("respondent_disputes_ever",
           "respondent_disputes_365d", "applicant_disputes_ever", "pair_disputes_ever")}  # fmt: skip
    low, _, high = bounds(learned.scorer, pd.concat([usual, usual.assign(**top)]))
    width = logit(high[:, MAIN]) - logit(low[:, MAIN])
    assert width[1] > width[0] * 1.02


def test_a_model_that_knows_no_spread_states_no_interval(
    learned: Trained, later: pd.DataFrame, tmp_path: Path
) -> None:
    scorer = learned.scorer
    scorer.save(tmp_path / "with")
    again = Scorer.load(tmp_path / "with").case(later.iloc[[3]])
    assert again.bounds is not None and scorer.case(later.iloc[[3]]).bounds is not None
    np.testing.assert_array_equal(again.bounds, scorer.case(later.iloc[[3]]).bounds)
    without = replace(scorer, estimator=replace(scorer.estimator, spread=None))
    without.save(tmp_path / "without")
    case = Scorer.load(tmp_path / "without").case(later.iloc[[3]])
    assert case.bounds is None
    np.testing.assert_array_equal(case.risks, scorer.case(later.iloc[[3]]).risks)


# Out of range


def test_few_ordinary_cases_are_called_strange(learned: Trained, later: pd.DataFrame) -> None:
    strange = learned.scorer.outside(later)
    assert strange[:, 0].mean() < 0.1 and strange[:, 1].mean() < 0.05
    assert ALARM < 0.01


def test_numbers_that_never_go_together_are_strange_by_table_alone(
    learned: Trained, later: pd.DataFrame
) -> None:
    rng = np.random.default_rng(0)
    mixed = later.assign(
        **{name: rng.permutation(later[name].to_numpy()) for name in later.columns if name != "text"}
    )
    strange = learned.scorer.outside(mixed)
    assert strange[:, 0].mean() > 0.8
    np.testing.assert_array_equal(strange[:, 1], learned.scorer.outside(later)[:, 1])


@pytest.mark.parametrize(
    "text",
    ["今日最高气温三十二度，午后有阵雨", "鸡蛋打散加少许盐，倒入蛋液翻炒", "The quick brown fox jumps"],
)
def test_a_text_of_another_world_is_strange_by_text_alone(
    learned: Trained, later: pd.DataFrame, text: str
) -> None:
    usual = later[~learned.scorer.out_of_range(later)].head(3)
    assert learned.scorer.outside(usual.assign(text=text)).tolist() == [[False, True]] * 3


def test_half_a_text_of_another_world_is_strange_too(learned: Trained, later: pd.DataFrame) -> None:
    usual = later[~learned.scorer.out_of_range(later)].head(5)
    for said in ("今日最高气温三十二度，午后有阵雨，东南风三到四级", "鸡蛋打散加少许盐，锅中放油烧至七成热"):
        half = usual.assign(text=usual["text"].str.slice(0, len(said)) + "，" + said)
        assert learned.scorer.outside(half)[:, 1].all()
