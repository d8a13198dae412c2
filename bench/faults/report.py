"""The table as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .running import Row
from .world import Plan

_COLUMNS: Final = (
    ("fault", 12), ("store", 11), ("sent", 6), ("2xx", 6), ("503", 5), ("cut", 5), ("retried", 8),
    ("lost", 5), ("doubled", 8), ("wrong", 6), ("back s", 7), ("settled s", 10),
)  # fmt: skip
_MOST: Final = 12
_HEAD: Final = """\
{machine}; seed {seed}; load of other work {load:.1f} at the start; {minutes:.0f} minutes
{rate:g} requests a second by {callers} callers: cases 50 %, events 28 %, reads, decisions and lists the rest;
15 % of all are repeats; a tenth of the writes is tried once only, the others until they are answered.
Two workers (`anlan serve`), {before} requests answered before the fault and {after} after it.
Not made: a restart and a hang on SQLite, which has no server; a slow fsync on PostgreSQL, where the hang
stands for it.

sent       requests, of the load and of the fault itself; 2xx, 503, cut (no answer): their tries
retried    requests that needed more than one try
lost       answered 2xx and not stored, not logged, or a webhook never delivered; or tried to the end in vain
doubled    a row, an assessment of a moment, a line of the log, a delivery there twice
wrong      a repeat answered otherwise, an assessment that comes out otherwise when made again ({replays} of
           each run), versions mixed, a 500, a 503 without Retry-After, a broken log, a case left unscored
back       from the end of the fault to the last request that failed, else to the first write that was taken
settled    from there until nothing was left to be scored or told

"""


def head(plan: Plan, machine: str, load: float, minutes: float) -> str:
    """What the table is of."""
    return _HEAD.format(machine=machine, load=load, minutes=minutes, **vars(plan))


def told(rows: Sequence[Row]) -> str:
    """A line a run, and below it what was seen and what was found."""
    lines = ["".join(f"{name:>{width}}" for name, width in _COLUMNS)]
    for row in rows:
        if not row.made:
            lines += [f"{row.fault:>12}{row.store:>11}  not made here: {row.note}"]
            continue
        counted = row.counted
        cells = (
            row.fault, row.store, row.sent, row.taken, row.refused, row.cut, row.retried, len(counted.lost),
            len(counted.doubled), len(counted.wrong), f"{row.back:.1f}", f"{row.settled:.1f}",
        )  # fmt: skip
        lines.append("".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, _COLUMNS, strict=True)))
        lines.append(f"             {row.note}")
        for what in ("lost", "doubled", "wrong"):
            found = getattr(counted, what)
            lines += [f"             {what}: {one}" for one in found[:_MOST]]
            if len(found) > _MOST:
                lines.append(f"             {what}: … and {len(found) - _MOST} more")
    return "\n".join(lines) + "\n"
