"""What a store is written with, and what for: its secret, and whether its cases are only a test's."""

from __future__ import annotations

import hmac

import sqlalchemy as sa

from docket import secrets, vault
from docket.store.engine import StoreError
from docket.store.inserting import inserting
from docket.store.metadata import FACTS, RECORDS

_NAME = "secret"
_PURPOSE = "purpose"
_CHECKED = "anlan_secret"
"""Of a connection to the database: the secret that was found noted there, which is never noted anew."""
_TEST, _DISTRICT = "test", "district"


def check_secret(conn: sa.Connection) -> None:
    """Note in an empty store which secret it is written with; refuse to write with another.

    Two secrets in one store would leave narratives that nobody can read, and rows that look corrected.

    Raises
    ------
    StoreError
        If the store was written with another secret.
    """
    mine = fingerprint()
    if conn.info.get(_CHECKED) == mine:
        return
    noted = noted_secret(conn)
    if noted is None:  # not remembered: the transaction may be rolled back
        noted = _note(conn, _NAME, mine)
    elif noted == mine:
        conn.info[_CHECKED] = mine
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
    return _noted(conn, _NAME)


def claim(conn: sa.Connection, *, test: bool) -> None:
    """Note for good whether a store serves a district, or a test whose cases are nobody's.

    Raises
    ------
    StoreError
        If it was claimed for the other, or is to be a test's and holds disputes: they may be people's.
    """
    noted = _noted(conn, _PURPOSE)
    if noted is None:
        disputes = RECORDS["disputes"]
        if test and conn.execute(sa.select(disputes.c.dispute_id).limit(1)).first() is not None:
            raise StoreError("this store holds disputes that are no test: name another to test with")
        noted = _note(conn, _PURPOSE, _TEST if test else _DISTRICT)
    if test and noted != _TEST:
        raise StoreError("this store serves a district: name another to test with")
    if not test and noted == _TEST:
        raise _only_a_test()


def refuse_tests(conn: sa.Connection) -> None:
    """Let nothing learn from or plan by the cases of a test.

    Raises
    ------
    StoreError
        If the store was claimed for tests.
    """
    if _noted(conn, _PURPOSE) == _TEST:
        raise _only_a_test()


def _only_a_test() -> StoreError:
    return StoreError("this store holds the cases of a test: `anlan serve --test` alone reads them")


def _noted(conn: sa.Connection, name: str) -> str | None:
    value = conn.execute(sa.select(FACTS.c.value).where(FACTS.c.name == name)).scalar()
    return None if value is None else str(value)


def _note(conn: sa.Connection, name: str, value: str) -> str:
    # Two that start together on an empty store: the second finds what the first has noted.
    insert = inserting(conn, FACTS)
    conn.execute(insert.values(name=name, value=value).on_conflict_do_nothing())
    return str(conn.execute(sa.select(FACTS.c.value).where(FACTS.c.name == name)).scalar_one())
