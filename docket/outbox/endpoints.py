"""Endpoints of webhooks: where, of which events, of which area. The secret stands encrypted."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

import sqlalchemy as sa

from docket import audit
from docket.keys import Area
from docket.store.metadata import RECORDS, WEBHOOKS
from docket.vault import decrypt, encrypt

Event = Literal["colour", "decision", "deadline", "slip", "registry"]
EVENTS: Final[tuple[Event, ...]] = get_args(Event)
SECRET_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 6


class EndpointError(ValueError):
    """An endpoint that can't be made as asked."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who is told.

    Attributes
    ----------
    endpoint_id
        Its name.
    url
        Where.
    events
        Of what.
    area
        Of cases where; None for the whole district.
    created_at, paused_at
        Microseconds since the epoch; `paused_at` None where it isn't paused.
    """

    endpoint_id: str
    url: str
    events: tuple[Event, ...]
    area: Area | None
    created_at: int
    paused_at: int | None


def add(
    conn: sa.Connection, *, url: str, events: Sequence[str], now: int, area: str | None = None
) -> tuple[str, str]:
    """Register an endpoint; its id, and its secret, which can't be shown again.

    Parameters
    ----------
    conn
        In a transaction that may write.
    url
        Checked by whoever calls: what may be reached is the service's setting.
    events
        Of `EVENTS`, one or more.
    area
        `street:ID`, `community:ID` or `grid:ID`; None for the whole district.

    Raises
    ------
    EndpointError
        If an event or the area is unknown.
    docket.keys.KeyRequestError
        If the area is written otherwise.
    """
    unknown = [event for event in events if event not in EVENTS]
    if unknown or not events:
        raise EndpointError(f"events are of {', '.join(EVENTS)}; not {', '.join(unknown) or 'none'}")
    where = None if area is None else Area.parse(area)
    if where is not None and not _has_area(conn, where):
        raise EndpointError(f"no {where.kind} {where.id!r} in the store")
    endpoint_id = f"we-{secrets.token_hex(_ID_BYTES)}"
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    told = sorted(set(events))
    conn.execute(
        sa.insert(WEBHOOKS).values(
            endpoint_id=endpoint_id,
            url=url,
            events=",".join(told),
            area=None if where is None else str(where),
            sealed_secret=encrypt(secret, _context(endpoint_id)),
            created_at=now,
        )
    )
    detail = {"change": "add", "events": told, "area": None if where is None else str(where)}
    audit.record(conn, "webhook", subject=endpoint_id, detail=detail)
    return endpoint_id, secret


def list_endpoints(conn: sa.Connection) -> list[Endpoint]:
    """Every endpoint that wasn't removed, oldest first."""
    rows = conn.execute(_LISTED).mappings()
    return [
        Endpoint(
            endpoint_id=row["endpoint_id"],
            url=row["url"],
            events=cast(tuple[Event, ...], tuple(row["events"].split(","))),
            area=None if row["area"] is None else Area.parse(row["area"]),
            created_at=row["created_at"],
            paused_at=row["paused_at"],
        )
        for row in rows
    ]


_LISTED: Final = (
    sa.select(WEBHOOKS)
    .where(WEBHOOKS.c.removed_at.is_(None))
    .order_by(WEBHOOKS.c.created_at, WEBHOOKS.c.endpoint_id)
)


def secret_of(conn: sa.Connection, endpoint_id: str) -> str:
    """The secret that an endpoint's deliveries are signed with.

    Raises
    ------
    docket.vault.VaultError
        If the district's secret isn't the one it was encrypted with.
    """
    query = sa.select(WEBHOOKS.c.sealed_secret).where(WEBHOOKS.c.endpoint_id == endpoint_id)
    return decrypt(conn.execute(query).scalar_one(), _context(endpoint_id))


def pause(conn: sa.Connection, endpoint_id: str, now: int | None, *, gone: bool = False) -> bool:
    """Hold deliveries back from `now` on, or let them go on (None); whether there is such an endpoint.

    Parameters
    ----------
    gone
        Because the receiver said so: what the log tells.
    """
    held = sa.update(WEBHOOKS).where(WEBHOOKS.c.endpoint_id == endpoint_id, WEBHOOKS.c.removed_at.is_(None))
    if conn.execute(held.values(paused_at=now)).rowcount == 0:
        return False
    change = "resume" if now is None else "gone" if gone else "pause"
    audit.record(conn, "webhook", subject=endpoint_id, detail={"change": change})
    return True


def remove(conn: sa.Connection, endpoint_id: str, now: int) -> bool:
    """End an endpoint and whatever it was still to be told; whether there was one.

    What waits for it is left as it is, and counts for nothing (`docket.outbox.queue`) until it is taken
    away (`docket.outbox.pruning`): whoever wrote about its rows here, in whatever order, would deadlock with
    those who put and take back messages about a case.
    """
    held = sa.update(WEBHOOKS).where(WEBHOOKS.c.endpoint_id == endpoint_id, WEBHOOKS.c.removed_at.is_(None))
    if conn.execute(held.values(removed_at=now, sealed_secret=b"")).rowcount == 0:
        return False
    audit.record(conn, "webhook", subject=endpoint_id, detail={"change": "remove"})
    return True


class Told:
    """Who is told of what, as a transaction sees it: read once for many messages."""

    def __init__(self, conn: sa.Connection) -> None:
        self._conn = conn
        self._all = list_endpoints(conn)
        self._areas: dict[str, sa.RowMapping | None] = {}

    def of(self, event: Event, grid_id: str) -> list[Endpoint]:
        """The endpoints, paused ones too, that are told of an event in a case of that grid."""
        found = [one for one in self._all if event in one.events]
        if all(one.area is None for one in found):
            return found
        if grid_id not in self._areas:
            grids = RECORDS["grids"]
            query = sa.select(grids).where(grids.c.grid_id == grid_id, grids.c.replaced_at.is_(None))
            self._areas[grid_id] = self._conn.execute(query).mappings().first()
        grid = self._areas[grid_id]
        return [
            one
            for one in found
            if one.area is None or (grid is not None and grid[one.area.column] == one.area.id)
        ]


def _has_area(conn: sa.Connection, area: Area) -> bool:
    grids = RECORDS["grids"]
    query = sa.select(grids.c.row_no).where(grids.c[area.column] == area.id, grids.c.replaced_at.is_(None))
    return conn.execute(query.limit(1)).first() is not None


def _context(endpoint_id: str) -> str:
    return f"webhooks/{endpoint_id}"
