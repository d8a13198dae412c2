"""Cells of the table: each measured once for its records and code, and kept.

A cell's name in the cache is a digest of the records, the columns and the code that matters to its peer,
so that a run does what is missing, and one that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.environments import python_of, settings
from bench.kept import ROOT, Result, code_digest, digest
from bench.kept import kept as kept_result

from .data import Recipe, kept
from .measuring import available_bytes, resident_bytes
from .reading import Features

TINY: Final = Recipe(2_000)
HERE: Final = "bench/features"
CODE: Final = {
    "engine": ("features/**/*.py", "docket/asof.py", "docket/times.py", f"{HERE}/peers/engine.py"),
    "spark": ("features/**/*.py", "docket/asof.py", "docket/times.py", f"{HERE}/peers/spark.py"),
    "numpy_peer": (f"{HERE}/peers/numpy_*.py", f"{HERE}/peers/finishing.py"),
    "polars_peer": (
        f"{HERE}/peers/polars_*.py",
        f"{HERE}/peers/numpy_[cs]*.py",
        f"{HERE}/peers/finishing.py",
    ),
    "featuretools_peer": (f"{HERE}/peers/featuretools_*.py", f"{HERE}/peers/numpy_streams.py"),
}
"""What a peer's figures depend on, besides the records."""
ENVIRONMENTS: Final = {"polars_peer": "polars", "featuretools_peer": "featuretools"}
REPEATED_TO: Final = 100_000
"""Up to this size the median of `REPEATS` runs stands."""
REPEATS: Final = 3
FORGIVEN: Final = 1e-9
SURE_TO: Final = 1_000_000
"""Beyond it a cell is begun only if its memory at this size, in proportion, is free."""
SAVED: Final = 0.9
"""Of that proportion: libraries and code don't grow with the records."""


@dataclass(frozen=True)
class Cell:
    """One measurement.

    Attributes
    ----------
    peer
        A module of `peers`.
    recipe
        The records.
    features
        The columns, as a tuple of names.
    asked
        How many questions; None is every dispute.
    """

    peer: str
    recipe: Recipe
    features: tuple[str, ...]
    asked: int | None = None

    @property
    def repeats(self) -> int:
        """How often it is run."""
        return REPEATS if self.recipe.disputes <= REPEATED_TO and self.asked is None else 1


