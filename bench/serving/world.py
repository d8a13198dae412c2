"""What every server is asked about: a district's records, a model trained on them, and cases that are new.

Kept in a folder, and made once for a size and a seed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from docket.demo import generate
from models.gates import NAMES

END: Final = date(2026, 6, 30)
CUT: Final = "2026-01-01"
_SECRET: Final = "YmVuY2ggb25seTogMzIgYnl0ZXMgb2Ygc2VjcmV0ISE="
_ANLAN: Final = Path(sys.executable).with_name("anlan")


@dataclass(frozen=True)
class World:
    """A folder with `records`, `mlruns` and `store.db`, whose model is champion."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """For whatever reads the model or the store."""
        return os.environ | {
            "ANLAN_SECRET": _SECRET,
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlruns/mlflow.db",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def anlan(self, *words: object) -> str:
        """Run a command in the folder."""
        done = subprocess.run(
            [_ANLAN, *map(str, words)],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def store(self, folder: Path) -> str:
        """URL of a fresh copy of the SQLite store."""
        shutil.copy(self.folder / "store.db", folder / "store.db")
        return f"sqlite:///{folder}/store.db"

    def cases(self, count: int, *, seed: int) -> list[dict[str, Any]]:
        """New cases of the district: somebody's parties, grid and kind with somebody else's narrative."""
        rng = np.random.default_rng(seed)
        tables = {name: pd.read_parquet(self.folder / "records" / f"{name}.parquet") for name in _TABLES}
        disputes = tables["disputes"].drop_duplicates("dispute_id", keep="last")
        parties = dict(iter(tables["parties"].groupby("dispute_id")))
        persons = tables["persons"].drop_duplicates("person_id", keep="last").set_index("person_id")
        texts = disputes["text"].dropna().to_numpy()
        opened = datetime.now(UTC).isoformat()
        made = []
        for number, row in enumerate(disputes.iloc[rng.integers(0, len(disputes), count)].itertuples()):
            of = parties.get(row.dispute_id, tables["parties"].iloc[:0])
            named = sorted(set(of["person_id"]))
            made.append(
                {
                    "dispute": {
                        "dispute_id": f"bench-{seed}-{number}", "opened_at": opened, "source": row.source,
                        "kind": row.kind, "grid_id": row.grid_id, "text": str(rng.choice(texts)),
                    },
                    "persons": [_person(name, persons.loc[name]) for name in named],
                    "parties": of[["person_id", "role", "relation"]].to_dict("records"),
                }
            )  # fmt: skip
        return made


_TABLES: Final = ("disputes", "parties", "persons")


def _person(name: str, row: pd.Series) -> dict[str, Any]:
    told = {column: row[column] for column in ("sex", "grid_id") if pd.notna(row[column])}
    born = {"birth_year": int(row["birth_year"])} if pd.notna(row["birth_year"]) else {}
    return {"person_id": name, **told, **born}


def world(cache: Path, *, disputes: int, seed: int) -> World:
    """The world of a size and a seed, from the cache or made now (some minutes)."""
    folder = cache / f"serving-{disputes}-{seed}"
    found = World(folder)
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        generate(folder / "records", end=END, disputes=disputes, seed=seed)
        signed = ("--promote", "--by", "bench", "--reason", "a bench")
        waived = (f"--waive={name}=a bench" for name in NAMES)  # what it answers with is timed, not judged
        found.anlan("train", "--records", "records", "--until", CUT, *signed, *waived)
        found.anlan("load", "records", "--store", "sqlite:///store.db")
        (folder / "done").write_text(json.dumps({"disputes": disputes, "seed": seed}), encoding="utf-8")
    return found
