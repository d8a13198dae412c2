"""Answers about the log."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

_ENTRY: Final[dict[str, Any]] = {
    "seq": 1207,
    "at": "2026-03-31T08:30:00+08:00",
    "actor": "3f9c2a7be1d04c55",
    "scope": "centre",
    "action": "view",
    "case": "d-2026-000123",
    "subject": None,
    "detail": {},
    "digest": "9b1e…",
}


class Entry(BaseModel):
    """One thing that was done; never a narrative or an identity."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ENTRY]})

    seq: int = Field(description="Its place in the log, from 1, without gaps.")
    at: str = Field(description="RFC 3339.")
    actor: str = Field(
        description="A key's id, `token:` and a token's subject, `command:` and a user, or `service`."
    )
    scope: str | None = Field(description="Of the key or token; null for who has none.")
    action: str = Field(
        description="score, view, decide, propose, refuse, slip, urge, review, assign, annotate, withdraw, "
        "merge, unmerge, export, promote, create_key, revoke_key, webhook, notify, restore, login, logout, "
        "registry, search, object, retain or progress."
    )
    case: str | None = Field(description="The `dispute_id`; null where it concerned none.")
    subject: str | None = Field(description="What besides: an assessment, a key, a model version.")
    detail: dict[str, Any] = Field(description="Codes, numbers and ids.")
    digest: str = Field(description="HMAC-SHA256 over the row and the digest before it.")


class AuditPage(BaseModel):
    """Some of the log, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"entries": [_ENTRY], "next": None}]})

    entries: list[Entry]
    next: str | None = Field(description="Send it as `cursor` for what follows; null at the end.")
