"""Who may call which route, how far it reaches, and what it leaves in the log: the one place that says so.

`serving.access` enforces it, `python -m serving.permissions` prints docs/access.md from it, and a route that
isn't here can't be declared.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from docket.audit import Action
from docket.keys import SCOPES, Scope

Reach = Literal["case", "sent", "listed", "none"]
REACHES: Final[Mapping[Reach, str]] = {
    "case": "the case of the path lies in the key's area, else 404",
    "sent": "what is sent lies in the key's area, else 403",
    "listed": "only what lies in the key's area is shown; a worker's key sees its own list",
    "none": "concerns no case",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of a caller.

    Attributes
    ----------
    scopes
        One of them is needed.
    reach
        How the key's area binds; see `REACHES`.
    logged
        What a call that succeeds leaves in the log; None: nothing.
    """

    scopes: tuple[Scope, ...]
    reach: Reach
    logged: Action | None


API: Final[Mapping[str, Rule]] = {
    "POST /v1/cases": Rule(("dispatch", "centre"), "sent", "score"),
    "POST /v1/cases:batch": Rule(("dispatch", "centre"), "sent", "score"),
    "GET /v1/cases": Rule(("dispatch", "centre"), "listed", "view"),
    "GET /v1/cases/{dispute_id}": Rule(("dispatch", "centre"), "case", "view"),
    "POST /v1/cases/{dispute_id}/events": Rule(("dispatch", "centre"), "case", "score"),
    "GET /v1/cases/{dispute_id}/assessments": Rule(("dispatch", "centre"), "case", "view"),
    "PATCH /v1/cases/{dispute_id}": Rule(("dispatch", "centre"), "case", "score"),
    "POST /v1/cases/{dispute_id}/outcomes": Rule(("centre",), "case", "score"),
    "POST /v1/cases/{dispute_id}/annotations": Rule(("centre",), "case", "annotate"),
    "PUT /v1/cases/{dispute_id}/decision": Rule(("centre",), "case", "decide"),
    "PUT /v1/cases/{dispute_id}/decision/approval": Rule(("centre",), "case", "decide"),
    "PUT /v1/cases/{dispute_id}/unit": Rule(("dispatch", "centre"), "case", "assign"),
    "POST /v1/cases/{dispute_id}/withdraw": Rule(("dispatch", "centre"), "case", "withdraw"),
    "POST /v1/cases/{dispute_id}/merge": Rule(("centre",), "case", "merge"),
    "POST /v1/cases/{dispute_id}/unmerge": Rule(("centre",), "case", "unmerge"),
    "GET /v1/visits": Rule(("worker", "centre"), "listed", "view"),
    "POST /v1/visits": Rule(("worker", "centre"), "sent", "score"),
    "POST /v1/visits:move": Rule(("centre",), "sent", "assign"),
    "POST /v1/registry": Rule(("centre",), "sent", "registry"),
    "POST /v1/registry/{entry_id}/leave": Rule(("centre",), "case", "registry"),
    "GET /v1/registry": Rule(("centre", "worker"), "listed", "view"),
    "GET /v1/registry/{entry_id}": Rule(("centre",), "case", "view"),
    "PATCH /v1/registry/{entry_id}": Rule(("centre",), "case", "registry"),
    "GET /v1/registry:proposed": Rule(("centre",), "listed", "view"),
    "POST /v1/registry:decline": Rule(("centre",), "sent", "registry"),
    "POST /v1/registry:search": Rule(("centre",), "listed", "search"),
    "POST /v1/registry/{entry_id}/objections": Rule(("centre",), "case", "object"),
    "POST /v1/registry/{entry_id}/objections/{objection_id}/review": Rule(("centre",), "case", "object"),
    "POST /v1/registry/{entry_id}/objections/{objection_id}/answer": Rule(("centre",), "case", "object"),
    "GET /v1/cases/{dispute_id}/history": Rule(("centre",), "case", "view"),
    "POST /v1/cases/{dispute_id}/progress": Rule(("dispatch", "centre"), "case", "progress"),
    "GET /v1/cases/{dispute_id}/progress": Rule(("dispatch", "centre"), "case", "view"),
    "DELETE /v1/cases/{dispute_id}/progress/{token_id}": Rule(("dispatch", "centre"), "case", "progress"),
    "POST /v1/cases/{dispute_id}/slips": Rule(("centre",), "case", "slip"),
    "GET /v1/slips": Rule(("centre",), "listed", "view"),
    "GET /v1/slips/{slip_id}": Rule(("centre",), "case", "view"),
    "POST /v1/slips/{slip_id}/steps": Rule(("centre",), "case", "slip"),
    "GET /v1/urgings": Rule(("centre", "worker"), "listed", "view"),
    "POST /v1/urgings/{urging_no}/answer": Rule(("centre",), "case", "urge"),
    "GET /v1/cases/{dispute_id}/review": Rule(("centre",), "case", "view"),
    "POST /v1/cases/{dispute_id}/review": Rule(("centre",), "case", "review"),
    "GET /v1/reviews": Rule(("centre",), "listed", "view"),
    "GET /v1/reports": Rule(("centre",), "listed", "view"),
    "GET /v1/practice": Rule(("centre",), "listed", "view"),
    "GET /v1/queue": Rule(("centre",), "listed", "view"),
    "GET /v1/map": Rule(("centre",), "listed", "view"),
    "GET /v1/map/areas": Rule(("centre",), "listed", None),
    "GET /v1/models/current": Rule(SCOPES, "none", None),
    "GET /v1/audit": Rule(("audit",), "listed", "view"),
}
PAGES: Final[Mapping[str, Rule]] = {
    "GET /": Rule(SCOPES, "none", None),
    "GET /queue": Rule(("centre",), "listed", "view"),
    "GET /cases/{dispute_id}": Rule(("centre",), "case", "view"),
    "POST /cases/{dispute_id}/decision": Rule(("centre",), "case", "decide"),
    "POST /cases/{dispute_id}/approval": Rule(("centre",), "case", "decide"),
    "POST /cases/{dispute_id}/annotations": Rule(("centre",), "case", "annotate"),
    "POST /cases/{dispute_id}/merge": Rule(("centre",), "case", "merge"),
    "POST /cases/{dispute_id}/unmerge": Rule(("centre",), "case", "unmerge"),
    "GET /cases/{dispute_id}/progress": Rule(("centre",), "case", "view"),
    "POST /cases/{dispute_id}/progress": Rule(("centre",), "case", "progress"),
    "POST /cases/{dispute_id}/progress/{token_id}/revoke": Rule(("centre",), "case", "progress"),
    "POST /cases/{dispute_id}/slips": Rule(("centre",), "case", "slip"),
    "GET /slips": Rule(("centre",), "listed", "view"),
    "GET /slips/{slip_id}": Rule(("centre",), "case", "view"),
    "POST /slips/{slip_id}/steps": Rule(("centre",), "case", "slip"),
    "GET /urgings": Rule(("centre",), "listed", "view"),
    "POST /urgings/{urging_no}/answer": Rule(("centre",), "case", "urge"),
    "GET /cases/{dispute_id}/review": Rule(("centre",), "case", "view"),
    "POST /cases/{dispute_id}/review": Rule(("centre",), "case", "review"),
    "GET /reviews": Rule(("centre",), "listed", "view"),
    "GET /reports": Rule(("centre",), "listed", "view"),
    "GET /reports/pdf": Rule(("centre",), "listed", "view"),
    "GET /reports/docx": Rule(("centre",), "listed", "view"),
    "GET /practice": Rule(("centre",), "listed", "view"),
    "GET /map": Rule(("centre",), "listed", "view"),
    "GET /map/areas": Rule(("centre",), "listed", None),
    "GET /watch": Rule(("centre", "analyst"), "none", None),
    "GET /visits": Rule(("worker",), "listed", "view"),
    "GET /visits/list.{ending}": Rule(("worker",), "listed", "export"),
    "POST /visits": Rule(("worker",), "sent", "score"),
    "GET /rounds": Rule(("centre",), "listed", "view"),
    "POST /rounds": Rule(("centre",), "sent", "assign"),
    "GET /cases/{dispute_id}/registry": Rule(("centre",), "case", "view"),
    "GET /registry": Rule(("centre", "worker"), "listed", "view"),
    "GET /registry/proposed": Rule(("centre",), "listed", "view"),
    "GET /registry/search": Rule(("centre",), "none", None),
    "POST /registry/search": Rule(("centre",), "listed", "search"),
    "POST /registry/declined": Rule(("centre",), "sent", "registry"),
    "POST /registry/entries": Rule(("centre",), "sent", "registry"),
    "GET /registry/entries/{entry_id}": Rule(("centre",), "case", "view"),
    "POST /registry/entries/{entry_id}/leave": Rule(("centre",), "case", "registry"),
    "POST /registry/entries/{entry_id}/correction": Rule(("centre",), "case", "registry"),
    "POST /registry/entries/{entry_id}/objections": Rule(("centre",), "case", "object"),
    "POST /registry/entries/{entry_id}/objections/{objection_id}/review": Rule(("centre",), "case", "object"),
    "POST /registry/entries/{entry_id}/objections/{objection_id}/answer": Rule(("centre",), "case", "object"),
    "POST /logout": Rule(SCOPES, "none", "logout"),
}
"""Pages and their forms: by a session that a key began, under the rules of the key."""

