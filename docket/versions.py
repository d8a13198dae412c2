"""Versions of rows: when each is superseded, what excludes a dispute, and what a cut takes away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from docket.asof import known_before
from docket.contract import WITHDRAWN, Table

SUPERSEDED: Final = "superseded_at"
EXCLUDED: Final = "excluded_at"


def with_supersession(rows: pa.Table, table: Table) -> pa.Table:
    """Add `superseded_at`: when the next version of the same row was recorded, null where there is none.

    Rows come out ordered by key and `recorded_at`; a table without `recorded_at` only by key. A version that
    is `withdrawn` ends the one before it and is left out, and so is the column: what is left says when each
    row was there.
    """
    keys = [(name, "ascending") for name in table.key]
    if not table.versioned:
        return rows.sort_by(keys)
    rows = rows.sort_by([*keys, ("recorded_at", "ascending")])
    recorded = rows.column("recorded_at").combine_chunks()
    same = np.ones(max(rows.num_rows - 1, 0), bool)
    for name in table.key:
        column = rows.column(name).combine_chunks()
        same &= np.asarray(pc.equal(column[:-1], column[1:])) if rows.num_rows else same
    following = pa.concat_arrays([recorded[1:], pa.nulls(min(rows.num_rows, 1), pa.int64())])
    has_next = pa.array(np.append(same, False)[: rows.num_rows])
    rows = rows.append_column(SUPERSEDED, pc.if_else(has_next, following, pa.scalar(None, pa.int64())))
    return standing(rows)


def standing(rows: pa.Table) -> pa.Table:
    """The rows without the withdrawn versions and the column that tells of them."""
    if WITHDRAWN not in rows.column_names:
        return rows
    gone = pc.fill_null(rows.column(WITHDRAWN), False)
    return rows.filter(pc.invert(gone)).drop_columns([WITHDRAWN])


def with_exclusions(tables: Mapping[str, pa.Table]) -> dict[str, pa.Table]:
    """Set `disputes.excluded_at`: when a party's relation to the dispute was first known to be 'authority'.

    From then on the dispute is left out of every count about other disputes: what somebody has against an
    authority is never held against them.
    """
    disputes, parties = tables["disputes"], tables["parties"]
    with_authority = parties.filter(pc.equal(parties.column("relation"), "authority"))
    first = with_authority.group_by("dispute_id").aggregate([("recorded_at", "min")])
    place = pc.index_in(disputes.column("dispute_id"), first.column("dispute_id").combine_chunks())
    excluded: Any = first.column("recorded_at_min").take(place)
    if EXCLUDED in disputes.column_names:
        disputes = disputes.drop_columns([EXCLUDED])
    return {**tables, "disputes": disputes.append_column(EXCLUDED, excluded)}


def cut_table(rows: pa.Table, table: Table, cut: int) -> pa.Table:
    """The rows recorded before `cut`, without the ends that were learned later.

    A leaving counts from the later of `left_at` and when it was learned (`left_recorded_at`, else `left_at`).
    """
    if not table.versioned:
        return rows
    rows = rows.filter(known_before(_numbers(rows, "recorded_at"), cut))
    rows = _forget(rows, [SUPERSEDED], known_before(_numbers(rows, SUPERSEDED), cut))
    if "left_at" in rows.column_names:
        left = _numbers(rows, "left_at")
        learned = np.where(_present(rows, "left_recorded_at"), _numbers(rows, "left_recorded_at"), left)
        rows = _forget(rows, ["left_at", "left_recorded_at"], known_before(np.maximum(left, learned), cut))
    return rows


def _numbers(rows: pa.Table, name: str) -> Any:
    return pc.fill_null(rows.column(name), 0).to_numpy()


def _present(rows: pa.Table, name: str) -> Any:
    return pc.is_valid(rows.column(name)).to_numpy()


def _forget(rows: pa.Table, names: list[str], kept: Any) -> pa.Table:
    for name in names:
        values = pc.if_else(pa.array(kept), rows.column(name), pa.scalar(None, pa.int64()))
        rows = rows.set_column(rows.schema.get_field_index(name), name, values)
    return rows
