"""A day's visit list as staff read it: who, why, what to look out for, what not to say.

The list never holds a score, and nothing that came from the other party's report: what a narrative says is
told only to whoever visits the person who brought it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from docket import caseload
from docket.store.merged import taken_in
from docket.store.moved import Moves, moves_of
from docket.times import DAY, rfc3339
from features.cues import floor, tag
from features.frame import feature_frame
from features.sources import StoreSource
from models import policy
from models.policy import COLOURS
from models.reading import points_of
from models.reasons import fact_reasons
from models.scorer import Scorer
from models.visit_notes import do_not_say, look_out_for
from models.visit_reasons import told_of, visit_reasons
from models.visits import LIST_COLUMNS, Place, candidates, plan

Progress = Callable[[str, int, int], None]

_PART = 5_000


def visit_list(
    conn: sa.Connection,
    scorer: Scorer | None,
    *,
    day: str,
    day_start: int,
    as_of: int,
    workers: Collection[str] | None = None,
    progress: Progress | None = None,
) -> tuple[list[dict[str, Any]], list[Place]]:
    """Plan a day's visits from a store.

    Parameters
    ----------
    conn
        A connection that sees one state of the store.
    scorer
        None while no model is at hand: then colours come from floors and cue rules.
    day, day_start
        The date as text, and its 00:00 in Asia/Shanghai.
    as_of
        Nothing learned later is read.
    workers
        Give the lists of these only. The plan is the same as for all: a grid's people are shared out among
        its workers.

    Returns
    -------
    list of dict
        Rows of `models.visits.LIST_COLUMNS`, `worker_id` being who goes, and besides `moved_from`, for whom
        the visit was planned, and `moved_because`, both None where the same worker goes; times RFC 3339 or
        None.
    list of Place
        The plans behind them, each whole, with what a list must not show: whom the lot passed over, whether
        places were drawn, and the propensity. `worker_id` is for whom a visit was planned.

    Raises
    ------
    KeyError
        If there is no such worker.
    """
    staff, grids = caseload.workers(conn), caseload.grids(conn)
    if workers is not None and (strangers := set(workers).difference(staff.get("worker_id", ()))):
        raise KeyError(min(strangers))
    present = staff[[not absent(row, day_start) for row in staff.to_dict("records")]] if len(staff) else staff
    visitors = caseload.visitor_of_grid(present, grids)
    moves = moves_of(conn, day, as_of)
    planned_for = None if workers is None else moves.sources(workers)
    if planned_for is not None:
        visitors = _shared_with(planned_for, visitors)
    capacity = {
        str(row["worker_id"]): int(row["daily_visits"])
        for row in present.to_dict("records")
        if any(row["worker_id"] in team for team in visitors.values())
    }
    area = sorted(visitors)
    if not area or (matters := caseload.matters(conn, as_of, area)).empty:
        return [], []
    judged = _judged(conn, scorer, matters, as_of, progress)
    people = candidates(judged, caseload.visits_paid(conn, as_of, area), as_of)
    places = plan(people, visitors, capacity, day_start + DAY, day)
    if planned_for is not None:
        places = [place for place in places if place.worker_id in planned_for]
    entries = dict(zip(judged["person_id"] + "\t" + judged["dispute_id"], judged["category"], strict=True))
    walked = _walked(places, moves, workers)
    rows = _rows(conn, scorer, walked, entries, day, as_of)
    planned = {place.person_id: place.worker_id for place in places if place.rank is not None}
    return [row | _moved(row, planned[row["person_id"]], moves) for row in rows], places


def due_of(
    conn: sa.Connection, scorer: Scorer | None, *, people: Collection[str], as_of: int
) -> pd.DataFrame:
    """When visits to people are due, by the same colours and cadence as the lists.

    Parameters
    ----------
    people
        Who; whoever is looked after for nothing at the moment is left out of the answer.

    Returns
    -------
    DataFrame
        As `models.visits.candidates`, by `person_id`.
    """
    named = sorted(people)
    nobody = pd.DataFrame(columns=["colour", "due_at", "overdue", "last_visit_at"])
    if not named:
        return nobody
    matters = caseload.matters_of(conn, as_of, named)
    if matters.empty:
        return nobody
    judged = _judged(conn, scorer, matters, as_of, None)
    return candidates(judged, caseload.visits_paid_to(conn, as_of, named), as_of).set_index("person_id")


def planned_rows(
    places: Sequence[Place], day: str, model_version: str | None, planned_at: int
) -> list[dict[str, Any]]:
    """A plan as `docket.store.planned.keep_plan` takes it."""
    return [
        {
            "date": day,
            "worker_id": place.worker_id,
            "person_id": place.person_id,
            "dispute_id": place.dispute_id,
            "rank": place.rank,
            "colour": place.colour,
            "drawn": place.drawn,
            "propensity": place.propensity,
            "model_version": model_version,
            "planned_at": planned_at,
        }
        for place in places
    ]


def _walked(places: Sequence[Place], moves: Moves, workers: Collection[str] | None) -> list[Place]:
    """The places as they are walked: by who goes, overdue red first, then overdue, then as planned."""
    listed = [
        (replace(place, worker_id=moves.goes(place.worker_id, place.person_id)), place.worker_id)
        for place in places
        if place.rank is not None
    ]
    goers = sorted({place.worker_id for place, _ in listed if workers is None or place.worker_id in workers})
    found = []
    for name in goers:
        mine = [(place, planned) for place, planned in listed if place.worker_id == name]
        if any(planned != name for _, planned in mine):  # else as planned, to the place
            mine.sort(key=lambda one: _urgency(*one))
        found += [replace(place, rank=rank) for rank, (place, _) in enumerate(mine, start=1)]
    return found


def _urgency(place: Place, planned: str) -> tuple[bool, bool, int, str]:
    red = place.overdue and place.colour == "red"
    return (not red, not place.overdue, place.rank or 0, planned)


def _moved(row: Mapping[str, Any], planned: str, moves: Moves) -> dict[str, str | None]:
    here = row["worker_id"] == planned
    return {
        "moved_from": None if here else planned,
        "moved_because": moves.why(planned, row["person_id"]),
    }


def _shared_with(workers: Collection[str], visitors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The grids of workers, of whoever shares one of them, and so on: no plan beyond changes theirs."""
    reach, before = set(workers), 0
    while len(reach) > before:
        before = len(reach)
        reach.update(name for team in visitors.values() if not reach.isdisjoint(team) for name in team)
    return {grid: team for grid, team in visitors.items() if not reach.isdisjoint(team)}


