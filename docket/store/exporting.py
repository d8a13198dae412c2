"""A whole store as a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from docket.contract import OPEN_TABLES, Table
from docket.parsing import arrow_schema
from docket.store.engine import Store
from docket.store.metadata import RECORDS
from docket.store.reading import original
from docket.store.seeing import was_seen
from docket.times import DAY
from docket.versions import with_exclusions, with_supersession

if TYPE_CHECKING:
    from docket.snapshot import Clock, Originals

_CHUNK: Final = 50_000
_BOOKKEEPING: Final = pa.schema([("via", pa.large_string()), ("ingested_at", pa.int64())])


def read_tables(store: Store, clock: Clock) -> dict[str, pa.Table]:
    """All tables of the store, in one state of it, as a snapshot holds them."""
    with store.snapshot() as conn:
        tables = {table.name: _read(conn, table, learned=clock.name == "LEARNED") for table in OPEN_TABLES}
    return with_exclusions(tables)


def store_originals(store: Store) -> Originals:
    """Finds and decrypts narratives of disputes in the store."""
    disputes = RECORDS["disputes"]

    def find(dispute_id: str, as_of: int) -> str:
        query = (
            sa.select(disputes.c.recorded_at, disputes.c.withdrawn)
            .where(disputes.c.dispute_id == dispute_id, disputes.c.recorded_at <= as_of)
            .order_by(disputes.c.recorded_at.desc())
            .limit(1)
        )
        with store.snapshot() as conn:
            latest = conn.execute(query).first()
            if latest is None or latest.withdrawn:
                raise KeyError(f"{dispute_id} was not known then")
            return original(conn, "disputes", dispute_id, latest.recorded_at)

    return find


def _read(conn: sa.Connection, table: Table, *, learned: bool) -> pa.Table:
    made = RECORDS[table.name]
    schema = arrow_schema(table)
    columns = [made.c[name] for name in table.names]
    query = sa.select(*columns)
    if not table.versioned:
        return with_supersession(_fetch(conn, query.where(made.c.replaced_at.is_(None)), schema), table)
    if not learned:
        return with_supersession(_fetch(conn, query, schema), table)
    query = sa.select(*columns, made.c.via, made.c.ingested_at)
    rows = _fetch(conn, query, pa.schema([*schema, *_BOOKKEEPING]))
    return with_supersession(_by_learning(rows, table), table)


def _fetch(conn: sa.Connection, query: Any, schema: pa.Schema) -> pa.Table:
    result = conn.execution_options(stream_results=True).execute(query)
    batches = []
    for rows in result.partitions(_CHUNK):
        cells = zip(*rows, strict=True)
        arrays = [pa.array(values, kind) for values, kind in zip(cells, schema.types, strict=True)]
        batches.append(pa.record_batch(arrays, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def _by_learning(rows: pa.Table, table: Table) -> pa.Table:
    """The rows with every time of recording put off to when the store could have known.

    A version that was learned no sooner than a later version of the same row was never the known one, and is
    left out.
    """
    recorded = rows.column("recorded_at").to_numpy()
    floor = np.where(
        pc.equal(rows.column("via"), "api").to_numpy(), rows.column("ingested_at").to_numpy(), recorded
    )
    learned = np.maximum(recorded, floor)
    if "left_at" in table.names:
        left = pc.coalesce(rows.column("left_recorded_at"), rows.column("left_at"))
        later = pc.if_else(pc.is_valid(rows.column("left_at")), pc.max_element_wise(left, floor), None)
        rows = _set(rows, "left_recorded_at", later)
    versions = rows.select(list(table.key)).to_pandas().assign(recorded=recorded, learned=learned)
    kept = ~_never_known(versions, list(table.key))
    rows = _set(rows, "recorded_at", pa.array(learned))
    return rows.select(list(table.names)).filter(pa.array(kept))


def _never_known(versions: pd.DataFrame, key: list[str]) -> Any:
    several = versions[versions.duplicated(key, keep=False)].sort_values("recorded", ascending=False)
    several["next"] = several.groupby(key)["learned"].cummin()
    several["next"] = several.groupby(key)["next"].shift()
    lost = several.index[several["next"] <= several["learned"]]
    return versions.index.isin(lost)


def _set(rows: pa.Table, name: str, values: Any) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), name, values)


def held_about(
    conn: sa.Connection, dispute_id: str, by: int, marked: str | None = None
) -> dict[str, pa.Table]:
    """What the store held at a moment about one dispute, as a snapshot holds it.

    Parameters
    ----------
    by
        Nothing that was ingested later is read, whatever its `recorded_at` says.
    marked
        What the snapshot saw that is meant (`docket.store.seeing`); None: all that was ingested by then.

    Returns
    -------
    dict
        Tables by name. The dispute with all its texts and parties: events that were ever of it, and visits to
        whoever was ever a party; grids as they are now. All others are empty.
    """
    events, parties = RECORDS["events"], RECORDS["parties"]
    mine = {
        "grids": RECORDS["grids"].c.replaced_at.is_(None),
        "disputes": RECORDS["disputes"].c.dispute_id == dispute_id,
        "parties": parties.c.dispute_id == dispute_id,
        "events": events.c.event_id.in_(
            sa.select(events.c.event_id).where(events.c.dispute_id == dispute_id)
        ),
        "visits": RECORDS["visits"].c.person_id.in_(
            sa.select(parties.c.person_id).where(parties.c.dispute_id == dispute_id)
        ),
    }
    tables = {}
    for table in OPEN_TABLES:
        made, schema = RECORDS[table.name], arrow_schema(table)
        rows = schema.empty_table()
        if table.name in mine:
            columns = [made.c[name] for name in table.names]
            held = _held(conn, table, by, marked)
            rows = _fetch(conn, sa.select(*columns).where(mine[table.name], held), schema)
        tables[table.name] = with_supersession(rows, table)
    return with_exclusions(tables)


def _held(conn: sa.Connection, table: Table, by: int, marked: str | None) -> sa.ColumnElement[bool]:
    if not table.versioned:
        return sa.true()
    ingested = RECORDS[table.name].c.ingested_at
    if marked is None:
        return ingested <= by
    # The moment as well, but for what clocks may be wrong by: where a backup is put back, the database may
    # begin anew to number its transactions.
    return (ingested <= by + DAY) & was_seen(conn, table.name, marked)
