"""Which cells make the table, and which columns each peer is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from features.catalogue import CATALOGUE

from .cells import Cell
from .data import Recipe

SIZES: Final = (10_000, 100_000, 1_000_000, 5_000_000)
CUTOFFS: Final = 500
CALM: Final = 1_000_000
"""The largest size at which records without hot keys are measured too."""


@dataclass(frozen=True)
class Peer:
    """One peer of the engine.

    Attributes
    ----------
    name
        As it is asked for and reported.
    module
        Of `peers`.
    largest
        Size up to which it is measured.
    asked
        How many questions; None is every dispute.
    corrected
        Whether it is given records with corrections.
    """

    name: str
    module: str
    what: str
    largest: int = SIZES[-1]
    asked: int | None = None
    corrected: bool = True


PEERS: Final = {
    peer.name: peer
    for peer in (
        Peer("numpy", "numpy_peer", "hand-written numpy: sorts, searchsorted, prefix sums, running maxima"),
        Peer("polars", "polars_peer", "hand-written polars: joins, as-of joins of running counts, group-bys"),
        Peer(
            "featuretools",
            "featuretools_peer",
            f"featuretools at {CUTOFFS} cutoffs, records without corrections",
            largest=100_000,
            asked=CUTOFFS,
            corrected=False,
        ),
        Peer("spark", "spark", "the engine on Spark local[2]", largest=1_000_000),
    )
}
DECLARED: Final = {
    feature.name: json.loads(json.dumps(feature.as_dict(), ensure_ascii=False)) for feature in CATALOGUE
}
"""The catalogue in plain types."""


def columns_of(peer: Peer) -> tuple[str, ...]:
    """The columns that a peer has a program for."""
    if peer.module == "spark":
        return tuple(DECLARED)
    return tuple(name for name, feature in DECLARED.items() if _EXPRESSES[peer.name](feature))


def cell_of(peer: Peer, disputes: int, seed: int, *, hot: bool = True) -> Cell:
    """The peer's cell of a size."""
    recipe = Recipe(disputes, hot, peer.corrected, seed)
    return Cell(peer.module, recipe, columns_of(peer), peer.asked)


def beside(cell: Cell) -> Cell:
    """The engine's cell for the same records, questions and columns."""
    return Cell("engine", cell.recipe, cell.features, cell.asked)


def whole(disputes: int, seed: int, *, hot: bool = True) -> Cell:
    """The engine's cell for the whole catalogue."""
    return Cell("engine", Recipe(disputes, hot, True, seed), tuple(DECLARED))


def _numpy(feature: Mapping[str, Any]) -> bool:
    """Whether the numpy program has a column for it.

    Relatives and contacts are a walk over links; opponents are items that several disputes share, which
    can't be left out by subtracting; an extreme in a window has no running maximum.
    """
    windowed = feature["aggregate"] not in ("count", "trend", "rate") and feature["within"] is not None
    return not (_of_links(feature) or windowed)


def _polars(feature: Mapping[str, Any]) -> bool:
    """Whether the polars program has: all of the dispute itself, the counts, trends and rates of others."""
    if _of_links(feature):
        return False
    less = feature["less"]
    if feature["stream"].startswith("case"):
        return less is None or less["stream"].startswith("case")
    learned = feature["aggregate"] == "rate" and feature["strength"] is None
    return feature["aggregate"] in ("count", "trend", "rate") and not learned


def _featuretools(feature: Mapping[str, Any]) -> bool:
    """Whether featuretools can say it: counts and largest values, ever."""
    plain = feature["within"] is None and feature["less"] is None and feature["limit"] is None
    place = feature["entity"] in ("grid", "community", "street")
    unsaid = _of_links(feature) or place or feature["stream"] in ("case", "person_visits")
    return (
        plain and not unsaid and feature["aggregate"] in ("count", "max") and feature["transform"] == "none"
    )


def _of_links(feature: Mapping[str, Any]) -> bool:
    return feature["entity"] in ("relative", "contact") or feature["stream"] == "person_opponents"


_EXPRESSES: Final[dict[str, Callable[[Mapping[str, Any]], bool]]] = {
    "numpy": _numpy,
    "polars": _polars,
    "featuretools": _featuretools,
}
