"""Where things are when nothing is said: the working folder, overridable by the environment."""

from __future__ import annotations

import os
from typing import Final

DEFAULT_MODEL: Final = "models:/anlan@champion"
EMBEDDED_STORE: Final = "sqlite:///var/anlan.db"


def store_url(given: str | None) -> str:
    """The record store's URL: the option, else ``$ANLAN_STORE``, else the embedded SQLite file."""
    return given or os.environ.get("ANLAN_STORE") or EMBEDDED_STORE