class Bench:
    """Measures cells and keeps what it measured.

    Parameters
    ----------
    cache
        A folder for records, environments and results.
    declared
        The catalogue in plain types, by name.
    once
        Whether every cell is run once only, however small.
    limit
        Seconds after which a run is given up.
    """

    def __init__(
        self, cache: Path, declared: dict[str, dict[str, Any]], *, once: bool = False, limit: float = 5400
    ) -> None:
        self.cache, self.declared, self.once, self.limit = cache, declared, once, limit
        self._failed: dict[str, Result] = {}

    def measured(self, cell: Cell) -> Result:
        """What a cell took: `wall`, `cpu`, `peak` (bytes), or `error`.

        A peer whose columns aren't the engine's to 1e-9 isn't timed: `error` says which differ.
        """
        if wrong := self.differing(cell):
            return {"error": f"columns differ: {', '.join(wrong)}"}
        if self.known(cell) is None and (lacking := self._lacking(cell)):
            return {"error": lacking}
        return self._kept("cell", cell, lambda: self._measure(cell))

    def known(self, cell: Cell) -> Result | None:
        """What is kept of a cell, None if it was never measured as it is now."""
        file = self._file("cell", cell)
        return json.loads(file.read_text()) if file.exists() else None

    def _lacking(self, cell: Cell) -> str:
        """Why a large cell had better not be begun: a machine out of memory kills other people's work."""
        size = cell.recipe.disputes
        before = self.known(replace(cell, recipe=replace(cell.recipe, disputes=SURE_TO)))
        if size <= SURE_TO or before is None or "error" in before:
            return ""
        wanted, free = SAVED * before["peak"] * size / SURE_TO, available_bytes()
        return "" if wanted < free else f"left out: about {wanted / 1e9:.0f} GB, {free / 1e9:.0f} are free"

    def differing(self, cell: Cell) -> list[str]:
        """The columns in which the peer isn't the engine, on a tiny district with all the hard rows."""
        if cell.peer == "engine":
            return []
        recipe = Recipe(TINY.disputes, cell.recipe.hot, cell.recipe.corrected, cell.recipe.seed)
        small = Cell(cell.peer, recipe, cell.features, cell.asked)
        found: Result = self._kept("check", small, lambda: {"differing": self._compare(small)})
        return list(found["differing"])

    def _compare(self, cell: Cell) -> list[str]:
        ours = self._run(Cell("engine", cell.recipe, cell.features, cell.asked), columns=True)
        theirs = self._run(cell, columns=True)
        for found in (ours, theirs):
            if "error" in found:
                return [str(found["error"])]
        same = np.isclose(ours["columns"], theirs["columns"], FORGIVEN, FORGIVEN, equal_nan=True)
        return [name for name, right in zip(cell.features, same.all(axis=0), strict=True) if not right]

    def _measure(self, cell: Cell) -> Result:
        runs: list[Result] = []
        for _ in range(1 if self.once else cell.repeats):
            runs.append(self._run(cell))
            if "error" in runs[-1]:
                return runs[-1]
        return {
            "wall": statistics.median(run["wall"] for run in runs),
            "cpu": statistics.median(run["cpu"] for run in runs),
            "peak": max(run["peak"] for run in runs),
            "questions": runs[0]["questions"],
            "load": max(run["load"] for run in runs),
        }

    def _run(self, cell: Cell, *, columns: bool = False) -> Result:
        """One process, watched."""
        python = python_of(ENVIRONMENTS.get(cell.peer, cell.peer), self.cache)
        with tempfile.TemporaryDirectory(prefix="anlan-bench-") as folder:
            out, file = Path(folder) / "out.json", Path(folder) / "columns.npy"
            told = {
                "peer": cell.peer,
                "features": self._declarations(cell),
                "folder": str(kept(cell.recipe, self.cache)),
                "tiny": str(kept(Recipe(TINY.disputes, cell.recipe.hot, cell.recipe.corrected), self.cache)),
                "asked": cell.asked,
                "out": str(out),
                "columns": str(file) if columns else None,
            }
            specification = Path(folder) / "cell.json"
            specification.write_text(json.dumps(told))
            load = os.getloadavg()[0]
            command = [str(python), "-m", "bench.features.worker", str(specification)]
            said = Path(folder) / "said.txt"
            with said.open("wb") as stream:
                process = subprocess.Popen(
                    command, cwd=ROOT, env=settings(), stdout=stream, stderr=stream, start_new_session=True
                )
                peak, late = self._watched(process)
            if process.returncode != 0:
                lines = said.read_text(errors="replace").strip().splitlines() or ["no word"]
                named = [line for line in lines if "Error" in line or "Exception" in line]
                why = f"given up after {self.limit:.0f} s" if late else [*lines, *named][-1]
                return {"error": f"ended with {process.returncode}: {why}"}
            found: Result = json.loads(out.read_text())
            if columns:
                found["columns"] = np.load(file)
            return {**found, "peak": peak, "load": load}

    def _watched(self, process: subprocess.Popen[bytes]) -> tuple[int, bool]:
        """The most memory that the process and its children held, and whether it was given up."""
        peak, began = 0, time.monotonic()
        try:
            while process.poll() is None:
                peak = max(peak, resident_bytes(process.pid))
                if time.monotonic() - began > self.limit:
                    return peak, True
                time.sleep(0.2)
            return peak, False
        finally:
            # What it started must not outlive it, whether it ended, was stopped or was given up.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _declarations(self, cell: Cell) -> Features:
        return [self.declared[name] for name in cell.features]

    def _kept(self, what: str, cell: Cell, make: Callable[[], Result]) -> Result:
        return kept_result(self._file(what, cell), make, self._failed)

    def _file(self, what: str, cell: Cell) -> Path:
        told = {
            "what": what,
            "records": cell.recipe.digest,
            "features": self._declarations(cell),
            "asked": cell.asked,
            "code": _code(cell.peer),
        }
        if what == "check":
            told["engine"] = _code("engine")
        name = f"{what}-{cell.peer}-{cell.recipe.disputes}-{digest(told)}.json"
        return self.cache / "cells" / name


def _code(peer: str) -> str:
    return code_digest(CODE[peer], ENVIRONMENTS.get(peer))
