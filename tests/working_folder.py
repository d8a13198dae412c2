"""A working folder in which commands are run as a newcomer runs them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trained:
    """A working folder with a demo district's records and a model that was trained on them by command.

    Attributes
    ----------
    folder
        The working folder; `mlruns` is in it.
    records
        The records, with `truth.parquet`.
    until
        Nothing recorded at or after this day was seen in training.
    environment
        To run commands with.
    stdout
        What `anlan train` printed.
    """

    folder: Path
    records: Path
    until: str
    environment: dict[str, str]
    stdout: str

    def anlan(self, *words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command in the folder and hold it to its exit code."""
        done = subprocess.run(
            [Path(sys.executable).with_name("anlan"), *map(str, words)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done
