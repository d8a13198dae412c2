"""Keys of the API: who may call, for which area or worker, and until when. Only digests are stored."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

import sqlalchemy as sa

from docket import audit
from docket.store.metadata import API_KEYS, RECORDS
from docket.times import DAY
from docket.vault import keyed_digest

Scope = Literal["dispatch", "centre", "worker", "analyst", "audit"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
AREAS: Final = ("street", "community", "grid")
DEFAULT_DAYS: Final = 365

PREFIX: Final = "anlan"
_ID_BYTES: Final = 8
_SECRET_BYTES: Final = 32


class KeyRequestError(ValueError):
    """A key that can't be made as asked."""


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the district: `kind` is street, community or grid."""

    kind: str
    id: str

    @property
    def column(self) -> str:
        """The column of `grids` that holds the id."""
        return f"{self.kind}_id"

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Area:
        """The area written as `street:ID`, `community:ID` or `grid:ID`.

        Raises
        ------
        KeyRequestError
            If it's written otherwise.
        """
        kind, colon, name = text.partition(":")
        if kind not in AREAS or not colon or not name:
            raise KeyRequestError(f"an area is street:ID, community:ID or grid:ID, not {text!r}")
        return cls(kind, name)


@dataclass(frozen=True, slots=True)
class Key:
    """What a key allows.

    Attributes
    ----------
    key_id
        Its public part.
    scope
        One of `SCOPES`.
    area
        Where; None for the whole district.
    worker_id
        Whose, of a worker's key.
    created_at, expires_at, revoked_at
        Microseconds since the epoch; None where it never expires, or wasn't revoked.
    """

    key_id: str
    scope: Scope
    area: Area | None
    worker_id: str | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None

    def valid(self, at: int) -> bool:
        """Whether it may be used at that moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def create(
    conn: sa.Connection,
    *,
    scope: str,
    now: int,
    area: str | None = None,
    worker_id: str | None = None,
    days: int | None = DEFAULT_DAYS,
) -> str:
    """Make a key and return it; it can't be shown again.

    Parameters
    ----------
    conn
        In a transaction that may write.
    scope
        One of `SCOPES`.
    now
        Microseconds since the epoch.
    area
        `street:ID`, `community:ID` or `grid:ID`; None for the whole district.
    worker_id
        Whose; for the scope `worker`, and only for it.
    days
        How long it holds; None for ever.

    Returns
    -------
    str
        `anlan_<key id>_<secret>`, the secret being 256 random bits.

    Raises
    ------
    KeyRequestError
        If the scope, the area or the worker is unknown, or they don't go together.
    """
    if scope not in SCOPES:
        raise KeyRequestError(f"a scope is one of {', '.join(SCOPES)}, not {scope!r}")
    if (scope == "worker") != (worker_id is not None):
        raise KeyRequestError("a worker's key, and no other, is bound to one worker")
    if worker_id is not None and not _current(conn, "workers", "worker_id", worker_id):
        raise KeyRequestError(f"no worker {worker_id!r} in the store")
    where = Area.parse(area) if area is not None else None
    if where is not None and not _current(conn, "grids", where.column, where.id):
        raise KeyRequestError(f"no {where.kind} {where.id!r} in the store")
    if days is not None and days < 1:
        raise KeyRequestError("a key holds for a day or more")
    key_id = secrets.token_hex(_ID_BYTES)
    secret = secrets.token_hex(_SECRET_BYTES)
    conn.execute(
        sa.insert(API_KEYS).values(
            key_id=key_id,
            digest=_digest(key_id, secret),
            scope=scope,
            area=None if where is None else str(where),
            worker_id=worker_id,
            created_at=now,
            expires_at=None if days is None else now + days * DAY,
        )
    )
    allows = {
        "scope": scope,
        "area": None if where is None else str(where),
        "worker": worker_id,
        "days": days,
    }
    audit.record(conn, "create_key", subject=key_id, detail=allows)
    return f"{PREFIX}_{key_id}_{secret}"


_BY_ID: Final = sa.select(API_KEYS).where(API_KEYS.c.key_id == sa.bindparam("key"))


def verify(conn: sa.Connection, presented: str, now: int) -> Key | None:
    """What the presented key allows; None if it's unknown, altered, expired or revoked."""
    prefix, _, rest = presented.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != PREFIX or "\x00" in key_id or not presented.isascii():
        return None
    row = conn.execute(_BY_ID, {"key": key_id}).mappings().first()
    # Digested and compared whether or not there is such a key, so that time tells nothing of which there are.
    same = hmac.compare_digest(_digest(key_id, secret), row["digest"] if row is not None else "")
    if row is None or not same:
        return None
    key = _as_key(row)
    return key if key.valid(now) else None


def held(conn: sa.Connection, key_id: str, now: int) -> Key | None:
    """What a key allows that was shown before; None if it's unknown, expired or revoked."""
    row = conn.execute(_BY_ID, {"key": key_id}).mappings().first()
    key = None if row is None else _as_key(row)
    return key if key is not None and key.valid(now) else None


def revoke(conn: sa.Connection, key_id: str, now: int) -> bool:
    """Revoke a key, from the next request on; whether there was one that wasn't revoked."""
    held = sa.update(API_KEYS).where(API_KEYS.c.key_id == key_id, API_KEYS.c.revoked_at.is_(None))
    if conn.execute(held.values(revoked_at=now)).rowcount == 0:
        return False
    audit.record(conn, "revoke_key", subject=key_id)
    return True


def list_keys(conn: sa.Connection) -> list[Key]:
    """Every key ever made, oldest first."""
    query = sa.select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.key_id)
    return [_as_key(row) for row in conn.execute(query).mappings()]


def _as_key(row: sa.RowMapping) -> Key:
    return Key(
        key_id=row["key_id"],
        scope=cast(Scope, row["scope"]),
        area=None if row["area"] is None else Area.parse(row["area"]),
        worker_id=row["worker_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )


def _digest(key_id: str, secret: str) -> str:
    return keyed_digest("api-keys", f"{key_id}:{secret}".encode())


def _current(conn: sa.Connection, table: str, column: str, value: str) -> bool:
    made = RECORDS[table]
    query = sa.select(made.c.row_no).where(made.c[column] == value, made.c.replaced_at.is_(None)).limit(1)
    return conn.execute(query).first() is not None
