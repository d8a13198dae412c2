"""Examples of reviews and reports."""

from __future__ import annotations

from typing import Final

from serving.examples.cases import ASSESSMENT
from serving.examples.common import CASE_ID, LATER, PERSON, RECORDED, Example
from serving.examples.desk import FINDINGS

_REASON: Final = "陈述中提到持刀威胁"
CASE_REVIEW: Final[Example] = {
    "dispute_id": CASE_ID,
    "kind": "neighbour",
    "harm": {
        "outcome_id": "o-2026-000031",
        "kind": "violence",
        "severity": 3,
        "at": "2026-04-12T21:30:00+08:00",
        "recorded_at": "2026-04-13T08:10:00+08:00",
    },
    "known": [
        {
            "what": "event",
            "at": LATER,
            "recorded_at": "2026-04-14T09:00:00+08:00",
            "code": "police_call",
            "door": "police_110",
            "text": "王某持刀堵门。",
            "known": False,
            "cues": ["weapon"],
        }
    ],
    "said": [
        {
            "assessment_id": ASSESSMENT["assessment_id"],
            "as_of": RECORDED,
            "created_at": RECORDED,
            "colour": "yellow",
            "risk": 0.11,
            "model_version": ASSESSMENT["model_version"],
            "reasons": [_REASON],
            "replay": "same",
        }
    ],
    "would_change": [],
    "deadlines": [{"kind": "respond", "due_at": "2026-03-31T09:12:10+08:00", "met_at": None, "late": True}],
    "urgings": [
        {
            "deadline": "respond",
            "step": "community",
            "sent_at": "2026-03-31T09:27:13.204000+08:00",
            "answered_at": None,
        }
    ],
    "visits": [{"date": "2026-04-05", "worker_id": "w0101", "person_id": PERSON, "visited": False}],
    "late_cues": ["weapon"],
    "today": None,
    "findings": [FINDINGS],
}
REVIEWS: Final[Example] = {
    "since": "2025-04-20T10:00:00+08:00",
    "harms": [
        {
            "dispute_id": CASE_ID,
            "kind": "neighbour",
            "grid_name": "一网格",
            "community_name": "甲社区",
            "outcome": "violence",
            "severity": 3,
            "at": "2026-04-12T21:30:00+08:00",
            "colour": "yellow",
            "hours_known": 300.5,
            "urgings": 2,
            "reviewed": True,
        }
    ],
    "reviewed": 1,
    "cues": [{"code": "weapon", "cases": 1}],
    "doors": [{"code": "police_110", "cases": 1}],
    "delays": [{"door": "police_110", "rows": 3, "hours": 18.0, "after": 1}],
    "uncoloured": 0,
}
_SHARE: Final[Example] = {"hits": 18, "n": 24, "share": 0.75, "low": 0.533, "high": 0.902}
_INDICATORS: Final[Example] = {
    "court": {"filed": 3, "population": 52000, "rate": 30.1, "low": 6.2, "high": 88.0},
    "mediation": _SHARE,
    "respond": _SHARE,
    "classify": _SHARE,
    "visits": _SHARE,
    "visits_paid": 96,
}
REPORT: Final[Example] = {
    "period": "week",
    "begin": "2026-03-23",
    "end": "2026-03-30",
    "area": None,
    "area_name": None,
    "as_of": "2026-03-30T07:00:00+08:00",
    "written": True,
    "complete": True,
    "changes": [
        {
            "what": "kind",
            "code": "neighbour",
            "count": 31,
            "usual": 17.5,
            "ratio": 1.77,
            "low": 1.16,
            "high": 2.63,
            "news": True,
        }
    ],
    "doors": [{"code": "police_110", "count": 40}],
    "hot": {
        "begin": "2026-03-02",
        "end": "2026-03-30",
        "by": "population",
        "grids": 120,
        "hottest": [
            {
                "grid_id": "g0101",
                "grid_name": "一网格",
                "community_name": "甲社区",
                "count": 19,
                "expected": 6.2,
                "ratio": 2.4,
                "low": 1.6,
                "high": 3.3,
                "sure": 0.999,
            }
        ],
    },
    "open": {
        "by_colour": [{"colour": "red", "cases": 4, "overdue": 1, "undecided": 0}],
        "overdue": {"respond": 1},
    },
    "urged": {"grid": 12, "community": 5, "street": 2, "district": 1},
    "red_slips": {
        "issued": 2,
        "closed": 1,
        "open": 1,
        "hours_to_acknowledge": 0.4,
        "slips": [
            {
                "slip_id": "s-5c2a90ab6f3d4e1b",
                "dispute_id": CASE_ID,
                "unit": "东街派出所",
                "state": "acknowledged",
                "kind": "neighbour",
                "grid_name": "一网格",
                "community_name": "甲社区",
                "issued_at": "2026-03-29T08:56:00+08:00",
                "days": 0.9,
            }
        ],
    },
    "indicators": _INDICATORS,
    "rounds": [
        {
            "area": "street:s1",
            "name": "东街",
            "cases": 40,
            "open": 62,
            "red": 2,
            "overdue": 5,
            **_INDICATORS,
        }
    ],
}
