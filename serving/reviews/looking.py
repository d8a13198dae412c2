"""Looking back at a case from its harm: what was known when, what was said then, and what was late."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
import structlog

from docket import urging
from docket.times import local_day, parse_instant, rfc3339
from features.cues import tag
from models import registry
from models.assessment import CLASSIFY, RESPOND
from models.reading import asserted
from models.replay import replay
from models.scorer import Scorer
from models.targets import DEFAULT_HORIZON
from serving.cases import repository as cases
from serving.cases.assessing import after, assessed
from serving.deadlines.service import MET_BY
from serving.logs import log_failure
from serving.reviews import repository
from serving.state import State

_log = structlog.get_logger("anlan.reviews")
_REPLAYED: Final = 5
"""Assessments that are made again: the last before the harm."""
Row = Mapping[str, Any]


def known(
    conn: sa.Connection, dispute_id: str, visits: Sequence[Row], harm: int, now: int
) -> list[dict[str, Any]]:
    """What happened before the harm, in the order in which it was learned, with the cues in its words."""
    versions = repository.versions(conn, dispute_id)
    found = []
    for place, row in enumerate(versions):
        what, at = ("told", row["recorded_at"]) if place else ("opened", row["opened_at"])
        if place == 0 or row["text"] != versions[place - 1]["text"]:
            door = None if place else row["source"]
            found.append(_item(what, at, row["recorded_at"], harm, door=door, text=row["text"]))
    for event in cases.rows(conn, "events", dispute_id, now):
        at, recorded = parse_instant(event["at"]), parse_instant(event["recorded_at"])
        found.append(
            _item("event", at, recorded, harm, code=event["kind"], door=event["source"], text=event["text"])
        )
    for visit in visits:
        code = visit["finding"] if visit["contact"] else "absent"
        told = {"code": code, "door": "visit", "text": visit["text"]}
        found.append(_item("visit", visit["at"], visit["recorded_at"], harm, **told))
    for entry in cases.rows(conn, "registry", dispute_id, now):
        at, recorded = parse_instant(entry["entered_at"]), parse_instant(entry["recorded_at"])
        found.append(_item("registry", at, recorded, harm, code=entry["category"]))
    before = [one for one in found if parse_instant(one["at"]) <= harm]
    return sorted(before, key=lambda one: (parse_instant(one["recorded_at"]), parse_instant(one["at"])))


def late_cues(items: Sequence[Row]) -> list[str]:
    """Cues that are in what was learned only after the harm, and in nothing before."""
    before = {cue for one in items if one["known"] for cue in one["cues"]}
    after = [cue for one in items if not one["known"] for cue in one["cues"]]
    return [cue for cue in dict.fromkeys(after) if cue not in before]


def _item(what: str, at: int, recorded: int, harm: int, **more: Any) -> dict[str, Any]:
    text = more.get("text")
    cues = sorted({finding.cue for finding in asserted(tag(text))}) if text else []
    return {
        "what": what,
        "at": rfc3339(at),
        "recorded_at": rfc3339(recorded),
        "code": None,
        "door": None,
        "text": None,
        **more,
        "known": recorded <= harm,
        "cues": cues,
    }


def said(state: State, conn: sa.Connection, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What had been assessed before the harm; the last few are made again."""
    told = []
    for place, row in enumerate(rows):
        answer = json.loads(row["answer"])
        again = None if place < len(rows) - _REPLAYED else _replayed(state, conn, row["assessment_id"])
        told.append(
            {
                "assessment_id": row["assessment_id"],
                "as_of": rfc3339(row["as_of"]),
                "created_at": rfc3339(row["created_at"]),
                **_short(answer),
                "replay": again,
            }
        )
    return told


def changes(row: Row) -> list[str]:
    """What an assessment said would change its colour."""
    return [one["text"] for one in json.loads(row["answer"])["would_change"]]


