"""A challenger scores unseen what the champion has answered, and is compared once outcomes have matured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from made_up_district import CUT, intake_frame

from docket.load import load_folder
from docket.snapshot import Snapshot
from docket.store import Store, open_store
from docket.store.judging import SHADOW_SCORES
from docket.store.metadata import ASSESSMENTS, RECORDS
from docket.times import now_micros, parse_instant
from features.catalogue import COLUMNS
from models.contest import Version, contest
from models.fit import Trained
from models.scorer import Scorer
from models.shadow import contest_in_shadow, score_waiting
from models.splits import ImpossibleSplitError
from models.targets import RISK_COLUMNS

UNTIL = parse_instant("2023-08-20")
OURS, THEIRS = "models:/anlan/2", "models:/anlan/1"


@pytest.fixture(scope="module")
def challenger(learned: Trained) -> Scorer:
    scorer = learned.scorer
    milder = replace(scorer.calibration, shift=scorer.calibration.shift - 1)
    return replace(scorer, calibration=milder)


@pytest.fixture
def store(store_url: str, district_folder: Path, snapshot: Snapshot, learned: Trained) -> Iterator[Store]:
    """The district, and what the champion answered at each intake of seven weeks after its data cut."""
    opened = open_store(store_url)
    load_folder(district_folder, opened, ingested_at=now_micros())
    first, frame = intake_frame(snapshot, CUT, UNTIL)
    risks = learned.scorer.risks(frame)
    rows = []
    for place, (case, as_of) in enumerate(zip(first["dispute_id"], first["intake"], strict=True)):
        values = {
            name: value for name, value in frame[list(COLUMNS)].iloc[place].items() if np.isfinite(value)
        }
        answer = {"risks": [{"risk": risk} for risk in risks[place].tolist()]}
        rows.append(
            {
                "assessment_id": f"a-{place:04d}", "dispute_id": case, "as_of": int(as_of), "model_version": THEIRS,
                "policy_version": "p", "colour": "none", "answer": json.dumps(answer),
                "features": json.dumps(values), "created_at": now_micros(), "seen": None,
            }
        )  # fmt: skip
    early = rows[0] | {"assessment_id": "a-early", "as_of": CUT - 1}
    rules = rows[1] | {"assessment_id": "a-rules", "model_version": None}
    with opened.begin() as conn:
        conn.execute(sa.insert(ASSESSMENTS), [*rows, early, rules])
    yield opened
    opened.close()


def shadow(store: Store) -> dict[str, sa.RowMapping]:
    with store.snapshot() as conn:
        return {row["assessment_id"]: row for row in conn.execute(sa.select(SHADOW_SCORES)).mappings()}


def test_the_challenger_says_of_kept_cases_what_it_would_have_said_then(
    store: Store, snapshot: Snapshot, learned: Trained, challenger: Scorer
) -> None:
    passes = list(score_waiting(store, OURS, challenger))
    first, frame = intake_frame(snapshot, CUT, UNTIL)
    assert sum(one.scored for one in passes) == len(first) and not any(one.gone for one in passes)
    made = shadow(store)
    # neither what it has learned from, nor what rules alone answered
    assert made.keys() == {f"a-{place:04d}" for place in range(len(first))}
    said = np.array([json.loads(made[f"a-{place:04d}"]["risks"]) for place in range(len(first))])
    np.testing.assert_allclose(said, challenger.risks(frame), rtol=0, atol=1e-9)
    assert list(score_waiting(store, OURS, challenger)) == []  # a second pass finds nothing to do


def test_a_pass_that_was_stopped_is_taken_up_and_a_case_that_is_gone_holds_up_none(
    store: Store, challenger: Scorer
) -> None:
    begun = score_waiting(store, OURS, challenger)
    next(begun)
    begun.close()
    done = len(shadow(store))
    with store.begin() as conn:
        gone = conn.execute(
            sa.select(ASSESSMENTS.c.dispute_id).where(ASSESSMENTS.c.assessment_id == "a-0055")
        ).scalar()
        conn.execute(sa.delete(RECORDS["disputes"]).where(RECORDS["disputes"].c.dispute_id == gone))
    rest = list(score_waiting(store, OURS, challenger))
    with store.snapshot() as conn:
        of_model = conn.execute(
            sa.select(sa.func.count()).where(ASSESSMENTS.c.model_version == THEIRS)
        ).scalar_one()
    assert 0 < done < of_model and [one.gone for one in rest].count(1) == 1
    assert len(shadow(store)) == done + sum(one.scored for one in rest) == of_model - 2


def test_matured_shadow_scores_are_compared_as_the_versions_themselves_would_be(
    store: Store, snapshot: Snapshot, learned: Trained, challenger: Scorer
) -> None:
    ours, theirs = Version(OURS, challenger), Version(THEIRS, learned.scorer)
    with store.snapshot() as conn, pytest.raises(ImpossibleSplitError, match="in the shadow was taken in"):
        contest_in_shadow(conn, snapshot, ours, theirs)
    list(score_waiting(store, OURS, challenger))
    with store.snapshot() as conn:
        found = contest_in_shadow(conn, snapshot, ours, theirs)
    directly = contest(snapshot, ours, theirs)
    place = {case: row for row, case in enumerate(directly.cases.points["dispute_id"])}
    rows = [place[case] for case in found.cases.points["dispute_id"]]
    assert len(rows) > 50 and np.nansum(found.harmed) >= 5
    np.testing.assert_allclose(found.risks, directly.risks[rows], rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.other, directly.other[rows], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found.harmed, directly.harmed[rows])
    assert found.risks.shape[1] == len(RISK_COLUMNS)
