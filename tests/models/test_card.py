"""The card says what the run found, whatever it is, and is the same in Markdown and as a page."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from jinja2 import UndefinedError
from made_up_district import CUT

from docket.snapshot import Snapshot
from docket.times import DAY
from features.cues import CUES
from features.frame import feature_frame
from features.sources import DuckSource
from models.card import html_card, render_card
from models.examples import intakes
from models.fit import Trained
from models.reading import floored

SECTIONS = (
    "What it is for",
    "What it must not be used for",
    "Data",
    "Model",
    "How well it does",
    "Intervals, and cases unlike those of training",
    "Colours",
    "Groups",
    "Limits",
    "Feedback",
)


@pytest.fixture(scope="module")
def card(learned: Trained) -> str:
    return render_card(learned)


def test_no_section_is_left_out(card: str) -> None:
    assert tuple(re.findall(r"^## (.+)$", card, re.M)) == SECTIONS
    assert "not audited" not in card and "not estimated" not in card
    assert "`ngrams`, the default" in card


def test_colours_are_told_with_workload_precision_misses_and_intervals(learned: Trained, card: str) -> None:
    policy = learned.report["policy"]
    row = re.search(
        r"^\| red by floor \| (\d+) \|.*\| ([\d.]+) \[([\d.]+), ([\d.]+)\] \| (\d+) of (\d+),", card, re.M
    )
    assert row is not None
    assert (int(row[1]), int(row[5]), int(row[6])) == tuple(
        policy["floor"][name] for name in ("cases", "harmed", "labelled")
    )
    assert float(row[3]) <= float(row[2]) <= float(row[4])
    assert (
        f"Missed, harmed without a colour: {policy['missed']['cases']} of {policy['missed']['harmed']}"
        in card
    )


def test_groups_are_told_with_counts_and_intervals(learned: Trained, card: str) -> None:
    rows = learned.report["audit"]["rows"]
    assert {row["attribute"] for row in rows} >= {"respondent_sex", "street", "source", "kind"}
    for row in rows:
        head = f"| {row['attribute']} | {row['group']} | {row['n']} | {row['harmed']} |"
        (line,) = (line for line in card.splitlines() if line.startswith(head))
        assert line.count("[") >= 1 and "None" not in line
    assert "No breach was found." in card and "30 % less" in card


def test_a_breach_is_told(learned: Trained) -> None:
    told = "street s2: observed harm over expected 2.10 [1.40, 3.00]"
    report = {**learned.report, "audit": {**learned.report["audit"], "breaches": [{"text": told}]}}
    card = render_card(replace(learned, report=report))
    assert f"**Breach:** {told}" in card and "No breach was found." not in card


def test_the_parts_are_told_as_they_are(learned: Trained, card: str) -> None:
    parts = learned.report["parts"]
    hazard, tagger = learned.trial.estimator.hazard, learned.trial.estimator.tagger
    assert [row["column"] for row in parts["texts"]] == list(hazard.text_names)
    for row, coefficient in zip(parts["texts"], hazard.coefficients[-len(parts["texts"]) :], strict=True):
        assert f"| `{row['column']}` | {100 * row['scored']:.0f} % | {coefficient:.3f} |" in card
    # the earliest rows have no earlier time to learn from; the tagger needs none
    assert 0.5 < parts["texts"][0]["scored"] < 0.8 and parts["texts"][-1]["scored"] == 1
    assert parts["lead"]["rows"] > parts["lead"]["troubled"] > 100
    assert f"{parts['lead']['troubled']} of\n{parts['lead']['rows']} training rows had some" in card
    assert f"learned {len(tagger.cues)} of {len(CUES)} cues" in card and "0 labels of staff" in card


def test_without_trouble_on_record_no_lead_is_told_of(learned: Trained) -> None:
    report = {**learned.report, "parts": {**learned.report["parts"], "lead": None}}
    card = render_card(replace(learned, report=report))
    assert "too little trouble on record" in card and "Harms decide how far" not in card


def test_the_learning_curve_ends_at_the_model_itself(learned: Trained, card: str) -> None:
    curve = learned.report["learning_curve"]
    # of the latest eighth too few harms are known yet
    assert [row["share"] for row in curve] == [0.25, 0.5, 1.0]
    for name in ("query_points", "harmed_disputes"):
        counts = [row[name] for row in curve]
        assert counts == sorted(set(counts))
    assert [row["since"] for row in curve] == sorted((row["since"] for row in curve), reverse=True)
    for name in ("average_precision", "roc_auc"):
        (figure,) = (
            row
            for row in learned.report["figures"]
            if (row["target"], row["horizon_days"], row["metric"]) == ("escalation", 90, name)
        )
        assert curve[-1][name] == pytest.approx(figure["value"], abs=1e-12)
        assert 0 < curve[0][name] != curve[1][name] < 1
    assert f"| {curve[0]['since'][:10]} | {curve[0]['query_points']} |" in card


def test_lead_times_are_those_of_a_service_that_colours_each_record(
    snapshot: Snapshot, learned: Trained, card: str
) -> None:
    trial, held = learned.trial, learned.validated
    known = snapshot.until(CUT)
    harms = known.tables["outcomes"].to_pandas()
    rows = {name: known.tables[name].to_pandas() for name in ("events", "visits", "parties")}
    asked: list[tuple[str, int, int]] = []
    for dispute, intake in intakes(known, CUT).itertuples(index=False):
        mine = harms[(harms["dispute_id"] == dispute) & (harms["at"] > intake)]["at"]
        if not held.begin <= intake < held.end or mine.empty or mine.min() > intake + 90 * DAY:
            continue
        own = rows["events"][rows["events"]["dispute_id"] == dispute]["recorded_at"]
        people = rows["parties"][rows["parties"]["dispute_id"] == dispute]["person_id"]
        met = rows["visits"][rows["visits"]["person_id"].isin(people)]["recorded_at"]
        moments = {intake, *(at for at in (*own, *met) if intake < at < mine.min())}
        asked += [(dispute, mine.min(), at) for at in moments]
    told = pd.DataFrame(asked, columns=["dispute", "harm", "at"])
    frame = feature_frame(DuckSource(known), told["dispute"].tolist(), told["at"].to_numpy(np.int64))
    high = (trial.policy.by_score(trial.risks(frame)) >= 2) | floored(frame["text"].tolist())
    first = told.assign(at=told["at"].where(high)).groupby("dispute")[["harm", "at"]].min()
    days = ((first["harm"] - first["at"]) / DAY).tolist()
    row = learned.report["lead_times"][-1]
    led = [value for value in days if np.isfinite(value)]
    assert row["target"] == "escalation" and row["harmed"] == len(days) > 15 and len(led) > 5
    assert row["never"] == len(days) - len(led)
    assert row["7–30"] == sum(7 < value <= 30 for value in led)
    assert row["median_days"] == pytest.approx(np.median(led))
    assert f"| escalation | {len(days)} |" in card


def test_the_page_holds_what_the_card_holds(card: str) -> None:
    page = html_card(card)
    assert page.startswith("<!doctype html>") and page.count("<h2>") == len(SECTIONS)
    assert page.count("<table>") == len(re.findall(r"^\|[-|]+\|$", card, re.M))
    text = re.sub(r"<[^>]+>", " ", page)
    for number in set(re.findall(r"\d+\.\d{3,4}", card)):
        assert number in text
    assert "|---" not in text and "http" not in page


def test_what_the_run_does_not_hold_is_an_error_and_no_blank(learned: Trained) -> None:
    report = {name: value for name, value in learned.report.items() if name != "uncertainty"}
    with pytest.raises(UndefinedError):
        render_card(replace(learned, report=report))
