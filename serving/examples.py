"""Examples of the OpenAPI: one story, told in order. A test sends it to the service as it stands here."""

from __future__ import annotations

from typing import Any, Final

Example = dict[str, Any]
_CASE_ID: Final = "d-2026-000123"
_PERSON: Final = "p-9f2c"
_OPENED: Final = "2026-03-31T08:30:00+08:00"
_LATER: Final = "2026-03-31T19:05:00+08:00"
_RECORDED: Final = "2026-03-31T08:42:10+08:00"

CASE: Final[Example] = {
    "dispute": {
        "dispute_id": _CASE_ID,
        "opened_at": _OPENED,
        "recorded_at": _RECORDED,
        "source": "police_110",
        "kind": "neighbour",
        "grid_id": "g0101",
        "text": "双方因楼道堆物争吵，对方扬言报复。",
    },
    "persons": [{"person_id": _PERSON, "birth_year": 1979, "sex": "male", "grid_id": "g0101"}],
    "parties": [{"person_id": _PERSON, "role": "respondent", "relation": "neighbour"}],
}
SECOND: Final[Example] = {
    **CASE,
    "dispute": {**CASE["dispute"], "dispute_id": "d-2026-000124", "source": "app_report"},
}
BATCH: Final[Example] = {"cases": [SECOND]}
HAPPENED: Final[Example] = {
    "events": [
        {
            "event_id": "e-771",
            "at": _LATER,
            "kind": "police_call",
            "text": "双方再次争吵，民警到场劝离。",
            "source": "police_110",
        }
    ],
    "visits": [],
}
CHANGE: Final[Example] = {
    "dispute": {"text": "双方因楼道堆物多次争吵，对方扬言报复，已报警。", "amount_cny": 2000}
}
OUTCOMES: Final[Example] = {
    "outcomes": [{"outcome_id": "o-5", "at": _LATER, "kind": "violence", "severity": 2}]
}
ANNOTATE: Final[Example] = {
    "annotations": [{"annotation_id": "n-31", "cue": "threat_harm", "present": True, "start": 12, "end": 16}]
}
ANNOTATED: Final[Example] = {"annotations": ["n-31"]}
ENTRY: Final[Example] = {
    "entry_id": "r-17",
    "person_id": _PERSON,
    "dispute_id": _CASE_ID,
    "category": "neighbour_grudge",
    "entered_at": _LATER,
}
LEAVE: Final[Example] = {"left_at": "2026-09-30T10:00:00+08:00", "reason": "双方已和解，半年内没有再起争执"}
DECLINE: Final[Example] = {"dispute_id": _CASE_ID, "person_id": _PERSON, "reason": "只是报案人，与此事无关"}
DECLINED: Final[Example] = {
    "dispute_id": _CASE_ID,
    "person_id": _PERSON,
    "declined_at": "2026-04-01T09:00:00+08:00",
}
CORRECT: Final[Example] = {"category": "domestic_violence", "reason": "核实为家庭成员之间的暴力"}
OBJECT: Final[Example] = {"said": "与邻居已经和好，不应列入", "raised_at": "2026-04-20T10:00:00+08:00"}
REVIEW: Final[Example] = {"finding": "removed", "answer": "经核实双方确已和解，已将您移出"}
ANSWER: Final[Example] = {"how": "in_person"}
OBJECTION: Final[Example] = {
    "objection_id": "ob-5c2a90ab6f3d4e1b",
    "entry_id": "r-17",
    "state": "reviewed",
    "said": OBJECT["said"],
    "raised_at": OBJECT["raised_at"],
    "by": "3f9c2a7be1d04c55",
    "finding": "removed",
    "answer": REVIEW["answer"],
    "reviewed_by": "9b1e77c0a2d34f18",
    "reviewed_at": "2026-04-22T09:00:00+08:00",
    "answered_by": None,
    "answered_at": None,
    "answered_how": None,
    "assessment": None,
}
_ENTERED: Final[Example] = {
    "entry_id": "r-17",
    "person_id": _PERSON,
    "dispute_id": _CASE_ID,
    "category": "neighbour_grudge",
    "entered_at": _LATER,
    "left_at": None,
    "grid_id": "g0101",
    "grid_name": "一网格",
    "community_name": "甲社区",
    "colour": "yellow",
    "cadence_days": 7,
    "due_at": "2026-04-07T08:42:10+08:00",
    "overdue": False,
    "last_visit_at": None,
    "contested": False,
    "removed": False,
}
ENTRIES: Final[Example] = {"entries": [_ENTERED], "next": None}
ENTRY_KNOWN: Final[Example] = {
    **_ENTERED,
    "history": [
        {
            "what": "entered",
            "category": "neighbour_grudge",
            "guardian_informed": None,
            "reason": "调解达成协议，积怨仍在",
            "by": "3f9c2a7be1d04c55",
            "at": _LATER,
        }
    ],
    "objections": [],
}
PROPOSED: Final[Example] = {
    "proposed": [
        {
            "dispute_id": _CASE_ID,
            "person_id": _PERSON,
            "kind": "neighbour",
            "category": "neighbour_grudge",
            "role": "respondent",
            "since": _LATER,
            "grid_name": "一网格",
            "community_name": "甲社区",
            "guardian_needed": False,
        }
    ],
    "next": None,
}
SEARCH: Final[Example] = {"purpose": "visit", "person_id": _PERSON}
FOUND: Final[Example] = {"entries": [_ENTERED]}
VISITS: Final[Example] = {
    "visits": [
        {
            "visit_id": "v-90",
            "person_id": _PERSON,
            "worker_id": "w-12",
            "at": _LATER,
            "contact": True,
            "finding": "tense",
            "text": "情绪激动，不愿多谈。",
            "weapon_seen": False,
        }
    ]
}
VISITED: Final[Example] = {"visits": ["v-90"], "cases": [_CASE_ID]}
VISIT_LIST: Final[Example] = {
    "date": "2026-04-01",
    "visits": [
        {
            "date": "2026-04-01",
            "worker_id": "w-12",
            "rank": 1,
            "person_id": _PERSON,
            "dispute_id": _CASE_ID,
            "colour": "yellow",
            "due_at": "2026-04-03T08:42:10+08:00",
            "overdue": False,
            "reasons": "陈述中出现扬言报复",
            "last_visit_at": None,
            "last_finding": None,
            "look_out_for": "情绪是否平稳；有无报复言行",
            "do_not_say": "不提系统评估",
        }
    ],
}
UNIT: Final[Example] = {"unit": "东街派出所", "taken_at": "2026-03-31T08:50:00+08:00"}
ASSESSMENT: Final[Example] = {
    "dispute_id": _CASE_ID,
    "assessment_id": "a-3d0f1c2b4a59687786958a4b",
    "as_of": _RECORDED,
    "model_version": "models:/anlan/3",
    "policy_version": "colours-1f2e3d4c5b6a",
    "degraded": False,
    "colour": "yellow",
    "floor": None,
    "risks": [
        {"target": "violence", "horizon_days": 90, "risk": 0.021, "low": 0.012, "high": 0.034},
        {"target": "escalation", "horizon_days": 90, "risk": 0.043, "low": 0.026, "high": 0.068},
    ],
    "reasons": [
        {
            "kind": "cue",
            "text": "陈述中出现扬言报复：“对方扬言报复”",
            "cue": "threat_harm",
            "start": 12,
            "end": 16,
        }
    ],
    "suggested": [],
    "would_change": [
        {"text": "若双方达成协议，90天内升级风险约由4.3%降至2.5%", "risk": 0.025, "colour": "blue"}
    ],
    "deadlines": [
        {"kind": "respond", "due_at": "2026-03-31T09:12:10+08:00"},
        {"kind": "classify", "due_at": "2026-04-01T08:42:10+08:00"},
        {"kind": "review", "due_at": "2026-04-03T08:42:10+08:00"},
    ],
    "out_of_range": False,
    "outside": [],
    "added": None,
    "duplicates": [],
}
"""Two of the twelve risks are shown."""
BATCH_ANSWER: Final[Example] = {
    "results": [
        {"status": 201, "assessment": {**ASSESSMENT, "dispute_id": "d-2026-000124"}},
        {
            "status": 422,
            "problem": {
                "type": "urn:anlan:problem:invalid",
                "title": "The request breaks the record contract",
                "status": 422,
                "detail": "1 field is at fault.",
                "request_id": "0f6ac5d2c1e94b1e",
                "errors": [{"field": "cases[1].dispute.kind", "reason": "unknown enumeration value"}],
            },
        },
    ]
}
DECIDE: Final[Example] = {
    "assessment_id": ASSESSMENT["assessment_id"],
    "colour": "red",
    "reason": "当事人有家暴告诫记录，已三次报警",
}
DECIDED: Final[Example] = {
    "dispute_id": _CASE_ID,
    **DECIDE,
    "recommended": "yellow",
    "by": "3f9c2a7be1d04c55",
    "decided_at": "2026-03-31T08:55:00+08:00",
    "state": "standing",
    "approved_by": None,
}
APPROVE: Final[Example] = {"assessment_id": ASSESSMENT["assessment_id"], "approve": True}
WITHDRAW: Final[Example] = {"reason": "误报：报警人打错电话"}
WITHDRAWN: Final[Example] = {
    "dispute_id": "d-2026-000124",
    "withdrawn_at": "2026-03-31T09:10:00+08:00",
    **WITHDRAW,
}
MERGE: Final[Example] = {"into": _CASE_ID, "reason": "同一申请人两次报同一件事"}
UNMERGE: Final[Example] = {"reason": "核实后是两件事"}
MERGED: Final[Example] = {
    "merge_id": "5c2a90ab6f3d4e1b8a7c6d5e",
    "dispute_id": "d-2026-000124",
    "into_id": _CASE_ID,
    "probability": 0.94,
    "recorded_at": "2026-03-31T09:00:00+08:00",
    "undone_at": None,
    "assessment": ASSESSMENT,
}
LISTED: Final[Example] = {
    "cases": [
        {
            "dispute_id": _CASE_ID,
            "kind": "neighbour",
            "source": "police_110",
            "grid_id": "g0101",
            "opened_at": _OPENED,
            "colour": "red",
            "recommended": "yellow",
            "decided": True,
            "assessment_id": ASSESSMENT["assessment_id"],
            "as_of": _RECORDED,
            "unit": UNIT,
            "changed_at": "2026-03-31T08:55:00+08:00",
        }
    ],
    "next": None,
}
TOKEN_IN: Final[Example] = {"days": 90}
TOKEN: Final[Example] = {
    "token_id": "pt-5c2a90ab6f3d4e1b",
    "token": "7KQ2M-9XWPA-HJ4RT-C6ZVN-38BDE",
    "path": "/progress/7KQ2M-9XWPA-HJ4RT-C6ZVN-38BDE",
    "expires_at": "2026-06-29T09:00:00+08:00",
}
TOKENS: Final[Example] = {
    "tokens": [
        {
            "token_id": TOKEN["token_id"],
            "by": "3f9c2a7be1d04c55",
            "created_at": "2026-03-31T09:00:00+08:00",
            "expires_at": TOKEN["expires_at"],
            "revoked_at": None,
            "rating": {"stars": 4, "comment": "回复及时", "rated_at": "2026-04-10T20:15:00+08:00"},
        }
    ]
}
ISSUE: Final[Example] = {"unit": "东街派出所", "note": "两日内上门核实，并联系双方家属"}
STEP: Final[Example] = {"state": "acknowledged", "note": "已指派民警"}
SLIP: Final[Example] = {
    "slip_id": "s-5c2a90ab6f3d4e1b",
    "dispute_id": _CASE_ID,
    "colour": "red",
    "unit": "东街派出所",
    "state": "acknowledged",
    "steps": [
        {
            "state": "issued",
            "at": "2026-03-31T08:56:00+08:00",
            "by": "3f9c2a7be1d04c55",
            "note": ISSUE["note"],
        },
        {
            "state": "acknowledged",
            "at": "2026-03-31T09:03:00+08:00",
            "by": "9b1e77c0a2d34f18",
            "note": STEP["note"],
        },
    ],
}
SLIPS: Final[Example] = {
    "slips": [
        {
            **{name: SLIP[name] for name in ("slip_id", "dispute_id", "colour", "unit", "state")},
            "kind": "neighbour",
            "grid_name": "一网格",
            "community_name": "甲社区",
            "changed_at": "2026-03-31T09:03:00+08:00",
        }
    ],
    "next": None,
}
URGING_ANSWER: Final[Example] = {"note": "已联系当事人，今晚由社区民警一同上门"}
URGING: Final[Example] = {
    "urging_no": 412,
    "dispute_id": _CASE_ID,
    "kind": "neighbour",
    "grid_name": "一网格",
    "community_name": "甲社区",
    "colour": "red",
    "deadline": "respond",
    "deadline_at": "2026-03-31T09:12:10+08:00",
    "step": "community",
    "level": "community",
    "sent_at": "2026-03-31T09:27:13.204000+08:00",
    "reached": "street",
    "ended_at": None,
    "answer": None,
    "answered_at": None,
    "answered_by": None,
}
URGINGS: Final[Example] = {
    "level": "community",
    "urgings": [URGING],
    "open": {"grid": 2, "community": 1, "street": 1, "district": 0},
    "next": None,
}
FINDINGS_IN: Final[Example] = {
    "cues": ["weapon"],
    "doors": ["police_110"],
    "cause": "两次报警均次日才转入，期间无人联系",
    "todo": "派出所警情当日推送；社区收到后半小时内联系",
}
FINDINGS: Final[Example] = {
    "dispute_id": _CASE_ID,
    "outcome_id": "o-2026-000031",
    **FINDINGS_IN,
    "by": "3f9c2a7be1d04c55",
    "recorded_at": "2026-04-20T10:00:00+08:00",
}
_REASON: Final = "陈述中提到持刀威胁"
CASE_REVIEW: Final[Example] = {
    "dispute_id": _CASE_ID,
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
            "at": _LATER,
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
            "as_of": _RECORDED,
            "created_at": _RECORDED,
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
    "visits": [{"date": "2026-04-05", "worker_id": "w0101", "person_id": _PERSON, "visited": False}],
    "late_cues": ["weapon"],
    "today": None,
    "findings": [FINDINGS],
}
REVIEWS: Final[Example] = {
    "since": "2025-04-20T10:00:00+08:00",
    "harms": [
        {
            "dispute_id": _CASE_ID,
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
                "dispute_id": _CASE_ID,
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
            "at": _OPENED,
            "what": "opened",
            "code": "police_110",
            "colour": None,
            "text": None,
            "by": None,
            "about": None,
            "detail": {},
        },
        {
            "at": _LATER,
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
            "person_id": _PERSON,
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
            "dispute_id": _CASE_ID,
            "kind": "neighbour",
            "source": "police_110",
            "grid_id": "g0101",
            "grid_name": "一网格",
            "community_name": "甲社区",
            "opened_at": _OPENED,
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
        {**CASE["parties"][0], "dispute_id": _CASE_ID, "recorded_at": _RECORDED},
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
