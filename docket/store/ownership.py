"""Whether the secret at hand is the one that a store was written with."""

from __future__ import annotations

import hmac

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from docket import secrets, vault
from docket.store.engine import StoreError
from docket.store.metadata import FACTS

_NAME = "secret"


def check_secret(conn: sa.Connection) -> None:
    """Note in an empty store which secret it is written with; refuse to write with another.

    Two secrets in one store would leave narratives that nobody can read, and rows that look corrected.

    Raises
    ------
    StoreError
        If the store was written with another secret.
    """
    mine = fingerprint()
    noted = noted_secret(conn)
    if noted is None:
        # Two that start together on an empty store: the second finds what the first has noted.
        insert = (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(FACTS)
        conn.execute(insert.values(name=_NAME, value=mine).on_conflict_do_nothing())
        noted = str(noted_secret(conn))
    if not hmac.compare_digest(noted, mine):
        raise StoreError(
            f"this store was written with another secret: set ${secrets.VARIABLE}, or run where "
            f"{secrets.FILE} holds it"
        )


def fingerprint() -> str:
    """Tells the secret at hand from others, and can't be turned back into it."""
    return vault.keyed_digest("fingerprint", b"anlan")


def noted_secret(conn: sa.Connection) -> str | None:
    """The fingerprint of the secret that a store was written with; None: nothing was written yet."""
    noted = conn.execute(sa.select(FACTS.c.value).where(FACTS.c.name == _NAME)).scalar()
    return None if noted is None else str(noted)
