"""A period's counts of every area by kind and by colour, with what must not be told hidden.

One table serves all readers: hidden is what gives nobody anything away, whatever area and kind they ask for
and however they compare. So it is made for the whole district, however little of it is shown.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from docket.contract.enumerations import DISPUTE_KINDS
from models.policy import COLOURS
from models.suppression import Sum, hidden
from serving.map.areas import District
from serving.map.repository import UNSCORED

ALL: Final = "all"
COLUMNS: Final = (ALL, *DISPUTE_KINDS, *reversed(COLOURS), UNSCORED)
_PLACE: Final = {name: number for number, name in enumerate(COLUMNS)}
_KINDS: Final = [_PLACE[kind] for kind in DISPUTE_KINDS]
_COLOURED: Final = [_PLACE[colour] for colour in (*COLOURS, UNSCORED)]
_KEPT: Final = 64

Counted = Sequence[tuple[str, str, str, int]]


@dataclass(frozen=True)
class Table:
    """Counts by area (as in `District.places`) and column (as in `COLUMNS`), and which are hidden."""

    counts: NDArray[np.int64]
    hidden: NDArray[np.bool_]

    def shown(self, area: int, column: str) -> int | None:
        """A count; None where it is hidden."""
        place = _PLACE[column]
        return None if self.hidden[area, place] else int(self.counts[area, place])


def table(district: District, counted: Counted) -> Table:
    """Add up what was counted by grid, and hide what must be."""
    counts = np.zeros((len(district.places), len(COLUMNS)), dtype=np.int64)
    for grid, kind, colour, cases in counted:
        row = district.index.get(("grid", grid))
        if row is None:
            continue  # a grid that the district no longer has
        counts[row, [0, _PLACE[kind], _PLACE[colour]]] += cases
    for row, place in enumerate(district.places):  # grids come first, and what is made of them after
        if place.children:
            counts[row] = counts[list(place.children)].sum(axis=0)
    gone = hidden(counts.reshape(-1), _sums(district))
    return Table(counts, gone.reshape(counts.shape))


def _sums(district: District) -> list[Sum]:
    width = len(COLUMNS)
    sums: list[Sum] = []
    for row, place in enumerate(district.places):
        sums += [(row * width, [row * width + c for c in part]) for part in (_KINDS, _COLOURED)]
        if place.children:
            sums += [(row * width + c, [child * width + c for child in place.children]) for c in range(width)]
    return sums


class Tables:
    """The tables made last: the same counts need not be hidden twice."""

    def __init__(self) -> None:
        self._made: OrderedDict[str, Table] = OrderedDict()
        self._lock = Lock()

    def of(self, district: District, counted: Counted) -> Table:
        """The table of what was counted."""
        said = [[place.level, place.id, place.children] for place in district.places]
        name = hashlib.sha256(json.dumps([said, list(counted)]).encode()).hexdigest()
        with self._lock:
            if name not in self._made:
                self._made[name] = table(district, counted)
                while len(self._made) > _KEPT:
                    self._made.popitem(last=False)
            self._made.move_to_end(name)
            return self._made[name]
