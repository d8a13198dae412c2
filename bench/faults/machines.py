"""Faults of what the service runs on: its processes, its database, its disk, its clock."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .databases import CannotMakeError, Postgres
from .processes import wait_for
from .world import World

_HOUR: Final = 3_600
_FAKETIME: Final = "/usr/lib/{}-linux-gnu/faketime/libfaketimeMT.so.1"
_SLOW: Final = Path(__file__).with_name("slow_fsync.c")


def killed(world: World) -> str:
    """SIGKILL of one worker, then of the other; each is started anew."""
    for number, worker in enumerate(world.workers):
        worker.kill()
        time.sleep(world.plan.during / 4)
        worker.start()
        world.wait_ready(number)
        world.some_more(world.plan.before // 3)
    return f"{len(world.workers)} kills, one after the other"


def _postgres(world: World) -> Postgres:
    if not isinstance(world.database, Postgres):
        raise CannotMakeError("SQLite has no server")
    return world.database


def restarted(world: World) -> str:
    """The database is stopped as by a power cut and started again, twice."""
    database = _postgres(world)
    for _ in range(2):
        database.stop_at_once()
        time.sleep(world.plan.during / 4)
        database.start()
        world.some_more(world.plan.before // 3)
    return f"immediate mode, twice; down for {world.plan.during / 4:.0f} s each"


def hung(world: World) -> str:
    """All processes of the database are held up, and then go on."""
    database = _postgres(world)
    database.pause()
    try:
        world.lasting()
    finally:
        database.resume()
    return f"SIGSTOP for {world.plan.during:.0f} s"


def full(world: World) -> str:
    """Nothing can be written any more, until somebody makes room."""
    if world.disk is None:
        raise RuntimeError("the database lies on no small disk")
    refused = _refusals(world)
    world.disk.fill(world.pids)
    try:
        wait_for("writes are refused", lambda: _refusals(world) >= refused + 10, seconds=120)
        time.sleep(world.plan.during / 4)
    finally:
        world.disk.free(world.pids)
    down = isinstance(world.database, Postgres) and not world.database.runs
    if isinstance(world.database, Postgres) and down:
        world.database.start()
    return world.disk.how + ("; PostgreSQL stopped by itself and was started anew" if down else "")


def _refusals(world: World) -> int:
    return sum(one.status in (0, 503) for one in world.load.tries())


def slow_environments(folder: Path) -> tuple[Mapping[str, str], ...]:
    """Workers whose fsync waits as long as a file says.

    Raises
    ------
    CannotMakeError
        If there is no C compiler.
    """
    made = folder / "slow_fsync.so"
    try:
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-O1", "-o", str(made), str(_SLOW), "-ldl"],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotMakeError("no C compiler to delay fsync with") from error
    told = folder / "fsync-ms"
    told.write_text("0")
    return ({"LD_PRELOAD": str(made), "SLOW_FSYNC": str(told)},) * 2


def slow(world: World) -> str:
    """Each fsync takes a second, as on a disk that is worn out or shared."""
    told = world.folder / "fsync-ms"
    told.write_text("1000")
    try:
        world.lasting()
    finally:
        told.write_text("0")
    return f"1 s an fsync for {world.plan.during:.0f} s"


def clock_environments(folder: Path) -> tuple[Mapping[str, str], ...]:
    """Workers whose clocks say what a file each says.

    Raises
    ------
    CannotMakeError
        If libfaketime isn't installed.
    """
    library = next((p for p in map(Path, map(_FAKETIME.format, ("x86_64", "aarch64"))) if p.exists()), None)
    if library is None:
        raise CannotMakeError("libfaketime isn't installed (apt-get install libfaketime)")
    made = []
    for number in range(2):
        told = folder / f"clock-{number}"
        told.write_text("+0")
        made.append(
            {
                "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(told), "FAKETIME_DONT_RESET": "1",
                "FAKETIME_CACHE_DURATION": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
            }
        )  # fmt: skip
    return tuple(made)


def stepped(world: World) -> str:
    """The workers' clocks jump an hour on, back again, half an hour back, and on again."""
    for offset in (_HOUR, 0, -_HOUR // 2, 0):
        for number in range(2):
            (world.folder / f"clock-{number}").write_text(f"{offset:+d}")
        time.sleep(1.5)  # they look at it once a second
        world.some_more(world.plan.before // 3)
    return "1 h on, back, 30 min back, on; both workers"


def apart(world: World) -> str:
    """One worker's clock is half a minute ahead of the other's."""
    (world.folder / "clock-1").write_text("+30")
    time.sleep(1.5)
    world.some_more(world.plan.before)
    (world.folder / "clock-1").write_text("+0")
    time.sleep(1.5)
    return "one of two workers 30 s ahead"
