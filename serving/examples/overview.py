"""Examples of practice, the map, histories and the queue."""

from __future__ import annotations

from typing import Final

from serving.examples.cases import ASSESSMENT, CASE, DECIDED, UNIT
from serving.examples.common import CASE_ID, LATER, OPENED, PERSON, RECORDED, Example

_USED: Final[Example] = {
    "decisions": 40,
    "unchanged": 34,
    "raised": 2,
    "lowered": 4,
    "share": 0.85,
    "low": 0.702,
    "high": 0.943,
    "timed": 38,
    "seconds": 96.0,
    "quick": 1,
}
PRACTICE: Final[Example] = {
    "since": "2026-03-01T08:00:00+08:00",
    "until": "2026-03-31T08:00:00+08:00",
    "all": _USED,
    "by_colour": [{"recommended": "red", **_USED}],
}
_COUNTED: Final[Example] = {
    "number": 30,
    "area": "c1",
    "name": "甲社区",
    "within": "东街",
    "count": 14,
    "population": 6200,
    "rate": 2.26,
    "trend": "same",
    "before": 11,
    "ratio_low": 0.54,
    "ratio_high": 3.08,
}
_UNTOLD: Final = ("count", "rate", "trend", "before", "ratio_low", "ratio_high")
MAP: Final[Example] = {
    "level": "community",
    "by": "all",
    "least": 5,
    "period": "2026-Q1",
    "since": "2026-01-01T00:00:00+08:00",
    "until": "2026-04-01T00:00:00+08:00",
    "periods": ["2025-Q4", "2026-Q1"],
    "whole": None,
    "areas": [
        _COUNTED,
        {**_COUNTED, "number": 31, "area": "c2", "name": "乙社区"} | dict.fromkeys(_UNTOLD),
    ],
    "drawn": 30,
    "course": None,
}
MAP_AREAS: Final[Example] = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": 30,
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[103.8, 36.0], [103.9, 36.0], [103.9, 36.1], [103.8, 36.0]]],
            },
            "properties": {"area": "c1", "name": "甲社区"},
        }
    ],
}
HISTORY: Final[Example] = {
    "course": [
        {
            "at": OPENED,
            "what": "opened",
            "code": "police_110",
            "colour": None,
            "text": None,
            "by": None,
            "about": None,
            "detail": {},
        },
        {
            "at": LATER,
            "what": "event",
            "code": "police_call",
            "colour": None,
            "text": "双方再次争吵，民警到场劝离。",
            "by": None,
            "about": None,
            "detail": {"source": "police_110"},
        },
    ],
    "people": [
        {
            "person_id": PERSON,
            "name": None,
            "roles": ["respondent"],
            "birth_year": 1979,
            "sex": "male",
            "disputes": [],
            "entries": [],
            "visits": 0,
            "last_visit_at": None,
        }
    ],
    "pair": [],
}
QUEUE: Final[Example] = {
    "cases": [
        {
            "dispute_id": CASE_ID,
            "kind": "neighbour",
            "source": "police_110",
            "grid_id": "g0101",
            "grid_name": "一网格",
            "community_name": "甲社区",
            "opened_at": OPENED,
            "colour": "red",
            "recommended": "yellow",
            "decided": True,
            "waiting": False,
            "assessment_id": ASSESSMENT["assessment_id"],
            "due": "classify",
            "due_at": "2026-04-01T08:42:10+08:00",
            "overdue": False,
        }
    ],
    "counts": {
        "red": {"cases": 1, "overdue": 0, "undecided": 0},
        "yellow": {"cases": 0, "overdue": 0, "undecided": 0},
        "blue": {"cases": 0, "overdue": 0, "undecided": 0},
        "none": {"cases": 0, "overdue": 0, "undecided": 0},
    },
    "next": None,
}
ASSESSMENTS: Final[Example] = {"assessments": [ASSESSMENT], "next": None}
KNOWN: Final[Example] = {
    "dispute": {**CASE["dispute"], "amount_cny": None},
    "parties": [
        {**CASE["parties"][0], "dispute_id": CASE_ID, "recorded_at": RECORDED},
    ],
    "events": [],
    "assessment": ASSESSMENT,
    "deadlines": [{**ASSESSMENT["deadlines"][0], "met": True}],
    "decisions": [DECIDED],
    "lowering": None,
    "unit": UNIT,
    "withdrawn": None,
    "duplicates": [],
    "merged_into": None,
    "merged": [],
}
