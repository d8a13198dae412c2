"""A colour holds when the same report is written otherwise, and more of the same never lowers it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_district import CUT, District

from bench.trust.colours import colours
from bench.trust.perturbing import PERTURBATIONS
from docket.snapshot import Snapshot
from docket.text import prepare
from docket.times import parse_instant
from features.cues import CUES, floor, tag
from models.examples import intakes
from models.fit import Trained
from models.policy import COLOURS

LEVEL = {name: place for place, name in enumerate(COLOURS)}


@pytest.fixture(scope="module")
def raw(snapshot: Snapshot, district: District) -> list[str]:
    """The narratives of `later` as they were submitted."""
    first = intakes(snapshot, parse_instant("2024-03-01"))
    ids = first.loc[first["intake"] >= CUT, "dispute_id"]
    return district.tables["disputes"].set_index("dispute_id").loc[ids, "text"].tolist()


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_the_same_report_written_otherwise_has_the_same_colour(
    learned: Trained, later: pd.DataFrame, raw: list[str], name: str
) -> None:
    before = colours(learned.scorer, later, raw, None)
    assert len(before) > 400 and (before > 0).sum() > 50
    after = colours(learned.scorer, later, raw, PERTURBATIONS[name])
    assert (after != before).mean() < 0.02


def coloured(learned: Trained, row: pd.DataFrame, text: str) -> tuple[int, float]:
    risks = learned.scorer.risks(row.assign(text=text))[0]
    colour = learned.scorer.policy.colour(risks, bool(floor(tag(text))))
    return LEVEL[colour], float(learned.scorer.policy.index(risks)[0])


EXAMPLES = [example for cue in CUES for example in cue.examples]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 200),
    st.lists(st.sampled_from(EXAMPLES), min_size=1, max_size=3),
    st.integers(1, 2),
)
def test_more_evidence_of_the_same_cue_never_lowers_a_colour(
    learned: Trained, later: pd.DataFrame, place: int, said: list[str], times: int
) -> None:
    row = later.iloc[[place]]
    once = prepare("，".join([str(row["text"].iloc[0]), *said])).text
    colour, index = coloured(learned, row, once)
    for again in range(1, times + 1):
        more, higher = coloured(learned, row, "\n".join([once, *[prepare(said[0]).text] * again]))
        assert more >= colour and higher >= index - 1e-12


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 200), st.sampled_from(EXAMPLES))
def test_a_cue_that_is_asserted_besides_never_lowers_a_colour(
    learned: Trained, later: pd.DataFrame, place: int, said: str
) -> None:
    row = later.iloc[[place]]
    text = str(row["text"].iloc[0])
    colour, index = coloured(learned, row, text)
    # in an event's text: a line of its own, so that it can't change what the narrative's words mean
    more, higher = coloured(learned, row, f"{text}\n{prepare(said).text}")
    assert more >= colour and higher >= index - 1e-12


def test_a_floor_is_red_whatever_the_score(learned: Trained, later: pd.DataFrame) -> None:
    calmest = later.iloc[[int(np.argmin(learned.scorer.policy.index(learned.scorer.risks(later))))]]
    assert coloured(learned, calmest, "扬言今天再不答复就跳楼")[0] == LEVEL["red"]
    assert coloured(learned, calmest, "没有扬言跳楼")[0] < LEVEL["red"]
