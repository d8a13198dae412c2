"""Merging one dispute into another, and undoing it: corrections of rows like any others, in one transaction.

A merge at *m* records at *m* that the dispute and its parties are withdrawn and that what happened in it
happened in the other; the undoing at *u* records at *u* that it didn't. So every as-of view before *m* is as
it was, and every engine that reads versions reads merges without knowing of them (`docs/adr/0032`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

import sqlalchemy as sa

from docket import urging
from docket.contract import BY_NAME, WITHDRAWN
from docket.store.locking import alone
from docket.store.merged import Merge, merge_of, merges_into
from docket.store.metadata import MERGES, RECORDS
from docket.store.reading import original
from docket.store.writing import append
from docket.text import prepare

Row = dict[str, Any]

_MOVED: Final = ("events", "registry", "outcomes")
_ENDS: Final = ("closed", "reopened")
"""Events that say of a record whether it is open. They aren't moved: that the second record was put away says
nothing about the matter."""


Refusal = Literal["itself", "unknown", "merged", "authority", "not_merged", "merged_further"]


class MergeRefusedError(ValueError):
    """A merge, or the undoing of one, that can't be.

    Parameters
    ----------
    code
        Why, for programs.
    message
        Why, in words; it names the disputes.
    about
        Which of the two it is about; None: both.
    """

    def __init__(self, code: Refusal, message: str, about: str | None = None) -> None:
        super().__init__(message)
        self.code, self.about = code, about


@dataclass
class Moved:
    """What a merge changed, by id, so that undoing it touches nothing else.

    Attributes
    ----------
    events, registry, outcomes
        Rows that went over to the other dispute.
    ends
        Events of opening and closing that were withdrawn.
    parties
        (person, role) withdrawn of the merged dispute.
    added
        (person, role) that the other dispute got by it.
    made
        Events that the merge itself put into the other dispute.
    """

    events: list[str] = field(default_factory=list)
    registry: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    parties: list[list[str]] = field(default_factory=list)
    added: list[list[str]] = field(default_factory=list)
    made: list[str] = field(default_factory=list)


def merge(
    conn: sa.Connection,
    dispute_id: str,
    into_id: str,
    *,
    by: str,
    reason: str,
    now: int,
    probability: float | None = None,
) -> Merge:
    """Record that a dispute is another one, reported twice.

    Parameters
    ----------
    conn
        In a transaction that may write; the caller commits or rolls back, and logs it last of all.
    dispute_id, into_id
        The second record, and the dispute that it counts for from now on.
    by, reason
        Who says so and why; the reason is kept masked, as narratives are.
    now
        µs. The merge is recorded then, or right after the latest row that it corrects.
    probability
        What the proposal said.

    Raises
    ------
    MergeRefusedError
        If one of them isn't there or was merged itself, both are one, or the dispute is with an authority and
        the other isn't.
    docket.store.locking.BusyError
        If somebody else is merging or loading.
    """
    alone(conn)
    if dispute_id == into_id:
        raise MergeRefusedError("itself", "a dispute can't be merged into itself")
    for name in (dispute_id, into_id):
        earlier = merge_of(conn, name)
        if earlier is not None:
            raise MergeRefusedError("merged", f"{name} was merged into {earlier.into_id} before", name)
    gone, kept = standing(conn, "disputes", dispute_id), standing(conn, "disputes", into_id)
    for name, found in ((dispute_id, gone), (into_id, kept)):
        if not found:
            raise MergeRefusedError("unknown", f"there is no dispute {name}", name)
    theirs, ours = standing(conn, "parties", dispute_id), standing(conn, "parties", into_id)
    if _ever_with_authority(conn, dispute_id) and not _ever_with_authority(conn, into_id):
        # It would be left out of every count from then on, for good: an undoing couldn't give that back.
        raise MergeRefusedError("authority", f"{dispute_id} is with an authority and {into_id} isn't")
    rows = {table: standing(conn, table, dispute_id) for table in _MOVED}
    own_events = standing(conn, "events", into_id)
    ends = [row for row in rows["events"] if row["kind"] in _ENDS]
    rows["events"] = [row for row in rows["events"] if row["kind"] not in _ENDS]
    at = latest_moment(
        now, [*gone, *kept, *theirs, *_versions(conn, "parties", into_id), *ends, *own_events], rows
    )
    merge_id = hashlib.sha256(json.dumps([dispute_id, into_id, at]).encode()).hexdigest()[:24]
    held = {(row["person_id"], row["role"]) for row in ours}
    added = [row for row in theirs if (row["person_id"], row["role"]) not in held]
    made = [_report(merge_id, gone[0], into_id)]
    if _closed(own_events) and not _closed(ends):
        made.append({"event_id": f"reopened-{merge_id}", "dispute_id": into_id, "at": at, "kind": "reopened"})
    moved = Moved(
        **{table: [row[BY_NAME[table].key[0]] for row in rows[table]] for table in _MOVED},
        ends=[row["event_id"] for row in ends],
        parties=[[row["person_id"], row["role"]] for row in theirs],
        added=[[row["person_id"], row["role"]] for row in added],
        made=[row["event_id"] for row in made],
    )
    correct = Corrections(conn, at, now)
    correct("disputes", gone, withdrawn=True)
    correct("parties", theirs, withdrawn=True)
    correct("parties", added, dispute_id=into_id)
    correct("events", ends, withdrawn=True)
    correct("events", made)
    for table in _MOVED:
        correct(table, rows[table], dispute_id=into_id)
    done = Merge(merge_id, dispute_id, into_id, probability, by, prepare(reason).text, at, asdict(moved))
    told = {**asdict(done), "moved": json.dumps(done.moved, ensure_ascii=False)}
    conn.execute(sa.insert(MERGES).values(**told))
    urging.end_case(conn, dispute_id, now=now)
    return done


def unmerge(conn: sa.Connection, dispute_id: str, *, by: str, reason: str, now: int) -> Merge:
    """Record that a merged dispute is one of its own after all.

    What was moved comes back as it stands by now: a correction made meanwhile is kept, only whose it is
    changes. What came in for the other dispute since stays there.

    Parameters
    ----------
    conn, by, reason, now
        As for `merge`.

    Raises
    ------
    MergeRefusedError
        If the dispute isn't merged, or the one it was merged into was merged itself since.
    docket.store.locking.BusyError
        If somebody else is merging or loading.
    """
    alone(conn)
    found = merge_of(conn, dispute_id)
    if found is None:
        raise MergeRefusedError("not_merged", f"{dispute_id} isn't merged into another dispute")
    further = merge_of(conn, found.into_id)
    if further is not None:
        raise MergeRefusedError(
            "merged_further",
            f"{found.into_id} was itself merged into {further.into_id} since: undo that first",
        )
    moved = Moved(**found.moved)
    into = found.into_id
    back = {
        table: [
            row
            for row in _by_id(conn, table, getattr(moved, table))
            if row["dispute_id"] == into and not row.get(WITHDRAWN)
        ]
        for table in _MOVED
    }
    gone = _latest(_versions(conn, "disputes", dispute_id), "disputes")
    theirs = [
        row
        for row in _latest(_versions(conn, "parties", dispute_id), "parties")
        if row[WITHDRAWN] and [row["person_id"], row["role"]] in moved.parties
    ]
    ends = [row for row in _by_id(conn, "events", moved.ends) if row[WITHDRAWN]]
    made = [row for row in _by_id(conn, "events", moved.made) if not row[WITHDRAWN]]
    others = {
        tuple(pair)
        for merge_ in merges_into(conn, into)
        if merge_ != found
        for pair in merge_.moved["parties"]
    }
    added = [
        row
        for row in standing(conn, "parties", into)
        if [row["person_id"], row["role"]] in moved.added
        # Told of the other dispute since, or brought by another report of it too: it stays.
        and row["via"] == "merge"
        and (row["person_id"], row["role"]) not in others
    ]
    at = latest_moment(max(now, found.recorded_at + 1), [*gone, *theirs, *ends, *made, *added], back)
    undone = {"undone_at": at, "undone_by": by, "undone_reason": prepare(reason).text}
    conn.execute(sa.update(MERGES).where(MERGES.c.merge_id == found.merge_id).values(**undone))
    correct = Corrections(conn, at, now)
    correct("disputes", gone, withdrawn=None)
    correct("parties", theirs, withdrawn=None)
    correct("parties", added, withdrawn=True)
    correct("events", ends, withdrawn=None)
    correct("events", made, withdrawn=True)
    for table in _MOVED:
        correct(table, back[table], dispute_id=dispute_id)
    return Merge(**{**asdict(found), **undone})


@dataclass(frozen=True)
class Corrections:
    """Appends further versions of rows, all recorded at one moment."""

    conn: sa.Connection
    at: int
    now: int

    def __call__(self, table: str, rows: Iterable[Mapping[str, Any]], **otherwise: Any) -> None:
        """Append the rows of a table as they stand, but for what is said otherwise."""
        described = BY_NAME[table]
        written = []
        for row in rows:
            whole = {name: row.get(name) for name in described.names} | {"recorded_at": self.at}
            for name in described.narratives:
                whole[name] = self._as_submitted(table, row, name)
            written.append(whole | otherwise)
        if written:
            done = append(self.conn, table, written, ingested_at=self.now, via="merge")
            if done.faults:
                raise RuntimeError(f"a merge can't be written: {table}, {done.faults[0].reason}")

    def _as_submitted(self, table: str, row: Mapping[str, Any], name: str) -> str | None:
        if "recorded_at" not in row:  # made by the merge, with its text as submitted
            text: str | None = row.get(name)
            return text
        try:
            return original(self.conn, table, row[BY_NAME[table].key[0]], row["recorded_at"])
        except KeyError:
            return None  # nothing was written


def _report(merge_id: str, gone: Row, into_id: str) -> Row:
    """The second record as what it was: the dispute reported again, through its own door."""
    return {
        "event_id": f"repeat-{merge_id}",
        "dispute_id": into_id,
        "at": gone["opened_at"],
        "kind": "repeat_report",
        "text": gone["text"],
        "source": gone["source"],
    }


def _versions(conn: sa.Connection, table: str, dispute_id: str) -> list[Row]:
    """All versions of a table's rows that say they are of a dispute, the first first."""
    made = RECORDS[table]
    query = sa.select(made).where(made.c.dispute_id == dispute_id).order_by(made.c.recorded_at)
    return [dict(row) for row in conn.execute(query).mappings()]


