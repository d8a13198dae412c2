"""What holds when nothing is said: the working folder, overridable by the environment; the engine."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Final

DEFAULT_MODEL: Final = "models:/anlan@champion"
DEFAULT_ENCODER: Final = "ngrams"
"""By name, so that the command line needn't load the catalogue of encoders."""
EMBEDDED_STORE: Final = "sqlite:///var/anlan.db"
DEFAULT_WORK: Final = Path("var") / "training"
"""Of trainings that have not come to their end."""
PART_ROWS: Final = 100_000
"""Cases in a part of `anlan features build`: some 60 MB, and what a stopped build has to do again at most."""


class Engine(StrEnum):
    """What `--engine` takes. All give the same numbers."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def store_url(given: str | None) -> str:
    """The record store's URL: the option, else ``$ANLAN_STORE``, else the embedded SQLite file."""
    return given or os.environ.get("ANLAN_STORE") or EMBEDDED_STORE
