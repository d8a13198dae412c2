"""The card says what the run found, whatever it is, and is the same in Markdown and as a page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from jinja2 import UndefinedError

from models.card import html_card, render_card
from models.fit import Trained

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
