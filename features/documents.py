"""What had been written about a dispute by a moment, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from docket.asof import NEVER, live

from .arrays import I64
from .declarations import Entity
from .expansion import Request, live_rows, request_of
from .portable import LOOKUP
from .sources.base import Narrowing, Source

Kind = Literal["narrative", "event", "visit"]
Entry: TypeAlias = "tuple[bool, int, int, str, str, Part]"
"""A part with what orders it: whether it came after the narrative, known, at, id, kind."""


@dataclass(frozen=True, slots=True)
class Part:
    """One text: prepared, so normalised, masked and freed of what must not be read.

    Attributes
    ----------
    kind
        Where it comes from.
    at, known
        When what it tells of happened, and when it was recorded (microseconds).
    text
        Never null; an empty narrative stays as the first part, other empty texts are left out.
    """

    kind: Kind
    at: int
    known: int
    text: str


@dataclass(frozen=True)
class Document:
    """All texts of a dispute at a moment: the narrative first, the others by (known, at, id).

    A dispute not known by then has no parts.
    """

    parts: tuple[Part, ...]

    @cached_property
    def text(self) -> str:
        """The parts' texts, a line each: what the model reads."""
        return "\n".join(part.text for part in self.parts)

    def added_since(self, moment: int) -> Document:
        """What was written of it after `moment` (microseconds), a narrative's later version among it.

        Nothing is read across parts, so the cues of what was added are those that it has in the whole.
        """
        return Document(tuple(part for part in self.parts if not live(part.known, NEVER, moment)))


_FIELDS: Final = pa.schema(
    [
        ("owner", pa.string()),
        ("item", pa.string()),
        ("at", pa.int64()),
        ("known", pa.int64()),
        ("until", pa.int64()),
        ("text", pa.string()),
    ]
)


def _sql(table: str, owner: str, item: str, at: str, *, text: str = 'x."text"', where: str = "") -> str:
    return (
        f'SELECT x.{owner} AS owner, x.{item} AS item, x."{at}" AS "at", x.recorded_at AS known, '
        f'COALESCE(x.superseded_at, {NEVER}) AS "until", {text} AS "text" '
        f"FROM known_{table} AS x WHERE {LOOKUP}{where}"
    )


_WRITTEN: Final = ' AND x."text" IS NOT NULL'
NARRATIVES_SQL: Final = _sql(
    "disputes", "dispute_id", "dispute_id", "opened_at", text="COALESCE(x.\"text\", '')"
)
EVENTS_SQL: Final = _sql("events", "dispute_id", "event_id", "at", where=_WRITTEN)
VISITS_SQL: Final = _sql("visits", "person_id", "visit_id", "at", where=_WRITTEN)


@dataclass(frozen=True)
class _Found:
    """Texts of one kind, and which query reads which."""

    kind: Kind
    rows: pa.Table
    query: I64
    row: I64

    @classmethod
    def of(
        cls, source: Source, kind: Kind, sql: str, owner: str, names: pa.Array, wanted: I64, as_of: I64
    ) -> _Found:
        used = names.take(pa.array(np.unique(wanted))).to_pylist()
        rows = source.fetch(sql, _FIELDS, Narrowing((f"x.{owner}",), (used,)))
        query, row = live_rows(rows, "owner", names, wanted, as_of)
        return cls(kind, rows, query, row)

    def column(self, name: str) -> I64:
        """(found,) integers of a column."""
        return np.asarray(self.rows[name].combine_chunks().to_numpy(zero_copy_only=False), np.int64)[self.row]

    def parts(self) -> list[Part]:
        """(rows,) each row as a part."""
        columns = (self.rows[name].to_pylist() for name in ("at", "known", "text"))
        return [Part(self.kind, at, known, text) for at, known, text in zip(*columns, strict=True)]


def documents(source: Source, dispute_ids: Sequence[str], as_of: I64) -> list[Document]:
    """The texts known of disputes at moments.

    Visits are those to the parties known by then, from the day the dispute began: what a worker wrote about
    a person before that belongs to another matter.

    Parameters
    ----------
    source
        `DuckSource` or `StoreSource`.
    dispute_ids, as_of
        (n,) the queries: a dispute, and a moment in microseconds since the epoch.

    Returns
    -------
    list of Document
        (n,) in the order of the queries.
    """
    return documents_of(source, request_of(source, dispute_ids, as_of))


def documents_of(source: Source, request: Request) -> list[Document]:
    """`documents` for queries whose keys are known already."""
    found = _find(source, request)
    size = request.as_of.size
    texts = [found_kind.parts() for found_kind in found]
    ids = [found_kind.rows["item"].to_pylist() for found_kind in found]
    read: list[list[Entry]] = [[] for _ in range(size)]
    for found_kind, parts, items in zip(found, texts, ids, strict=True):
        later = found_kind.kind != "narrative"
        for query, row in zip(found_kind.query.tolist(), found_kind.row.tolist(), strict=True):
            part = parts[row]
            read[query].append((later, part.known, part.at, items[row], part.kind, part))
    return [document_of(entries) for entries in read]


def document_of(entries: Sequence[Entry]) -> Document:
    """The document of its parts, whatever order they were found in."""
    return Document(tuple(entry[-1] for entry in sorted(entries, key=lambda entry: entry[:-1])))


def _find(source: Source, request: Request) -> tuple[_Found, ...]:
    cases, people = request.expansions[Entity.DISPUTE], request.expansions[Entity.PERSON]
    moments = request.as_of[cases.query]
    narratives = _Found.of(source, "narrative", NARRATIVES_SQL, "dispute_id", cases.names, cases.key, moments)
    events = _Found.of(source, "event", EVENTS_SQL, "dispute_id", cases.names, cases.key, moments)
    visits = _Found.of(
        source, "visit", VISITS_SQL, "person_id", people.names, people.key, request.as_of[people.query]
    )
    narratives, events = (
        _Found(found.kind, found.rows, cases.query[found.query], found.row) for found in (narratives, events)
    )
    began = np.full(request.as_of.size, NEVER, np.int64)
    began[narratives.query] = narratives.column("at")
    query = people.query[visits.query]
    # Once for a person who holds two roles, and only from the day the dispute began.
    pairs = np.unique(np.stack([query, visits.row], axis=1)[visits.column("at") >= began[query]], axis=0)
    return narratives, events, _Found("visit", visits.rows, pairs[:, 0], pairs[:, 1])
