"""Examples of cases, events, the registry, visits, decisions and merges."""

from __future__ import annotations

from typing import Final

from serving.examples.common import CASE_ID, LATER, OPENED, PERSON, RECORDED, Example

CASE: Final[Example] = {
    "dispute": {
        "dispute_id": CASE_ID,
        "opened_at": OPENED,
        "recorded_at": RECORDED,
        "source": "police_110",
        "kind": "neighbour",
        "grid_id": "g0101",
        "text": "双方因楼道堆物争吵，对方扬言报复。",
    },
    "persons": [{"person_id": PERSON, "birth_year": 1979, "sex": "male", "grid_id": "g0101"}],
    "parties": [{"person_id": PERSON, "role": "respondent", "relation": "neighbour"}],
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
            "at": LATER,
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
    "outcomes": [{"outcome_id": "o-5", "at": LATER, "kind": "violence", "severity": 2}]
}
ANNOTATE: Final[Example] = {
    "annotations": [{"annotation_id": "n-31", "cue": "threat_harm", "present": True, "start": 12, "end": 16}]
}
ANNOTATED: Final[Example] = {"annotations": ["n-31"]}
ENTRY: Final[Example] = {
    "entry_id": "r-17",
    "person_id": PERSON,
    "dispute_id": CASE_ID,
    "category": "neighbour_grudge",
    "entered_at": LATER,
}
LEAVE: Final[Example] = {"left_at": "2026-09-30T10:00:00+08:00", "reason": "双方已和解，半年内没有再起争执"}
DECLINE: Final[Example] = {"dispute_id": CASE_ID, "person_id": PERSON, "reason": "只是报案人，与此事无关"}
DECLINED: Final[Example] = {
    "dispute_id": CASE_ID,
    "person_id": PERSON,
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
    "person_id": PERSON,
    "dispute_id": CASE_ID,
    "category": "neighbour_grudge",
    "entered_at": LATER,
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
            "at": LATER,
        }
    ],
    "objections": [],
}
PROPOSED: Final[Example] = {
    "proposed": [
        {
            "dispute_id": CASE_ID,
            "person_id": PERSON,
            "kind": "neighbour",
            "category": "neighbour_grudge",
            "role": "respondent",
            "since": LATER,
            "grid_name": "一网格",
            "community_name": "甲社区",
            "guardian_needed": False,
        }
    ],
    "next": None,
}
SEARCH: Final[Example] = {"purpose": "visit", "person_id": PERSON}
FOUND: Final[Example] = {"entries": [_ENTERED]}
VISITS: Final[Example] = {
    "visits": [
        {
            "visit_id": "v-90",
            "person_id": PERSON,
            "worker_id": "w-12",
            "at": LATER,
            "contact": True,
            "finding": "tense",
            "text": "情绪激动，不愿多谈。",
            "weapon_seen": False,
        }
    ]
}
VISITED: Final[Example] = {"visits": ["v-90"], "cases": [CASE_ID]}
VISIT_LIST: Final[Example] = {
    "date": "2026-04-01",
    "visits": [
        {
            "date": "2026-04-01",
            "worker_id": "w-12",
            "rank": 1,
            "person_id": PERSON,
            "dispute_id": CASE_ID,
            "colour": "yellow",
            "due_at": "2026-04-03T08:42:10+08:00",
            "overdue": False,
            "reasons": "陈述中出现扬言报复",
            "last_visit_at": None,
            "last_finding": None,
            "look_out_for": "情绪是否平稳；有无报复言行",
            "do_not_say": "不提系统评估",
            "moved_from": None,
            "moved_because": None,
        }
    ],
}
MOVE: Final[Example] = {"worker_id": "w-12", "to_worker_id": "w-14", "people": [PERSON], "reason": "当日请假"}
MOVED: Final[Example] = {
    "date": "2026-04-01",
    **MOVE,
    "by": "3f9c2a7be1d04c55",
    "at": "2026-04-01T08:05:00+08:00",
}
UNIT: Final[Example] = {"unit": "东街派出所", "taken_at": "2026-03-31T08:50:00+08:00"}
ASSESSMENT: Final[Example] = {
    "dispute_id": CASE_ID,
    "assessment_id": "a-3d0f1c2b4a59687786958a4b",
    "as_of": RECORDED,
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
    "dispute_id": CASE_ID,
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
MERGE: Final[Example] = {"into": CASE_ID, "reason": "同一申请人两次报同一件事"}
UNMERGE: Final[Example] = {"reason": "核实后是两件事"}
MERGED: Final[Example] = {
    "merge_id": "5c2a90ab6f3d4e1b8a7c6d5e",
    "dispute_id": "d-2026-000124",
    "into_id": CASE_ID,
    "probability": 0.94,
    "recorded_at": "2026-03-31T09:00:00+08:00",
    "undone_at": None,
    "assessment": ASSESSMENT,
}
LISTED: Final[Example] = {
    "cases": [
        {
            "dispute_id": CASE_ID,
            "kind": "neighbour",
            "source": "police_110",
            "grid_id": "g0101",
            "opened_at": OPENED,
            "colour": "red",
            "recommended": "yellow",
            "decided": True,
            "assessment_id": ASSESSMENT["assessment_id"],
            "as_of": RECORDED,
            "unit": UNIT,
            "changed_at": "2026-03-31T08:55:00+08:00",
        }
    ],
    "next": None,
}