def _by_id(conn: sa.Connection, table: str, ids: list[str]) -> list[Row]:
    """The latest version of rows by id."""
    made = RECORDS[table]
    key = made.c[BY_NAME[table].key[0]]
    rows: list[Row] = []
    for first in range(0, len(ids), 10_000):
        query = sa.select(made).where(key.in_(ids[first : first + 10_000])).order_by(made.c.recorded_at)
        rows += [dict(row) for row in conn.execute(query).mappings()]
    return _latest(rows, table)


def _latest(rows: Iterable[Row], table: str) -> list[Row]:
    return list({tuple(row[name] for name in BY_NAME[table].key): row for row in rows}.values())


def standing(conn: sa.Connection, table: str, dispute_id: str) -> list[Row]:
    """The rows of a dispute that stand: their latest version is of it and isn't withdrawn.

    Narratives of disputes come as submitted.
    """
    key = BY_NAME[table].key
    rows = _versions(conn, table, dispute_id)
    if "dispute_id" not in key:  # the latest version may be of another dispute
        rows = [
            row
            for row in _by_id(conn, table, [row[key[0]] for row in rows])
            if row["dispute_id"] == dispute_id
        ]
    found = [row for row in _latest(rows, table) if not row.get(WITHDRAWN)]
    if table == "disputes":
        for row in found:
            row["text"] = original(conn, table, dispute_id, row["recorded_at"])
    return sorted(found, key=lambda row: tuple(row[name] for name in key))


def _ever_with_authority(conn: sa.Connection, dispute_id: str) -> bool:
    """Whether the dispute is left out of counts (`excluded_at`)."""
    rows = _versions(conn, "parties", dispute_id)
    return any(row["relation"] == "authority" and not row[WITHDRAWN] for row in rows)


def _closed(events: Iterable[Row]) -> bool:
    """Whether a dispute with these events is closed: a tie leaves it closed, as in `docket.caseload`."""
    last = {kind: [row["at"] for row in events if row["kind"] == kind] for kind in _ENDS}
    return bool(last["closed"]) and not max(last["reopened"], default=-1) > max(last["closed"])


def latest_moment(now: int, rows: Iterable[Row], moved: Mapping[str, Iterable[Row]]) -> int:
    """When the corrections are recorded: now, or right after the latest row that they correct."""
    every = [*rows, *(row for some in moved.values() for row in some)]
    return max([now, *(int(row["recorded_at"]) + 1 for row in every)])
