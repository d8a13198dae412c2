"""A model as it is kept and used: saved and read back, refused where it doesn't fit, the same for one as for many."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from features.catalogue import catalogue_hash
from models.explaining import explained
from models.fit import Trained
from models.hazard import TEXT_COLUMNS
from models.inputs import MissingColumnsError
from models.reading import CUE_NAMES
from models.scorer import FORMAT, Scorer, ScorerMismatchError
from models.targets import RISK_COLUMNS


@pytest.fixture
def saved(learned: Trained, tmp_path: Path) -> Path:
    learned.scorer.save(tmp_path / "scorer")
    return tmp_path / "scorer"


def test_a_model_read_back_says_the_same(learned: Trained, later: pd.DataFrame, saved: Path) -> None:
    scorer, again = learned.scorer, Scorer.load(saved)
    np.testing.assert_allclose(again.risks(later), scorer.risks(later), rtol=0, atol=1e-12)
    np.testing.assert_allclose(again.explain(later), scorer.explain(later), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(again.out_of_range(later), scorer.out_of_range(later))
    assert again.policy.version == scorer.policy.version
    assert again.info == scorer.info and again.columns == scorer.columns
    again.save(saved.with_name("twice"))
    assert (saved.with_name("twice") / "scorer.json").read_bytes() == (saved / "scorer.json").read_bytes()


def test_a_saved_model_holds_nobody(learned: Trained, later: pd.DataFrame, saved: Path) -> None:
    for name in ("text", "trouble"):
        grams = json.loads((saved / f"{name}.json").read_text("utf-8"))
        assert max(len(gram.split("|")[-1]) for gram in grams) <= 4
    written = (saved / "scorer.json").read_text("utf-8") + (saved / "trees.txt").read_text("utf-8")
    assert not any(text in written for text in later["text"])
    assert sorted(path.name for path in saved.iterdir()) == [
        "arrays.npz", "scorer.json", "tagger.json", "tagger.npz", "text.json", "text.npz", "trees.txt",
        "trouble.json", "trouble.npz",
    ]  # fmt: skip


def changed(saved: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The saved model with other small state."""
    file = saved / "scorer.json"
    state = json.loads(file.read_text("utf-8"))
    change(state)
    file.write_text(json.dumps(state, ensure_ascii=False), "utf-8")
    return saved


OTHER = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.update(catalogue_hash=OTHER), rf"{OTHER[:12]}, here {catalogue_hash()[:12]}"),
        (lambda state: state.update(format=FORMAT + 1), rf"format {FORMAT + 1}, .* reads {FORMAT}: train"),
        (lambda state: state["cue_names"].__setitem__(0, "cue_hex"), rf"cues: cue_hex, {CUE_NAMES[0]}$"),
        (lambda state: state["cue_names"].pop(), rf"cues: {CUE_NAMES[-1]}$"),
        (lambda state: state["cue_names"].reverse(), r"cues: order$"),
    ],
    ids=["catalogue", "format", "another cue", "a cue fewer", "another order"],
)
def test_a_model_made_for_another_installation_is_refused_with_what_differs(
    saved: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    with pytest.raises(ScorerMismatchError, match=message):
        Scorer.load(changed(saved, change))


@pytest.mark.parametrize("name", ["scorer.json", "arrays.npz", "text.json", "text.npz", "trees.txt"])
def test_a_model_with_a_file_missing_is_refused_by_its_name(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        Scorer.load(saved)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_case_alone_and_in_a_batch_gives_the_same_bits(
    learned: Trained, later: pd.DataFrame, saved: Path, threads: int
) -> None:
    for scorer in (learned.scorer, Scorer.load(saved).with_threads(threads)):
        batch, turned = scorer.risks(later), scorer.risks(later[::-1])
        np.testing.assert_array_equal(turned[::-1], batch)
        for row in range(0, len(later), 25):
            np.testing.assert_array_equal(scorer.risks(later.iloc[[row]])[0], batch[row])
            alone = scorer.explain(later.iloc[[row]]).to_numpy()
            np.testing.assert_array_equal(alone, scorer.explain(later).iloc[[row]].to_numpy())
    assert learned.scorer.risks(later.iloc[:0]).shape == (0, len(RISK_COLUMNS))


def test_more_than_the_model_reads_is_ignored_and_less_is_named(
    learned: Trained, later: pd.DataFrame
) -> None:
    scorer = learned.scorer
    expected = scorer.risks(later)
    extra = later.assign(sex="female", birth_year=1960, final_disposition="移送刑侦")
    np.testing.assert_array_equal(scorer.risks(extra[sorted(extra.columns)]), expected)
    with pytest.raises(MissingColumnsError, match="2 columns: harm_in_dispute, text"):
        scorer.risks(later.drop(columns=["harm_in_dispute", "text"]))


def test_only_a_case_unlike_those_trained_on_is_out_of_range(learned: Trained, later: pd.DataFrame) -> None:
    scorer = learned.scorer
    assert scorer.out_of_range(later.head(100)).mean() < 0.1  # those of the next two months
    usual = later[~scorer.out_of_range(later)].head(1)
    strange = [
        usual.assign(respondent_disputes_ever=10_000.0),
        usual.assign(report_delay_days=1e5),
        usual.assign(report_delay_days=-400.0),
        usual.assign(dispute_kind=float(max(scorer.ranges.codes[scorer.columns.index("dispute_kind")]) + 1)),
        usual.assign(text="Ξεσκεπάζω την ψυχοφθόρα βδελυγμία"),
    ]
    assert scorer.out_of_range(pd.concat([usual, *strange])).tolist() == [False] + [True] * len(strange)
    # what isn't known isn't strange
    assert not scorer.out_of_range(usual.assign(person_days_since_visit=np.nan))[0]


def test_what_is_explained_adds_up_to_the_risk(learned: Trained, later: pd.DataFrame) -> None:
    scorer = learned.scorer
    inputs = scorer.inputs(later)
    text = scorer.estimator.text_columns(inputs)
    told, average = explained(scorer.estimator, scorer.calibration, inputs, text)
    risk = logit(scorer.risks(later)[:, RISK_COLUMNS.index("escalation_90")])
    np.testing.assert_allclose(average + told.sum(axis=1), risk, rtol=0, atol=1e-9)
    # and what it starts from hardly depends on the case
    assert np.ptp(average) < 0.05 * np.ptp(risk)
    np.testing.assert_array_equal(scorer.explain(later).to_numpy(), told)


def test_each_intervals_hazard_is_the_sum_of_what_columns_add(learned: Trained, later: pd.DataFrame) -> None:
    hazard, inputs = learned.scorer.estimator.hazard, learned.scorer.inputs(later)
    read = inputs.table, inputs.cues, learned.scorer.estimator.text_columns(inputs)
    told, base = hazard.contributions(*read, 4)
    np.testing.assert_allclose((told.sum(axis=2) + base).T, hazard.logits(*read), rtol=0, atol=1e-9)


def test_a_threat_is_told_as_one(learned: Trained, later: pd.DataFrame) -> None:
    calm = later.iloc[[0]].assign(text="楼上漏水把天花板泡坏")
    threat = calm.assign(text="楼上漏水把天花板泡坏，扬言要砍死对方")
    shown = learned.scorer.explain(pd.concat([calm, threat], ignore_index=True))
    more = shown.iloc[1] - shown.iloc[0]
    assert more[["cue_threat_kill", "cue_threat_harm"]].min() > 0.1
    assert more.sum() == pytest.approx(
        more[["cue_threat_kill", "cue_threat_harm", *TEXT_COLUMNS]].sum(), abs=0.1
    )
