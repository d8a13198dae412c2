"""The challenger in the shadow: it scores what the champion has answered, from the same kept inputs, unseen.

Nobody is shown what it says, and the service never loads it: a challenger that fails or is slow holds up
nothing. What it said is kept with when it said it, and compared once outcomes have matured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from docket.store.inserting import inserting
from docket.store.judging import SHADOW_SCORES
from docket.store.metadata import ASSESSMENTS
from docket.times import DAY, now_micros, rfc3339
from models.bootstrap import clusters_of
from models.contest import Contest, Version
from models.evaluation import known_until
from models.policy import COLOURS
from models.reading import checklist_points, floored
from models.replay import NoSuchAssessmentError, kept_row
from models.scorer import Scorer
from models.splits import ImpossibleSplitError
from models.targets import DEFAULT_HORIZON, labels, reporting_delay
from models.trials import Cases

if TYPE_CHECKING:
    from docket.snapshot import Snapshot
    from docket.store import Store

BATCH: Final = 50
Place = tuple[int, str]
_START: Final[Place] = (0, "")


@dataclass(frozen=True)
class Passed:
    """What came of a pass.

    Attributes
    ----------
    scored
        Assessments that the challenger has scored.
    gone
        Those whose dispute isn't in the store any more as it was.
    """

    scored: int
    gone: int


def waiting(
    conn: sa.Connection, version: str, cut: int, after: Place, limit: int = BATCH
) -> list[sa.RowMapping]:
    """Assessments by a model since the challenger's data cut that it hasn't scored, the oldest first.

    Parameters
    ----------
    version
        The challenger's URI.
    cut
        Its data cut: what came before, it has learned from.
    after
        `created_at, assessment_id` of the last one looked at.
    """
    a, s = ASSESSMENTS.c, SHADOW_SCORES.c
    done = sa.exists().where(s.assessment_id == a.assessment_id, s.model_version == version)
    query = (
        sa.select(ASSESSMENTS)
        .where(a.as_of >= cut, a.model_version.is_not(None), a.model_version != version, ~done)
        .where(sa.tuple_(a.created_at, a.assessment_id) > sa.tuple_(*map(sa.literal, after)))
        .order_by(a.created_at, a.assessment_id)
        .limit(limit)
    )
    return list(conn.execute(query).mappings())


def score_waiting(store: Store, uri: str, scorer: Scorer) -> Iterator[Passed]:
    """Score whatever waits, a batch a transaction, told after each; a later pass goes on where one ended."""
    after = _START
    while True:
        with store.snapshot() as conn:
            rows = waiting(conn, uri, int(scorer.info["cut"]), after)
            kept, frames = [], []
            for row in rows:
                try:
                    frames.append(kept_row(conn, row))
                except NoSuchAssessmentError:
                    continue
                kept.append(row)
        if not rows:
            return
        after = (int(rows[-1]["created_at"]), str(rows[-1]["assessment_id"]))
        if kept:
            said = _said(scorer, pd.concat(frames, ignore_index=True))
            made = [
                {
                    "assessment_id": row["assessment_id"],
                    "model_version": uri,
                    **one,
                    "created_at": now_micros(),
                }
                for row, one in zip(kept, said, strict=True)
            ]
            with store.begin() as conn:
                # another pass may have been at it: the same inputs give the same numbers
                conn.execute(inserting(conn, SHADOW_SCORES).on_conflict_do_nothing(), made)
        yield Passed(len(kept), len(rows) - len(kept))


def _said(scorer: Scorer, frame: pd.DataFrame) -> list[dict[str, Any]]:
    risks = scorer.risks(frame)
    red = COLOURS.index("red")
    ranks = np.where(floored(frame["text"].tolist()), red, scorer.policy.by_score(risks))
    return [
        {"risks": json.dumps(row), "colour": COLOURS[rank]}
        for row, rank in zip(risks.tolist(), ranks.tolist(), strict=True)
    ]


def contest_in_shadow(conn: sa.Connection, snapshot: Snapshot, ours: Version, theirs: Version) -> Contest:
    """What the challenger said in the shadow beside what the champion answered, where outcomes have matured.

    Parameters
    ----------
    conn, snapshot
        Of the same store.
    ours, theirs
        The challenger and the version that answered.

    Raises
    ------
    models.splits.ImpossibleSplitError
        If nothing of that has matured yet, or nobody has come to harm.
    """
    end = known_until(snapshot)
    delay = reporting_delay(snapshot, end)
    last = end - DEFAULT_HORIZON * DAY - delay
    rows = _first_answers(conn, ours.uri, theirs.uri, last)
    kept, frames = [], []
    for row in rows:
        try:
            frames.append(kept_row(conn, row))
        except NoSuchAssessmentError:
            continue
        kept.append(row)
    if not kept:
        raise ImpossibleSplitError(
            f"no case that {theirs.uri} answered and {ours.uri} has scored in the shadow was taken in until "
            f"{rfc3339(last)}, the last whose 90 days have passed and been heard of"
        )
    ids = [str(row["dispute_id"]) for row in kept]
    as_of = np.array([row["as_of"] for row in kept], np.int64)
    frame = pd.concat(frames, ignore_index=True)
    texts = frame["text"].tolist()
    cases = Cases(
        points=pd.DataFrame({"dispute_id": ids, "as_of": as_of, "point": "intake"}),
        labels=labels(snapshot, ids, as_of, end, delay),
        clusters=clusters_of(snapshot, ids),
        intervened=np.zeros(len(ids), dtype=bool),
    )
    found = Contest(
        cases=cases,
        frame=frame,
        ours=ours.scorer,
        theirs=theirs.scorer,
        risks=np.array([json.loads(row["shadow_risks"]) for row in kept]),
        other=np.array([_answered(row) for row in kept]),
        points=checklist_points(texts),
        floored=floored(texts),
        begin=int(as_of.min()),
        end=last,
        known_until=end,
    )
    if not np.nansum(found.harmed) > 0:
        raise ImpossibleSplitError(
            f"of {len(ids)} cases scored in the shadow none is known to have come to harm yet: there is "
            "nothing to tell the versions apart by"
        )
    return found


def _answered(row: sa.RowMapping) -> list[float]:
    return [float(risk["risk"]) for risk in json.loads(row["answer"])["risks"]]


def _first_answers(conn: sa.Connection, ours: str, theirs: str, last: int) -> Sequence[sa.RowMapping]:
    """Each dispute's first assessment by `theirs`, with what `ours` said of it in the shadow."""
    a, s = ASSESSMENTS.c, SHADOW_SCORES.c
    number = sa.func.row_number().over(partition_by=a.dispute_id, order_by=(a.as_of, a.created_at))
    answers = sa.select(ASSESSMENTS, number.label("number")).where(a.as_of < last).subquery()
    query = (
        sa.select(answers, s.risks.label("shadow_risks"))
        .join(SHADOW_SCORES, s.assessment_id == answers.c.assessment_id)
        .where(answers.c.number == 1, answers.c.model_version == theirs, s.model_version == ours)
        .order_by(answers.c.dispute_id)
    )
    return list(conn.execute(query).mappings())
