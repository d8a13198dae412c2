"""What statements are built of that are built once: to build one takes SQLAlchemy longer than to run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

NAMES: Final[sa.BindParameter[Any]] = sa.bindparam("names", expanding=True)
"""In a statement: any of these, bound by `among`."""
Insert = postgresql.Insert | sqlite.Insert


def among(names: Iterable[str]) -> dict[str, list[str]]:
    """What `NAMES` is bound to; a statement of text must not be sent for none."""
    return {"names": list(names)}


def inserting_by(
    table: sa.Table, finish: Callable[[Insert], sa.Executable]
) -> Callable[[sa.Connection], sa.Executable]:
    """An INSERT with what becomes of a row that is there already, by the connection's database."""

    @cache
    def built(postgres: bool) -> Any:
        return finish(postgresql.insert(table) if postgres else sqlite.insert(table))

    return lambda conn: built(conn.dialect.name == "postgresql")
