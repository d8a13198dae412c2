"""What the records would be without a fact that a reason names: rows taken away, spans cut, features anew.

A reason that names what somebody failed to do (no contact for forty days) is taken back by doing it: a row
more instead of rows less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from docket.snapshot import Snapshot
from docket.text import prepare
from docket.times import DAY, MINUTE
from features.catalogue.kinds import LOST, ORDERS, STEPS, VIOLENT_KINDS
from features.cues import tag
from features.documents import Document
from features.portable import LOOKUP
from features.sources import DuckSource
from features.sources.base import Narrowing
from models.reading import asserted

KINDS = {
    "police": frozenset({"police_call"}),
    "repeat": frozenset({"repeat_report"}),
    "lost": LOST,
    "orders": ORDERS,
    "course": STEPS,
    "reopened": frozenset({"reopened"}),
    "handover": frozenset({"handover"}),
}


@dataclass(frozen=True)
class Records:
    """Records from which rows can be taken."""

    snapshot: Snapshot

    @cached_property
    def parties(self) -> Any:
        """`dispute_id, person_id, role`."""
        return self.snapshot.tables["parties"].select(["dispute_id", "person_id", "role"]).to_pandas()

    @cached_property
    def _by_dispute(self) -> dict[str, list[tuple[str, str]]]:
        held: dict[str, list[tuple[str, str]]] = {}
        for dispute, person, role in self.parties.itertuples(index=False):
            held.setdefault(dispute, []).append((person, role))
        return held

    @cached_property
    def _by_person(self) -> dict[str, set[str]]:
        held: dict[str, set[str]] = {}
        for dispute, person, _ in self.parties.itertuples(index=False):
            held.setdefault(person, set()).add(dispute)
        return held

    def people(self, dispute: str, *roles: str) -> set[str]:
        """Parties in these roles, or in any."""
        return {person for person, role in self._by_dispute[dispute] if not roles or role in roles}

    def others(self, dispute: str, side: str) -> set[str]:
        """The other disputes of a side: of its persons, or of an applicant with a respondent."""
        if side != "pair":
            people = self.people(dispute, side)
            return set().union(*(self._by_person[person] for person in people)) - {dispute}
        found: set[str] = set()
        for one in self.people(dispute, "applicant"):
            for other in self.people(dispute, "respondent"):
                if one != other:
                    found |= self._by_person[one] & self._by_person[other]
        return found - {dispute}

    def without(self, fact: str, dispute: str, as_of: int) -> Snapshot | None:
        """The records without a fact (`models.facts`); None where it can't be taken away."""
        side, topic = fact.split("/")
        if side in {"pair", "respondent", "applicant"}:
            return self._without_history(self.others(dispute, side), topic)
        return self._without_own(side, topic, dispute, as_of)

    def _without_history(self, others: set[str], topic: str) -> Snapshot:
        if topic == "disputes":
            return self._dropped("disputes", self._of("disputes", others))
        if topic == "violence":
            return self._dropped(
                "disputes",
                pc.and_(self._of("disputes", others), self._among("disputes", "kind", VIOLENT_KINDS)),
            )
        if topic == "harm":
            return self._dropped("outcomes", self._of("outcomes", others))
        return self._dropped(
            "events", pc.and_(self._of("events", others), self._among("events", "kind", KINDS[topic]))
        )

    def _without_own(self, side: str, topic: str, dispute: str, as_of: int) -> Snapshot | None:
        people = self.people(dispute)
        if topic in KINDS:
            own = self._of("events", {dispute})
            return self._dropped("events", pc.and_(own, self._among("events", "kind", KINDS[topic])))
        if side == "people":
            return self._without_people(topic, dispute, people, as_of)
        makers: dict[str, Callable[[], Snapshot]] = {
            "kind": lambda: self._with("disputes", dispute, "kind", "other"),
            "relation": lambda: self._with("parties", dispute, "relation", "unknown"),
            "door": lambda: self._with("disputes", dispute, "source", "walk_in"),
            "amount": lambda: self._with("disputes", dispute, "amount_cny", None),
            "delay": lambda: self._reported_at_once(dispute),
            "affected": lambda: self._dropped(
                "parties",
                pc.and_(self._of("parties", {dispute}), self._among("parties", "role", ["affected"])),
            ),
            "contact": lambda: self._contacted(dispute, as_of),
            "late": lambda: self._contacted(dispute, self._first(dispute) + MINUTE),
            "entry": lambda: self._dropped("registry", self._of("registry", {dispute})),
            "harm": lambda: self._dropped("outcomes", self._of("outcomes", {dispute})),
            "disputes": lambda: self._quiet_grid(dispute, as_of),
        }
        return makers[topic]() if topic in makers else None

    def _without_people(self, topic: str, dispute: str, people: set[str], as_of: int) -> Snapshot:
        visits = self.snapshot.tables["visits"]
        theirs = self._among("visits", "person_id", people)
        if topic == "entry":
            other = pc.invert(self._of("registry", {dispute}))
            return self._dropped("registry", pc.and_(self._among("registry", "person_id", people), other))
        if topic == "worse":
            return self._dropped(
                "visits", pc.and_(theirs, self._among("visits", "finding", ["worse", "tense"]))
            )
        if topic == "missed":
            return self._dropped("visits", pc.and_(theirs, pc.invert(visits["contact"])))
        row = {
            "visit_id": "of-the-bench",
            "person_id": sorted(people)[0],
            "worker_id": self.snapshot.tables["workers"]["worker_id"][0].as_py(),
            "at": as_of,
            "recorded_at": as_of,
            "contact": True,
            "finding": "unknown",
        }
        return self._added("visits", row)

    def _of(self, table: str, disputes: Iterable[str]) -> Any:
        return self._among(table, "dispute_id", disputes)

    def _among(self, table: str, column: str, values: Iterable[str]) -> Any:
        held = self.snapshot.tables[table][column]
        return pc.is_in(held, value_set=pa.array(sorted(values), held.type))

    def _dropped(self, table: str, gone: Any) -> Snapshot:
        rows = self.snapshot.tables[table]
        return self._put(table, rows.filter(pc.invert(gone)))

    def _put(self, table: str, rows: pa.Table) -> Snapshot:
        return Snapshot({**self.snapshot.tables, table: rows}, self.snapshot.originals)

    def _with(self, table: str, dispute: str, column: str, value: Any) -> Snapshot:
        rows = self.snapshot.tables[table]
        held = rows[column]
        changed = pc.if_else(self._of(table, {dispute}), pa.scalar(value, held.type), held)
        return self._put(table, rows.set_column(rows.column_names.index(column), column, changed))

    def _added(self, table: str, row: dict[str, Any]) -> Snapshot:
        rows = self.snapshot.tables[table]
        more = pa.table(
            {name: pa.array([row.get(name)], rows.schema.field(name).type) for name in rows.column_names}
        )
        return self._put(table, pa.concat_tables([rows, more.cast(rows.schema)]))

    def _first(self, dispute: str) -> int:
        rows = self.snapshot.tables["disputes"].filter(self._of("disputes", {dispute}))
        return int(pc.min(rows["recorded_at"]).as_py())

    def _reported_at_once(self, dispute: str) -> Snapshot:
        rows = self.snapshot.tables["disputes"]
        own = np.asarray(self._of("disputes", {dispute}))
        opened = np.array(rows["opened_at"])
        waited = np.array(rows["recorded_at"]) - opened
        opened = opened + np.where(own, waited // DAY * DAY, 0)
        place = rows.column_names.index("opened_at")
        return self._put("disputes", rows.set_column(place, "opened_at", pa.array(opened)))

    def _contacted(self, dispute: str, at: int) -> Snapshot:
        row = {
            "event_id": "of-the-bench",
            "dispute_id": dispute,
            "at": at,
            "recorded_at": at,
            "kind": "contacted",
        }
        return self._added("events", row)

    def _quiet_grid(self, dispute: str, as_of: int) -> Snapshot:
        rows = self.snapshot.tables["disputes"]
        own = rows.filter(self._of("disputes", {dispute}))
        opened = np.array(rows["opened_at"])
        near = np.asarray(pc.equal(rows["grid_id"], own["grid_id"][0])) & (opened > as_of - 90 * DAY)
        return self._dropped("disputes", pc.and_(pa.array(near), pc.invert(self._of("disputes", {dispute}))))


def without_cue(document: Document, original: str, cue: str) -> str:
    """A document's text without what a cue was read from, wherever it is asserted.

    The narrative is cut as it was submitted and prepared anew; what was written later as it stands.
    """
    parts = list(document.parts)
    for _ in range(4):  # what is left may say it again
        text = "\n".join(part.text for part in parts)
        found = [finding for finding in asserted(tag(text)) if finding.cue == cue]
        if not found:
            break
        read, start = prepare(original), 0
        for place, part in enumerate(parts):
            spans = [
                (finding.start - start, finding.end - start)
                for finding in found
                if start <= finding.start < start + len(part.text)
            ]
            if spans and part.kind == "narrative" and part.text == read.text:
                original = cut(original, [read.span(*span) for span in spans])
                parts[place] = replace(part, text=prepare(original).text)
            elif spans:
                parts[place] = replace(part, text=cut(part.text, spans))
            start += len(part.text) + 1
    return "\n".join(part.text for part in parts)


def cut(text: str, spans: list[tuple[int, int]]) -> str:
    """A text without some of its spans."""
    for begin, end in sorted(spans, reverse=True):
        text = text[:begin] + text[end:]
    return text


class NarrowSource(DuckSource):
    """DuckDB over records, reading only what one case needs: the same columns, in half of the time."""

    def fetch(self, sql: str, fields: pa.Schema, narrowing: Narrowing) -> pa.Table:
        """See `features.sources.base.Source`."""
        if any(len(values) == 0 for values in narrowing.values):
            return fields.empty_table()
        wanted = [
            f"{column} IN ({', '.join(repr(value) for value in values)})"
            for column, values in zip(narrowing.columns, narrowing.values, strict=True)
            if len(values) <= 1_000
        ]
        answer: pa.Table = self._connection.sql(
            sql.replace(LOOKUP, f"({' AND '.join(wanted) or 'TRUE'})")
        ).to_arrow_table()
        return answer.select(fields.names).cast(fields)