def today(state: State, conn: sa.Connection, dispute_id: str, harm: int) -> dict[str, Any] | None:
    """What the model in use says of what was known just before the harm; None if nothing was."""
    if cases.dispute(conn, dispute_id, harm - 1) is None:
        return None
    try:
        answer, _ = assessed(conn, state, state.models.current, dispute_id, harm - 1)
    except Exception as error:  # noqa: BLE001 - whatever ails a model, the rules answer
        answer = after(error, conn, dispute_id, harm - 1)
    return {**_short(answer), "would_change": [one["text"] for one in answer["would_change"]]}


def _short(answer: Mapping[str, Any]) -> dict[str, Any]:
    risks = [
        one["risk"]
        for one in answer["risks"]
        if (one["target"], one["horizon_days"]) == ("escalation", DEFAULT_HORIZON)
    ]
    return {
        "colour": answer["colour"],
        "risk": risks[0] if risks else None,
        "model_version": answer["model_version"],
        "reasons": [one["text"] for one in answer["reasons"]],
    }


@lru_cache(maxsize=2)
def _scorer(uri: str) -> Scorer:
    return registry.load(uri, threads=1)[0]


def _replayed(state: State, conn: sa.Connection, assessment_id: str) -> str:
    current = state.models.current

    def load(uri: str) -> Scorer:
        return current.scorer if current is not None and current.version == uri else _scorer(uri)

    try:
        made = replay(conn, assessment_id, load)
    except sa.exc.SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - a version or a narrative that is gone; the rest can be read
        log_failure(_log, "not_replayed", error)
        return "unavailable"
    return "differs" if made.altered or made.numbers else "same"


def deadlines(
    conn: sa.Connection, dispute_id: str, rows: Sequence[Row], visits: Sequence[Row], harm: int, now: int
) -> list[dict[str, Any]]:
    """The deadlines that came before the harm, and when each was met."""
    first = cases.first_recorded(conn, dispute_id)
    if first > harm:
        return []
    events = cases.rows(conn, "events", dispute_id, now)
    met: dict[str, list[int]] = {
        kind: [parse_instant(one["recorded_at"]) for one in events if one["kind"] in kinds]
        for kind, kinds in MET_BY.items()
    }
    met["respond"] += [one["recorded_at"] for one in visits if one["contact"] and one["at"] >= first]
    due = [("respond", first + RESPOND, met["respond"]), ("classify", first + CLASSIFY, met["classify"])]
    for place, row in enumerate(rows):
        for one in json.loads(row["answer"])["deadlines"]:
            following = [later["created_at"] for later in rows[place + 1 :]]
            at = parse_instant(one["due_at"])
            # A review that was done in time only moved on to the next.
            if one["kind"] == "review" and not (following and following[0] <= at):
                due.append(("review", at, following))
    return [_clock(kind, at, moments, harm) for kind, at, moments in due if at <= harm]


def _clock(kind: str, at: int, met: Sequence[int], harm: int) -> dict[str, Any]:
    before = min((one for one in met if one <= harm), default=None)
    return {
        "kind": kind,
        "due_at": rfc3339(at),
        "met_at": None if before is None else rfc3339(before),
        "late": before is None or before > at,
    }


def climbed(conn: sa.Connection, dispute_id: str, harm: int) -> list[dict[str, Any]]:
    """The steps of the ladder that had been sent before the harm."""
    return [
        {
            "deadline": row["deadline"],
            "step": row["step"],
            "sent_at": rfc3339(row["sent_at"]),
            "answered_at": None
            if row["answered_at"] is None or row["answered_at"] > harm
            else rfc3339(row["answered_at"]),
        }
        for row in urging.of_case(conn, dispute_id)
        if row["sent_at"] is not None and row["sent_at"] <= harm
    ]


def planned(conn: sa.Connection, dispute_id: str, visits: Sequence[Row], harm: int) -> list[dict[str, Any]]:
    """Places on visit lists up to the harm's day, and whether that person was visited then."""
    paid = {(one["person_id"], local_day(one["at"]).isoformat()) for one in visits}
    until = local_day(harm).isoformat()
    return [
        {**row, "visited": (row["person_id"], row["date"]) in paid}
        for row in repository.planned(conn, dispute_id, until=until)
    ]
