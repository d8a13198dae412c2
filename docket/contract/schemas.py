"""pandera schemas of the contract's tables.

A schema checks a typed frame: text as pandas strings, times as Int64 microseconds since the epoch, numbers as
Float64, booleans as nullable booleans. The error of every check is the reason that a report gives; a check
that reads a whole row says which column is at fault as `column: reason`.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import pandas as pd
import pandera.pandas as pa

from docket import faults
from docket.contract.tables import Column, Kind, Table
from docket.times import LOCAL

DTYPES: Final = {
    Kind.TEXT: "str",
    Kind.NARRATIVE: "str",
    Kind.TIME: "Int64",
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "Float64",
    Kind.BOOLEAN: "boolean",
}
"""The pandas dtype of each kind of column in a typed frame."""


@cache
def schema(table: Table) -> pa.DataFrameSchema:
    """The pandera schema of `table`; further columns are allowed."""
    return pa.DataFrameSchema(
        {column.name: _column(column, table) for column in table.columns},
        checks=list(_row_checks(table)),
        strict=False,
        name=table.name,
    )


def _column(column: Column, table: Table) -> pa.Column:
    checks = []
    if column.values is not None:
        checks.append(pa.Check.isin(column.values, error=faults.UNKNOWN_VALUE))
    if column.low is not None or column.high is not None:
        checks += _limits(column)
    if column.kind is Kind.NARRATIVE and not column.nullable:
        checks.append(pa.Check(lambda text: text.str.strip() != "", error=faults.EMPTY_NARRATIVE))
    if table.key == (column.name,):
        checks.append(pa.Check(lambda ids: ~ids.duplicated(keep="first"), error=faults.DUPLICATE))
    return pa.Column(
        DTYPES[column.kind], checks=checks, nullable=column.nullable, required=not column.nullable
    )


def _limits(column: Column) -> list[pa.Check]:
    low, high = column.low, column.high
    if column.outside != faults.BELOW_ZERO:
        return [
            check
            for check in (
                pa.Check.ge(low, error=column.outside) if low is not None else None,
                pa.Check.le(high, error=column.outside) if high is not None else None,
            )
            if check is not None
        ]
    checks = [pa.Check.ge(0, error=faults.BELOW_ZERO)]
    if high is not None:
        checks.append(pa.Check.le(high, error=faults.OUT_OF_RANGE))
    return checks


def _row_checks(table: Table) -> list[pa.Check]:
    checks = []
    if table.happened is not None:
        happened = table.happened
        checks.append(
            pa.Check(
                lambda rows: _holds(rows["recorded_at"] >= rows[happened]),
                error=f"recorded_at: {faults.EARLY}",
            )
        )
    if "birth_year" in table.names:
        checks.append(pa.Check(_born_before_recorded, error=f"birth_year: {faults.OUT_OF_RANGE}"))
    if {"start", "end"} <= set(table.names):
        checks.append(pa.Check(_span_in_order, error=f"end: {faults.OUT_OF_RANGE}"))
    if len(table.key) > 1:
        key = list(table.key)
        checks.append(
            pa.Check(
                lambda rows: ~rows.duplicated(key, keep="first") | rows[key].isna().any(axis=1),
                error=f"{key[-1]}: {faults.DUPLICATE}",
            )
        )
    return checks


def _holds(condition: pd.Series[bool]) -> pd.Series[bool]:
    """The condition, true where a missing value leaves it open: the missing value is its own fault."""
    return condition.fillna(True).astype(bool)


def _born_before_recorded(rows: pd.DataFrame) -> pd.Series[bool]:
    if "birth_year" not in rows:
        return pd.Series(True, index=rows.index)
    recorded = pd.to_datetime(rows["recorded_at"], unit="us", utc=True).dt.tz_convert(LOCAL)
    return _holds(rows["birth_year"] <= recorded.dt.year.astype("Int64"))


def _span_in_order(rows: pd.DataFrame) -> pd.Series[bool]:
    if not {"start", "end"} <= set(rows.columns):
        return pd.Series(True, index=rows.index)
    return _holds(rows["start"] <= rows["end"])
