"""The faults that are made, and which of them are cheap enough for the tests."""

from __future__ import annotations

from typing import Final

from . import callers, machines, neighbours
from .databases import Postgres, Sqlite
from .running import Fault

_CLOCKS: Final = machines.clock_environments
FAULTS: Final = {
    fault.name: fault
    for fault in (
        Fault("killed", "SIGKILL of a worker", machines.killed),
        Fault("restarted", "the database is restarted", machines.restarted, stores=(Postgres.name,)),
        Fault("hung", "the database hangs", machines.hung, stores=(Postgres.name,)),
        Fault(
            "full", "the disk is full", machines.full, room={Sqlite.name: 48, Postgres.name: 256}
        ),
        Fault(
            "slow-disk", "an fsync takes a second", machines.slow,
            stores=(Sqlite.name,), environments=machines.slow_environments,
        ),
        Fault("broken", "the champion is broken", neighbours.broken),
        Fault("swapped", "champions come and go", neighbours.swapped),
        Fault("mlflow", "MLflow is gone", neighbours.gone),
        Fault("stepped", "the clock is set on and back", machines.stepped, environments=_CLOCKS),
        Fault("apart", "the workers' clocks differ", machines.apart, environments=_CLOCKS),
        Fault("slow-client", "clients are slow", callers.slow),
        Fault("halved", "requests break off", callers.halved),
        Fault("deaf", "the receiver is down", neighbours.deaf),
        Fault("raced", "two workers race on a case", callers.raced),
    )
}  # fmt: skip
