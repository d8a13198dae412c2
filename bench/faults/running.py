"""One fault under load: before, during, after; then everything settles and is counted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from docket.times import now_micros

from .counting import Counted, count
from .databases import MIB, CannotMakeError, Postgres, Sqlite, database, disk, scratch
from .load import Sent
from .processes import wait_for
from .registry import Registry
from .world import Plan, World, scalar, world

_PATIENCE = 150.0
"""Seconds that callers go on trying after the load has ended."""
_SETTLES = 300.0


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes
    ----------
    name, what
        As in the table.
    make
        Makes it, and undoes it; returns when it is over and a word on what was seen. Callers go on meanwhile.
    stores
        Databases that it can be made with.
    room
        MiB of a small disk for each database; none: the usual disk.
    environments
        What each of the workers is told, by the folder for files.
    """

    name: str
    what: str
    make: Callable[[World], str]
    stores: tuple[str, ...] = (Sqlite.name, Postgres.name)
    room: Mapping[str, int] | None = None
    environments: Callable[[Path], tuple[Mapping[str, str], ...]] = lambda _: ({}, {})


@dataclass
class Row:
    """A row of the table."""

    fault: str
    store: str
    sent: int = 0
    taken: int = 0
    refused: int = 0
    cut: int = 0
    retried: int = 0
    back: float = 0.0
    settled: float = 0.0
    counted: Counted = field(default_factory=Counted)
    note: str = ""
    made: bool = True

    @property
    def bad(self) -> bool:
        """Whether anything was lost, doubled or wrong."""
        return bool(self.counted.lost or self.counted.doubled or self.counted.wrong)


def run(
    fault: Fault, store: str, plan: Plan, registry_in: Callable[[Path], AbstractContextManager[Registry]]
) -> Row:
    """Make a fault on a database, and count.

    Parameters
    ----------
    registry_in
        Gives a registry of its own that may use that folder.
    """
    row = Row(fault.name, store)
    try:
        with ExitStack() as stack:
            folder = stack.enter_context(scratch())
            registry = stack.enter_context(registry_in(folder / "registry"))
            place, room = folder / "db", None
            if fault.room is None:
                place.mkdir()
            else:
                size = fault.room[store] * MIB
                room = stack.enter_context(disk(place, size, or_limit=store == Sqlite.name))
            under = stack.enter_context(database(store, place))
            environments = fault.environments(folder)
            running = stack.enter_context(
                world(plan, folder, under, registry, disk=room, environments=environments, name=fault.name)
            )
            _under_load(fault, running, row)
            keep = os.environ.get("ANLAN_FAULTS_KEEP")
            if keep:
                _copy_logs(folder, Path(keep) / f"{fault.name}-{store}")
    except CannotMakeError as error:
        row.made, row.note = False, str(error)
    return row


def _under_load(fault: Fault, running: World, row: Row) -> None:
    plan, load = running.plan, running.load
    load.start()
    try:
        running.some_more(plan.before)
        row.note = fault.make(running)
        over = time.monotonic()
        running.some_more(plan.after)
    finally:
        load.stop(_PATIENCE)
    row.settled = _settle(running) - over
    every = [*load.sent, *running.extra]
    tries = [one for sent in every for one in sent.tries]
    row.back = _back(every, over)
    row.sent = len(every)
    row.taken = sum(200 <= one.status < 300 for one in tries)
    row.refused = sum(one.status == 503 for one in tries)
    row.cut = sum(one.status == 0 for one in tries)
    row.retried = sum(len(one.tries) > 1 for one in every)
    row.counted = count(running, every)


def _back(sent: list[Sent], over: float) -> float:
    """Seconds from the end of the fault to the last try that failed, else to the first write taken."""
    tries = [(one, attempt) for one in sent for attempt in one.tries if attempt.ended > over]
    good = [a.ended for one, a in tries if one.asked.key is not None and 200 <= a.status < 300]
    bad = [a.ended for _, a in tries if a.status in (0, 503)]
    return max([min(good, default=over), *bad]) - over


def _settle(running: World) -> float:
    """Wait until nothing is left to be scored or told; when that was (monotonic)."""
    store = running.store()

    def settled() -> bool:
        if running.plan.hasten:
            _hasten(store.engine)
        with store.snapshot() as conn:
            waiting = scalar(conn, "SELECT COUNT(*) FROM unscored")
            due = (
                "SELECT COUNT(*) FROM outbox WHERE state = 'pending' "
                "AND (event <> 'deadline' OR due_at <= :now)"
            )
            return waiting + scalar(conn, due, now=now_micros()) == 0

    try:
        wait_for("everything is scored and told", settled, seconds=_SETTLES, pause=0.5)
    except TimeoutError:
        pass  # what is left is counted
    finally:
        store.close()
    return time.monotonic()


def _hasten(engine: sa.Engine) -> None:
    """Whatever waits for a minute or more needn't."""
    now = {"now": now_micros()}
    with engine.begin() as conn:
        conn.execute(sa.text("UPDATE unscored SET due_at = :now WHERE due_at > :now AND tries = 0"), now)
        conn.execute(
            sa.text("UPDATE outbox SET next_at = :now WHERE state = 'pending' AND event <> 'deadline'"), now
        )
        # The lease of a try that was begun ten seconds ago or more: nobody is at it any more.
        late = "UPDATE outbox SET leased_until = :now WHERE leased_until > :now AND leased_until < :soon"
        conn.execute(sa.text(late), now | {"soon": now["now"] + 60_000_000})


def _copy_logs(folder: Path, into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        (into / log.name).write_bytes(log.read_bytes())
