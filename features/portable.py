"""One SELECT, every engine: DuckDB's dialect in, the engine's own out."""

from __future__ import annotations

from functools import cache
from typing import Final

import sqlglot
from sqlglot import exp

LOOKUP: Final = "__lookup__"
"""Stands in a stream's WHERE for whatever narrows it to some keys.

It is put in after transpiling: sqlglot reads bound parameters such as `$2,$3` as a dollar-quoted string.
"""

DIALECTS: Final = {"duckdb": "duckdb", "sqlite": "sqlite", "postgresql": "postgres", "spark": "spark"}


@cache
def transpile(sql: str, engine: str) -> str:
    """`sql` in the dialect of `engine`, one of `DIALECTS`, `LOOKUP` left standing.

    Raises
    ------
    KeyError
        If `engine` is another.
    """
    tree = sqlglot.parse_one(sql, read="duckdb")
    if engine == "sqlite":
        # SQLite's two-argument MAX is null if either is; sqlglot guards against that with nested COALESCEs.
        # No stream takes a GREATEST or LEAST over a null, so the guard would only cost time.
        for node in tree.find_all(exp.Greatest, exp.Least):
            node.set("ignore_nulls", False)
    return tree.sql(dialect=DIALECTS[engine])
