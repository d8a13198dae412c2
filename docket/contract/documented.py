"""The contract as a page: `python -m docket.contract.documented > docs/data-contract.md`."""

from __future__ import annotations

import sys

from docket.contract.tables import CONTRACT, Column, Table

_HEAD = """# The data contract

Made from the tables in `docket/contract/` by `python -m docket.contract.documented`; a test holds it to them.
A folder of records has one file a table, CSV (UTF-8) or Parquet, named after it. `anlan check DIR` names
every fault with file, row, field, value and what was expected.

Times are RFC 3339 or a date. A row is known from `recorded_at` on; a later row with the same key corrects an
earlier one, which earlier moments go on seeing. Columns that aren't named here are kept out and never read
by a feature.
"""


def page() -> str:
    """The whole page, Markdown."""
    return "\n".join([_HEAD, *(_table(table) for table in CONTRACT)])


def _table(table: Table) -> str:
    traits = []
    if table.optional:
        traits.append("May be left out.")
    if table.sealed:
        traits.append("Stands only encrypted in a store, and in no snapshot.")
    if table.retires:
        traits.append("A row that a later file leaves out stops counting.")
    if table.happened is not None:
        traits.append(f"`recorded_at` can't be before `{table.happened}`.")
    key = ", ".join(f"`{name}`" for name in table.key)
    lines = [f"## {table.name}", "", f"{table.title}. Key: {key}. {' '.join(traits)}".rstrip(), ""]
    lines += ["| column | holds | empty | means |", "|---|---|---|---|"]
    lines += [
        f"| `{column.name}` | {_holds(column)} | {'yes' if column.nullable else 'no'} | {column.note} |"
        for column in table.columns
    ]
    lines += [
        f"| `{column.name}` | {_holds(column)} | yes | {column.note}; of a file only, checked and not kept |"
        for column in table.asked
    ]
    return "\n".join([*lines, ""])


def _holds(column: Column) -> str:
    told = column.kind.value
    if column.values is not None:
        told += ": " + ", ".join(f"`{value}`" for value in column.values)
    if column.refers is not None:
        told += f", a key of `{column.refers}`"
    if column.low is not None or column.high is not None:
        low, high = ("" if end is None else f"{end:g}" for end in (column.low, column.high))
        told += f", {low} to {high}" if low and high else f", from {low}" if low else f", to {high}"
    return told


if __name__ == "__main__":
    sys.stdout.write(page())
