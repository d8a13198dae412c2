"""What the SELECTs of the streams are put together from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from docket.asof import NEVER

from ..portable import LOOKUP

# A leaving counts once it is both past and known; a row that was corrected meanwhile ends before that.
LEAVING: Final = (
    f"CASE WHEN r.left_at IS NULL THEN {NEVER} "
    "ELSE GREATEST(r.left_at, COALESCE(r.left_recorded_at, r.left_at)) END"
)


def select(
    key: str,
    dispute: str,
    item: str,
    *,
    known: str,
    at: str,
    until: str,
    kind: str,
    value: str,
    rows: str,
    where: str = "",
) -> str:
    """One SELECT of contributions from the relations `rows`, the rest SQL expressions over them."""
    condition = f"{LOOKUP} AND {where}" if where else LOOKUP
    return (
        f'SELECT {key} AS "key", {dispute} AS dispute_id, {item} AS item, {known} AS known, {at} AS "at", '
        f'{until} AS "until", {kind} AS kind, CAST({value} AS DOUBLE) AS "value" '
        f"FROM {rows} WHERE {condition}"
    )


def latest(*rows: str) -> str:
    """When the last of `rows` (aliases) was recorded."""
    times = [f"{row}.recorded_at" for row in rows]
    return times[0] if len(times) == 1 else f"GREATEST({', '.join(times)})"


def earliest(*rows: str, excluded: str = "", also: str = "") -> str:
    """When the first of `rows` is superseded, the dispute `excluded` (an alias) is, or `also` comes."""
    ends = [f"COALESCE({row}.superseded_at, {NEVER})" for row in rows]
    if excluded:
        ends.append(f"COALESCE({excluded}.excluded_at, {NEVER})")
    if also:
        ends.append(also)
    return ends[0] if len(ends) == 1 else f"LEAST({', '.join(ends)})"


def code(column: str, codes: Mapping[str, int], other: int) -> str:
    """The code of a column's value, `other` for what has none."""
    cases = " ".join(f"WHEN '{value}' THEN {code}" for value, code in codes.items())
    return f"CASE {column} {cases} ELSE {other} END"


AGAINST: Final = (
    "a.role <> b.role AND a.person_id <> b.person_id AND (a.role = 'respondent' OR b.role = 'respondent')"
)
TWO_PARTIES: Final = (
    "known_parties AS a JOIN known_parties AS b ON b.dispute_id = a.dispute_id "
    "JOIN known_disputes AS d ON d.dispute_id = a.dispute_id"
)
