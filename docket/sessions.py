"""Sessions of the pages: somebody who showed a key is known by a random token until it ends.

Only a digest of the token is stored. A session holds as long as its key does: one that is revoked or has
expired ends all of its sessions at once. Of somebody whom the identity provider let in, the session keeps
what the provider said of them then; `end_all` ends their sessions.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from docket import keys
from docket.keys import Area, Key
from docket.store.desk import SESSIONS
from docket.times import DAY
from docket.vault import keyed_digest

_TOKEN_BYTES: Final = 32
_KEPT: Final = 30 * DAY
"""How long what has ended stays to be looked at."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in.

    Attributes
    ----------
    key
        What they may do.
    token
        What their browser holds.
    started_at, expires_at
        Microseconds since the epoch.
    """

    key: Key
    token: str
    started_at: int
    expires_at: int


def start(conn: sa.Connection, key: Key, *, now: int, length: int, held: bool = False) -> Session:
    """Let the holder of a key be known by a new token for so many microseconds.

    Parameters
    ----------
    held
        Whether the session itself keeps what they may do: the store has no such key.
    """
    conn.execute(sa.delete(SESSIONS).where(SESSIONS.c.expires_at < now - _KEPT))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    until = now + length if key.expires_at is None else min(now + length, key.expires_at)
    conn.execute(
        sa.insert(SESSIONS).values(
            digest=_digest(token),
            key_id=key.key_id,
            started_at=now,
            expires_at=until,
            held=_written(key) if held else None,
        )
    )
    return Session(key, token, now, until)


def find(conn: sa.Connection, token: str, now: int) -> Session | None:
    """Whose token it is; None if there is no such session that holds, or its key holds no more."""
    row = conn.execute(sa.select(SESSIONS).where(SESSIONS.c.digest == _digest(token))).mappings().first()
    if row is None or row["ended_at"] is not None or now >= row["expires_at"]:
        return None
    key = keys.held(conn, row["key_id"], now) if row["held"] is None else _read(dict(row))
    return None if key is None else Session(key, token, row["started_at"], row["expires_at"])


def end(conn: sa.Connection, token: str, now: int) -> None:
    """End a session; one that has ended stays so."""
    mine = sa.update(SESSIONS).where(SESSIONS.c.digest == _digest(token), SESSIONS.c.ended_at.is_(None))
    conn.execute(mine.values(ended_at=now))


def end_all(conn: sa.Connection, who: str, now: int) -> int:
    """End every session of a key's or token's id, such as `token:li.ming`; how many held."""
    theirs = sa.update(SESSIONS).where(
        SESSIONS.c.key_id == who, SESSIONS.c.ended_at.is_(None), SESSIONS.c.expires_at > now
    )
    return conn.execute(theirs.values(ended_at=now)).rowcount


def _written(key: Key) -> str:
    area = None if key.area is None else str(key.area)
    return json.dumps({"scope": key.scope, "area": area, "worker_id": key.worker_id})


def _read(row: Mapping[str, Any]) -> Key:
    said = json.loads(row["held"])
    return Key(
        key_id=row["key_id"],
        scope=said["scope"],
        area=None if said["area"] is None else Area.parse(said["area"]),
        worker_id=said["worker_id"],
        created_at=row["started_at"],
        expires_at=row["expires_at"],
        revoked_at=None,
    )


def _digest(token: str) -> str:
    return keyed_digest("sessions", token.encode())
