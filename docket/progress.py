"""Tokens by which whoever reported a case sees how far it is; only digests are stored.

A token is made by a person or the dispatch system, is shown once, expires and can be revoked. It opens the
state of one case and nothing else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket.store.inserting import inserting
from docket.store.reporting import PROGRESS_TOKENS, RATINGS
from docket.times import DAY
from docket.vault import keyed_digest

_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No two that look alike: a token is read from paper, too."""
_PARTS: Final = 5
_PART: Final = 5
"""25 letters of 31: 123 bits."""
MOST: Final = 10
"""Tokens of a case that hold at once."""
_KEPT: Final = 30 * DAY
_ID_BYTES: Final = 8


class TooManyTokensError(Exception):
    """A case that has as many tokens as it may."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a token opens."""

    token_id: str
    dispute_id: str
    expires_at: int


def create(conn: sa.Connection, dispute_id: str, *, by: str, now: int, days: int) -> tuple[str, Held]:
    """Make a token for a case; it can't be shown again.

    Raises
    ------
    TooManyTokensError
        If the case has as many that hold as it may.
    """
    kept = PROGRESS_TOKENS.c
    conn.execute(sa.delete(PROGRESS_TOKENS).where(kept.expires_at < now - _KEPT))
    mine = sa.select(sa.func.count()).where(
        kept.dispute_id == dispute_id, kept.revoked_at.is_(None), kept.expires_at > now
    )
    if conn.execute(mine).scalar_one() >= MOST:
        raise TooManyTokensError("The case has ten tokens that hold: revoke one first.")
    letters = [secrets.choice(_LETTERS) for _ in range(_PARTS * _PART)]
    token = "-".join("".join(letters[first : first + _PART]) for first in range(0, len(letters), _PART))
    held = Held(f"pt-{secrets.token_hex(_ID_BYTES)}", dispute_id, now + days * DAY)
    conn.execute(
        sa.insert(PROGRESS_TOKENS).values(
            token_id=held.token_id,
            digest=_digest(token),
            dispute_id=dispute_id,
            by=by,
            created_at=now,
            expires_at=held.expires_at,
        )
    )
    return token, held


def find(conn: sa.Connection, token: str, now: int) -> Held | None:
    """What a token opens; None if it's unknown, expired or revoked, whichever."""
    kept = PROGRESS_TOKENS.c
    row = conn.execute(sa.select(PROGRESS_TOKENS).where(kept.digest == _digest(token))).mappings().first()
    if row is None or row["revoked_at"] is not None or now >= row["expires_at"]:
        return None
    return Held(row["token_id"], row["dispute_id"], row["expires_at"])


def revoke(conn: sa.Connection, dispute_id: str, token_id: str, now: int) -> bool:
    """Revoke a token of a case; whether there is one. One that was revoked before stays so."""
    kept = PROGRESS_TOKENS.c
    mine = (kept.token_id == token_id) & (kept.dispute_id == dispute_id)
    conn.execute(sa.update(PROGRESS_TOKENS).where(mine, kept.revoked_at.is_(None)).values(revoked_at=now))
    return conn.execute(sa.select(kept.token_id).where(mine)).first() is not None


def tokens_of(conn: sa.Connection, dispute_id: str) -> list[dict[str, Any]]:
    """The tokens of a case, the last first, each with what its holder thought."""
    kept = PROGRESS_TOKENS.c
    joined = PROGRESS_TOKENS.outerjoin(RATINGS, RATINGS.c.token_id == kept.token_id)
    columns = [kept[name] for name in ("token_id", "by", "created_at", "expires_at", "revoked_at")]
    query = sa.select(*columns, RATINGS.c.stars, RATINGS.c.comment, RATINGS.c.rated_at).select_from(joined)
    found = conn.execute(query.where(kept.dispute_id == dispute_id).order_by(kept.created_at.desc()))
    return [dict(row) for row in found.mappings()]


def rate(conn: sa.Connection, held: Held, *, stars: int, comment: str | None, now: int) -> None:
    """Keep what the holder of a token thinks, in place of what they thought before.

    Parameters
    ----------
    stars
        1 to 5.
    comment
        Prepared.
    """
    said = {"stars": stars, "comment": comment, "rated_at": now}
    row = inserting(conn, RATINGS).values(token_id=held.token_id, dispute_id=held.dispute_id, **said)
    conn.execute(row.on_conflict_do_update(index_elements=["token_id"], set_=said))


def rating(conn: sa.Connection, held: Held) -> dict[str, Any] | None:
    """What the holder thought last."""
    row = conn.execute(sa.select(RATINGS).where(RATINGS.c.token_id == held.token_id)).mappings().first()
    return None if row is None else dict(row)


def _digest(token: str) -> str:
    """Of the letters alone, however they were typed."""
    letters = "".join(letter for letter in token.upper() if letter in _LETTERS)
    return keyed_digest("progress", letters.encode())