def absent(row: Mapping[Any, Any], day_start: int) -> bool:
    """Whether a worker (`docket.caseload.workers`) is away on the day that begins then, by the record."""
    begin, end = row["absent_from"], row["absent_until"]
    if begin is None or pd.isna(begin):
        return False
    return bool(begin < day_start + DAY and (end is None or pd.isna(end) or end > day_start))


def _judged(
    conn: sa.Connection, scorer: Scorer | None, matters: pd.DataFrame, as_of: int, progress: Progress | None
) -> pd.DataFrame:
    """The matters with the risk and colour of their dispute."""
    disputes = sorted(matters["dispute_id"].unique())
    source = StoreSource(conn)
    risk: dict[str, float] = {}
    colour: dict[str, str] = {}
    for first in range(0, len(disputes), _PART):
        part = disputes[first : first + _PART]
        frame = feature_frame(source, part, np.full(len(part), as_of, dtype=np.int64))
        findings = [tag(text) for text in frame["text"]]
        floors = [bool(floor(found)) for found in findings]
        if scorer is None:
            index = np.zeros(len(part))
            named = [
                policy.DEFAULT.without_model(points_of(found), floored)
                for found, floored in zip(findings, floors, strict=True)
            ]
        else:
            risks = scorer.risks(frame)
            index = scorer.policy.index(risks)
            places = np.where(floors, len(COLOURS) - 1, scorer.policy.by_score(risks))
            named = [COLOURS[place] for place in places]
        risk.update(zip(part, index.tolist(), strict=True))
        colour.update(zip(part, named, strict=True))
        if progress is not None:
            progress("scoring open matters", first + len(part), len(disputes))
    return matters.assign(risk=matters["dispute_id"].map(risk), colour=matters["dispute_id"].map(colour))


def _rows(
    conn: sa.Connection,
    scorer: Scorer | None,
    places: Sequence[Place],
    entries: Mapping[str, object],
    day: str,
    as_of: int,
) -> list[dict[str, Any]]:
    if not places:
        return []
    disputes = sorted({place.dispute_id for place in places})
    merged = taken_in(conn, disputes)
    frame = feature_frame(StoreSource(conn), disputes, np.full(len(disputes), as_of, dtype=np.int64))
    # the first line is the narrative, which the applicant brought; what follows is others' words
    findings = {name: tag(text.split("\n", 1)[0]) for name, text in zip(disputes, frame["text"], strict=True)}
    brought = [
        place.role == "applicant" and place.person_id not in merged.get(place.dispute_id, ())
        for place in places
    ]
    told = {
        (place.dispute_id, told_of(brought_it=mine, merged=place.dispute_id in merged))
        for place, mine in zip(places, brought, strict=True)
    }
    facts = _facts(scorer, disputes, frame, told)
    rows = []
    for place, mine in zip(places, brought, strict=True):
        own = findings[place.dispute_id] if mine else []
        shown = told_of(brought_it=mine, merged=place.dispute_id in merged)
        category = entries.get(f"{place.person_id}\t{place.dispute_id}")
        values = (
            day,
            place.worker_id,
            place.rank,
            place.person_id,
            place.dispute_id,
            place.colour,
            rfc3339(place.due_at),
            place.overdue,
            "；".join(visit_reasons(own, facts[place.dispute_id, shown], category)),
            None if place.last_visit_at is None else rfc3339(place.last_visit_at),
            place.last_finding,
            "；".join(look_out_for(own, place.colour, place.kind, place.last_finding)),
            "；".join(do_not_say(place.kind, place.role)),
        )
        rows.append(dict(zip(LIST_COLUMNS, values, strict=True)))
    return rows


def _facts(
    scorer: Scorer | None,
    disputes: Sequence[str],
    frame: pd.DataFrame,
    told: Collection[tuple[str, frozenset[str]]],
) -> dict[tuple[str, frozenset[str]], list[str]]:
    """What raises the risk of disputes, of the features that somebody may be told of."""
    if scorer is None:
        return {one: [] for one in told}
    wanted = {dispute for dispute, _ in told}
    here = [place for place, dispute in enumerate(disputes) if dispute in wanted]
    cases = dict(zip((disputes[place] for place in here), scorer.cases(frame.iloc[here]), strict=True))
    found = {}
    for dispute, shown in told:
        case = cases[dispute]
        reasons = fact_reasons(case.values, case.contributions, case.scores, most=3, shown=shown)
        found[dispute, shown] = [reason.text for reason in reasons]
    return found