TABLE: Final[Mapping[str, Rule]] = {**API, **PAGES}
OPEN: Final = frozenset(
    {
        "/healthz",
        "/readyz",
        "/metrics",
        "/docs",
        "/openapi.json",
        "/login",
        "/login/provider",
        "/login/provider/back",
        "/assets/{name}",
        "/progress",
        "/progress/{token}",
    }
)
"""What needs no key and shows nothing personal; `/progress/{token}` wants a token of its own."""


def rule_of(method: str, path: str) -> Rule:
    """The rule of a route.

    Raises
    ------
    LookupError
        If nothing is said of it.
    """
    try:
        return TABLE[f"{method} {path}"]
    except KeyError:
        raise LookupError(f"{method} {path}: say in serving/permissions.py who may call it") from None


def as_markdown() -> str:
    """The table as docs/access.md."""
    lines = [
        "# Who may call what",
        "",
        "Printed from `serving/permissions.py` by `python -m serving.permissions`; a test holds both",
        "together. A route that isn't here can't be declared. Without a valid key or token the answer is",
        "401 (a page leads to the login), with another scope 403, for too many calls 429, all three before",
        "a body is read. Areas:",
        "",
        *(f"- *{reach}*: {meaning}." for reach, meaning in REACHES.items()),
        "",
        f"| route | {' | '.join(SCOPES)} | area | in the log |",
        f"|---|{'---|' * len(SCOPES)}---|---|",
    ]
    for route, rule in TABLE.items():
        allowed = " | ".join("yes" if scope in rule.scopes else "" for scope in SCOPES)
        lines.append(f"| `{route}` | {allowed} | {rule.reach} | {rule.logged or ''} |")
    lines += ["", f"No key is needed for {', '.join(f'`{path}`' for path in sorted(OPEN))}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
