"""Tokens for whoever reported a case, and what one shows: states and days, nothing else."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from docket import audit, progress
from docket.asof import NEVER
from docket.keys import Key
from docket.progress import Held, TooManyTokensError
from docket.store.locking import take_turns
from docket.store.merged import home_of, merge_of
from docket.text import prepare
from docket.times import local_day, now_micros, rfc3339
from serving.audit.service import viewed
from serving.cases import repository as cases
from serving.cases.placing import located
from serving.cases.service import seen
from serving.deadlines import repository as deadlines
from serving.deadlines.service import MET_BY, closed_at
from serving.decisions.repository import withdrawn
from serving.errors import Conflict, NotFound
from serving.progress import repository
from serving.progress.schemas import RatingIn, TokenIn
from serving.state import State

UNKNOWN: Final = "There is nothing under this token."
STEPS: Final = ("received", "contacted", "handled", "closed")
_HANDLING: Final = MET_BY["classify"] - {"closed"}


def give(state: State, key: Key, dispute_id: str, asked: TokenIn) -> dict[str, Any]:
    """Make a token for a case. Asked again, another is made: what was given can't be given again.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Conflict
        If the case has as many tokens that hold as it may.
    """
    now = now_micros()
    days = state.settings.progress_days if asked.days is None else asked.days
    with state.store.begin() as conn:
        located(conn, key, dispute_id, now)
        take_turns(conn, [f"progress {dispute_id}"])
        try:
            token, held = progress.create(conn, dispute_id, by=key.key_id, now=now, days=days)
        except TooManyTokensError as error:
            raise Conflict(str(error)) from error
        audit.record(conn, "progress", case=dispute_id, subject=held.token_id, detail={"change": "give"})
    return {
        "token_id": held.token_id,
        "token": token,
        "path": f"/progress/{token}",
        "expires_at": rfc3339(held.expires_at),
    }


def revoke(state: State, key: Key, dispute_id: str, token_id: str) -> dict[str, Any]:
    """Let a token open nothing from now on; the tokens of the case.

    Raises
    ------
    NotFound
        If there is no such token of a case in the key's area.
    """
    now = now_micros()
    with state.store.begin() as conn:
        seen(conn, key, dispute_id, now)
        if not progress.revoke(conn, dispute_id, token_id, now):
            raise NotFound("There is no such token of this case.")
        told = _tokens(conn, dispute_id)
        audit.record(conn, "progress", case=dispute_id, subject=token_id, detail={"change": "revoke"})
    return told


def tokens(state: State, key: Key, dispute_id: str) -> dict[str, Any]:
    """The tokens of a case, each with what its holder thought.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    """
    with state.store.snapshot() as conn:
        seen(conn, key, dispute_id, now_micros())
        told = _tokens(conn, dispute_id)
    viewed(state, [dispute_id], "progress")
    return told


def look(state: State, token: str) -> dict[str, Any]:
    """How far the case of a token is: its states, each with the day, and what the holder thought.

    Raises
    ------
    NotFound
        If the token opens nothing, whatever the reason.
    """
    now = now_micros()
    with state.store.snapshot() as conn:
        held = _held(conn, token, now)
        said = progress.rating(conn, held)
        told = {**_states(conn, held.dispute_id, now), "expires_on": local_day(held.expires_at).isoformat()}
    rated = None if said is None else {"stars": said["stars"], "comment": said["comment"]}
    return {**told, "rating": rated}


def rate(state: State, token: str, asked: RatingIn) -> None:
    """Keep what the holder of a token thinks.

    Raises
    ------
    NotFound
        If the token opens nothing, whatever the reason.
    """
    now = now_micros()
    words = (asked.comment or "").strip()
    with state.store.begin() as conn:
        held = _held(conn, token, now)
        comment = prepare(words).text if words else None
        progress.rate(conn, held, stars=asked.stars, comment=comment or None, now=now)
        audit.record(conn, "progress", case=held.dispute_id, subject=held.token_id, detail={"change": "rate"})


def _held(conn: sa.Connection, token: str, now: int) -> Held:
    held = progress.find(conn, token, now)
    if held is None:
        raise NotFound(UNKNOWN)
    return held


def _states(conn: sa.Connection, dispute_id: str, now: int) -> dict[str, Any]:
    """The state that a case is in and the day of each that it came to; of a merged one, of both together."""
    first = cases.first_recorded(conn, dispute_id)
    days: dict[str, int] = {"received": first}
    if withdrawn(conn, dispute_id) is not None:
        return _told("withdrawn", days)
    home = dispute_id if merge_of(conn, dispute_id) is None else home_of(conn, dispute_id)
    moment = cases.present(conn, home, now)
    happened = repository.first_happened(conn, home, moment)
    met = [repository.first_met(conn, home, first, moment) or NEVER]
    met += [at for kind, at in happened.items() if kind in MET_BY["respond"]]
    taken = [repository.first_taken(conn, home) or NEVER]
    taken += [at for kind, at in happened.items() if kind in _HANDLING]
    for state, moments in (("contacted", met), ("handled", taken)):
        if min(moments) < NEVER:
            # What happened to the other report before this one came is no earlier than this one.
            days[state] = max(first, min(moments))
    closed = closed_at(deadlines.happened(conn, home, moment))
    if closed is not None:
        days["closed"] = max(first, closed)
        return _told("closed", days)
    return _told(next(name for name in reversed(STEPS) if name in days), days)


def _told(state: str, days: dict[str, int]) -> dict[str, Any]:
    return {
        "state": state,
        "days": {name: local_day(at).isoformat() for name, at in days.items()},
    }


def _tokens(conn: sa.Connection, dispute_id: str) -> dict[str, Any]:
    return {
        "tokens": [
            {
                "token_id": row["token_id"],
                "by": row["by"],
                "created_at": rfc3339(row["created_at"]),
                "expires_at": rfc3339(row["expires_at"]),
                "revoked_at": None if row["revoked_at"] is None else rfc3339(row["revoked_at"]),
                "rating": None
                if row["stars"] is None
                else {
                    "stars": row["stars"],
                    "comment": row["comment"],
                    "rated_at": rfc3339(row["rated_at"]),
                },
            }
            for row in progress.tokens_of(conn, dispute_id)
        ]
    }
