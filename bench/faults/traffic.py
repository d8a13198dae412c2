"""What callers send: cases, events, decisions, reads; of a seed, so that a run can be made again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Kind = Literal["case", "event", "decision", "merge", "change", "read", "list"]
GRIDS, PERSONS = ("g1", "g2"), 40
_TEXTS = (
    "邻居楼上漏水，把天花板泡坏了，协商未果。",
    "夫妻分居要离婚，孩子抚养费没给，情绪激动。",
    "借款到期不还，担保人不认账，希望尽快解决。",
    "邻居扬言要打人，双方都动了手。",
    "工地拖欠工资，辞退没有补偿，约好下周再谈。",
    "妻子说又被打了，家里摔东西，孩子害怕。",
    "对方持刀上门，扬言杀他全家。",
    "家长扬言今天再不答复就跳楼。",
)
_KINDS = ("neighbour", "divorce", "debt", "neighbour", "labour", "domestic_violence", "neighbour", "school")
_EVENTS = (
    ("police_call", "扬言要砍死对方"),
    ("contacted", None),
    ("mediation_failed", "谈崩了，当场拍桌子"),
    ("police_call", None),
    ("mediation_session", "双方同意再谈"),
)


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes
    ----------
    kind, method, path
        What is asked for.
    case
        Which case it is about; empty where it is about none.
    body
        JSON types; None for a read.
    key
        Its Idempotency-Key; None for a read.
    event
        The id of the event that it reports.
    may_be
        Statuses that are right for it besides 200 and 201.
    """

    kind: Kind
    method: str
    path: str
    case: str = ""
    body: dict[str, Any] | None = field(default=None, hash=False)
    key: str | None = None
    event: str | None = None
    may_be: frozenset[int] = frozenset()


def person(number: int) -> dict[str, Any]:
    """One of the persons of the district; the same whoever names them."""
    sex = ("female", "male")[number % 2]
    grid = GRIDS[number % len(GRIDS)]
    return {"person_id": f"person-{number}", "birth_year": 1950 + number, "sex": sex, "grid_id": grid}


def _ago(hours: float) -> str:
    # well in the past, so that a clock that is set back an hour doesn't make it the future
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


def case(name: str, rng: random.Random, *, key: str | None = None, text: str | None = None) -> Asked:
    """A new case of two persons."""
    which = rng.randrange(len(_TEXTS))
    one, other = rng.sample(range(PERSONS), 2)
    dispute = {
        "dispute_id": name,
        "opened_at": _ago(6),
        "source": "walk_in",
        "kind": _KINDS[which],
        "grid_id": rng.choice(GRIDS),
        "text": _TEXTS[which] if text is None else text,
    }
    body = {
        "dispute": dispute,
        "persons": [person(one), person(other)],
        "parties": [
            {"person_id": f"person-{one}", "role": "applicant", "relation": "neighbour"},
            {"person_id": f"person-{other}", "role": "respondent", "relation": "neighbour"},
        ],
    }
    return Asked("case", "POST", "/v1/cases", name, body, key or f"key-{name}")


def event(name: str, dispute: str, rng: random.Random, **more: Any) -> Asked:
    """Something that happened in a case."""
    kind, text = rng.choice(_EVENTS)
    row = {"event_id": name, "at": _ago(3), "kind": kind, "text": text}
    path = f"/v1/cases/{dispute}/events"
    return Asked("event", "POST", path, dispute, {"events": [row]}, f"key-{name}", event=name, **more)


def decision(dispute: str, assessment: str, colour: str, key: str) -> Asked:
    """Somebody confirms a colour; too late if the case was assessed anew meanwhile, or merged."""
    body = {"assessment_id": assessment, "colour": colour}
    path = f"/v1/cases/{dispute}/decision"
    return Asked("decision", "PUT", path, dispute, body, key, may_be=frozenset({409}))


def merge(dispute: str, into: str, key: str) -> Asked:
    """Somebody says that two cases are one."""
    body = {"into": into, "reason": "同一件事"}
    path = f"/v1/cases/{dispute}/merge"
    return Asked("merge", "POST", path, dispute, body, key, may_be=frozenset({409}))


def change(dispute: str, key: str, text: str) -> Asked:
    """A later narrative; refused if the case was merged meanwhile."""
    body = {"dispute": {"text": text}}
    return Asked("change", "PATCH", f"/v1/cases/{dispute}", dispute, body, key, may_be=frozenset({409}))


def read(dispute: str) -> Asked:
    """A case as it stands."""
    return Asked("read", "GET", f"/v1/cases/{dispute}", dispute)


def listing() -> Asked:
    """What is on the board."""
    return Asked("list", "GET", "/v1/cases?limit=20")
