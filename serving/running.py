"""The service as processes: one worker, or several that are kept running, and how they stop.

Told to stop (SIGTERM), a worker takes no new connection, answers what is under way, lets its background work
end what it has begun, and exits 0. Both have a time; what takes longer is cut off, which loses nothing: rows
that were committed are there, and leases of what was claimed run out.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final

import structlog
import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from serving import logs
from serving.settings import Settings
from serving.threads import pin_threads
from serving.worker import Worker

_log = structlog.get_logger("anlan.running")
_SETTLED: Final = 60.0
"""Seconds that a worker must have lived for its next end to be taken for an accident."""
_LONGEST: Final = 30.0
"""Seconds between two starts of a worker that won't live."""
_SPARE: Final = 10.0


def application(worker: Worker) -> FastAPI:
    """The application of a worker process, which ends in time."""
    from serving import app as serving_app  # noqa: PLC0415 - heavy, and not for the process that only supervises

    seconds = Settings.read().stop_seconds
    made = serving_app.create_app(worker=worker)
    life = made.router.lifespan_context

    @asynccontextmanager
    async def bounded(app: FastAPI) -> AsyncIterator[Any]:
        async with life(app) as state:
            yield state
            timer = threading.Timer(seconds, _cut_off)
            timer.daemon = True
            timer.start()

    made.router.lifespan_context = bounded
    return made


def run_worker(host: str, port: int, worker: Worker) -> None:
    """Serve in this process until it is told to stop.

    Parameters
    ----------
    worker
        Which of how many it is.

    Raises
    ------
    SystemExit
        With 0 when it was told to stop, with uvicorn's code if it could not start.
    """
    # uvicorn raises the signal again when it is done; before it listens there is nothing to finish.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = Settings.read()
    logs.configure(settings.log_level)
    logs.take_over()
    server = uvicorn.Server(
        uvicorn.Config(
            partial(application, worker),
            factory=True,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.stop_seconds,
        )
    )
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)


def run_workers(settings: Settings, host: str, port: int, count: int) -> int:
    """Keep workers running, one on each port from `port` on; the exit code when told to stop.

    A worker that ends is started anew, at once the first time, then more and more rarely. One that can't even
    be started the first time ends all: it would not be different the next time.
    """
    logs.configure(settings.log_level)
    ports = [_Port(host, port + place, Worker(place, count)) for place in range(count)]
    return _Workers(settings, ports).run()


@dataclass
class _Port:
    """A worker's port, and the process that has it."""

    host: str
    port: int
    worker: Worker
    process: SpawnProcess | None = None
    begun: float = 0.0
    due: float = 0.0
    failures: int = 0
    first: bool = True

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        args = (self.host, self.port, self.worker)
        self.process = context.Process(target=_work, args=args, name=f"worker-{self.port}")
        self.process.start()
        self.begun = time.monotonic()
        _log.info("worker_started", port=self.port, pid=self.process.pid)

    def ended(self) -> int:
        """Note that the process has ended, and when to start another; its exit code."""
        assert self.process is not None
        self.process.join()
        code = self.process.exitcode or 0
        lived, self.process = time.monotonic() - self.begun, None
        self.failures = 0 if lived > _SETTLED else self.failures + 1
        pause = 0.0 if self.failures <= 1 else min(2.0 ** (self.failures - 2), _LONGEST)
        self.due = time.monotonic() + pause
        _log.error("worker_ended", port=self.port, code=code, again_in=pause)
        return code


class _Workers:
    def __init__(self, settings: Settings, workers: list[_Port]) -> None:
        self._seconds, self._workers = settings.stop_seconds, workers
        self._told, self._tell = os.pipe()

    def run(self) -> int:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: os.write(self._tell, b"."))
        try:
            failed = self._keep()
        finally:
            clean = self._stop()
        return 0 if clean and not failed else 1

    def _keep(self) -> bool:
        """Keep them running until a signal comes; True if one could not be started."""
        while True:
            now = time.monotonic()
            for worker in self._workers:
                if worker.process is None and worker.due <= now:
                    worker.start()
            running = {
                worker.process.sentinel: worker for worker in self._workers if worker.process is not None
            }
            waits = [worker.due - now for worker in self._workers if worker.process is None]
            ready = wait([*running, self._told], min(waits, default=None))
            if self._told in ready:
                return False
            for sentinel in ready:
                worker = running[sentinel]  # type: ignore[index]
                first, worker.first = worker.first, False
                if worker.ended() == STARTUP_FAILURE and first:
                    return True

    def _stop(self) -> bool:
        """Let all end; True if all did so by themselves and well."""
        # One that had died just before is no bad end of those that are told now.
        processes = [
            one.process for one in self._workers if one.process is not None and one.process.is_alive()
        ]
        for process in processes:
            process.terminate()
        end = time.monotonic() + 2 * self._seconds + _SPARE
        for process in processes:
            process.join(max(0.0, end - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
        # One that was told before it could listen to it had begun nothing.
        return all(process.exitcode in (0, -signal.SIGTERM) for process in processes)


def _work(host: str, port: int, worker: Worker) -> None:
    pin_threads()
    threading.Thread(target=_leave_with_parent, name="parent", daemon=True).start()
    run_worker(host, port, worker)


def _leave_with_parent() -> None:
    """Stop when the process that started this one is gone, however it went: nobody would stop it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)


def _cut_off() -> None:
    _log.error("not_stopped_in_time")
    sys.stdout.flush()
    os._exit(1)
