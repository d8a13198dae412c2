"""Whether the secret at hand is the one that a store was written with."""

from __future__ import annotations

import hmac

import sqlalchemy as sa

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
    mine = vault.keyed_digest("fingerprint", b"anlan")
    noted = conn.execute(sa.select(FACTS.c.value).where(FACTS.c.name == _NAME)).scalar()
    if noted is None:
        conn.execute(sa.insert(FACTS).values(name=_NAME, value=mine))
    elif not hmac.compare_digest(noted, mine):
        raise StoreError(
            f"this store was written with another secret: set ${secrets.VARIABLE}, or run where "
            f"{secrets.FILE} holds it"
        )
