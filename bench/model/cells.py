"""Cells of the table, (district, peer): each fitted once for its records and code, and its scores kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench.environments import python_of, settings
from bench.kept import ROOT, Result, code_digest, digest, kept

from .districts import Recipe, Sheets, sheets
from .plan import Peer

Tell = Callable[[str], None]
LIMIT = 5400
"""Seconds after which a cell is given up."""


class Bench:
    """Fits cells and keeps their scores.

    Parameters
    ----------
    cache
        A folder for districts, environments and scores.
    tell
        Told what is being done.
    """

    def __init__(self, cache: Path, tell: Tell = lambda _: None) -> None:
        self.cache, self.tell = cache, tell
        self._failed: dict[str, Result] = {}

    def sheets(self, recipe: Recipe) -> Sheets:
        """What the peers read of a district."""
        return sheets(recipe, self.cache, self.tell)

    def scores(self, recipe: Recipe, peer: Peer) -> Result:
        """`score` of the cases to be judged, `wall` seconds, or `error`."""
        return kept(self._file(recipe, peer), lambda: self._run(recipe, peer), self._failed)

    def known(self, recipe: Recipe, peer: Peer) -> Result | None:
        """What is kept of a cell, None if it was never fitted as it is now."""
        file = self._file(recipe, peer)
        return json.loads(file.read_text()) if file.exists() else None

    def _file(self, recipe: Recipe, peer: Peer) -> Path:
        code = (f"bench/model/peers/{peer.module}.py", "bench/model/worker.py", *peer.code)
        told = {
            "district": recipe.digest,
            "options": peer.options,
            "code": code_digest(code, peer.environment),
        }
        name = recipe.name.replace(", ", "-")
        return self.cache / "model" / f"{name}-{peer.name}-{digest(told)}.json"

    def _run(self, recipe: Recipe, peer: Peer) -> Result:
        folder = self.sheets(recipe).folder
        self.tell(f"{recipe.name}: {peer.name}")
        try:
            python = python_of(peer.environment or "", self.cache)
        except subprocess.CalledProcessError as error:
            return {"error": f"its environment could not be made ({error.returncode})"}
        with tempfile.TemporaryDirectory(prefix="anlan-bench-") as place:
            out, specification = Path(place) / "out.json", Path(place) / "cell.json"
            told = {
                "peer": peer.module,
                "folder": str(folder.resolve()),
                "options": dict(peer.options),
                "out": str(out),
            }
            specification.write_text(json.dumps(told))
            said = Path(place) / "said.txt"
            with said.open("wb") as stream:
                process = subprocess.Popen(
                    [python, "-m", "bench.model.worker", str(specification)],
                    cwd=ROOT,
                    env=settings(),
                    stdout=stream,
                    stderr=stream,
                    start_new_session=True,
                )
                try:
                    process.wait(LIMIT)
                except subprocess.TimeoutExpired:
                    return {"error": f"given up after {LIMIT} s"}
                finally:
                    # What it started must not outlive it, whether it ended, was stopped or was given up.
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
            if process.returncode != 0:
                lines = said.read_text(errors="replace").strip().splitlines() or ["no word"]
                return {"error": f"ended with {process.returncode}: {lines[-1][:200]}"}
            found: Result = json.loads(out.read_text())
            return found
