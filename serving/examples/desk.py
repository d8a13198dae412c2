"""Examples of progress tokens, slips, urgings and findings."""

from __future__ import annotations

from typing import Final

from serving.examples.common import CASE_ID, Example

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
    "dispute_id": CASE_ID,
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
    "dispute_id": CASE_ID,
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
    "dispute_id": CASE_ID,
    "outcome_id": "o-2026-000031",
    **FINDINGS_IN,
    "by": "3f9c2a7be1d04c55",
    "recorded_at": "2026-04-20T10:00:00+08:00",
}
