"""What the map keeps between requests."""

from __future__ import annotations

from threading import Lock
from typing import Any

from serving.map.areas import District
from serving.map.tables import Tables


class Maps:
    """The district and the tables made last, kept between requests."""

    def __init__(self) -> None:
        self.tables = Tables()
        self._grids: list[dict[str, Any]] | None = None
        self._district: District | None = None
        self._lock = Lock()

    def district(self, grids: list[dict[str, Any]]) -> District:
        """The district of these grids; its outlines are made once."""
        with self._lock:
            if self._district is None or self._grids != grids:
                self._grids, self._district = grids, District(grids)
            return self._district
