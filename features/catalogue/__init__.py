"""The catalogue: every feature the models may read, in the order of their columns."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Final

from ..calendar import calendar_digest
from ..declarations import BASE_RATE, Feature
from ..fold import FOLD_VERSION
from ..streams import STREAMS
from .areas import AREAS
from .careers import CAREERS
from .circle import CIRCLE
from .course import COURSE
from .directions import DIRECTIONS
from .own import OWN
from .pairs import PAIRS
from .people import PEOPLE

CATALOGUE: Final[tuple[Feature, ...]] = (
    *OWN,
    *COURSE,
    *PEOPLE,
    *CAREERS,
    *PAIRS,
    *DIRECTIONS,
    *CIRCLE,
    *AREAS,
)
"""Every declared feature."""
COLUMNS: Final[tuple[str, ...]] = tuple(feature.name for feature in CATALOGUE)
"""Their names, in the order of the columns."""
BY_NAME: Final = {feature.name: feature for feature in CATALOGUE}
"""Each by its name."""

if len(BY_NAME) != len(CATALOGUE):
    raise ValueError("two features share a name")


@cache
def catalogue_hash() -> str:
    """Digest of all that the numbers depend on: declarations, SQL, fold version, links, holidays.

    A model states the hash it was trained under, and refuses columns made under another.
    """
    # both read declarations themselves, and are read when the catalogue is whole
    from ..finishing import STRONGEST, WEAKEST  # noqa: PLC0415
    from ..links import FARTHEST, LINKS_SQL, MOST  # noqa: PLC0415

    stated = {
        "features": [feature.as_dict() for feature in CATALOGUE],
        "streams": {name: stream.sql for name, stream in sorted(STREAMS.items())},
        "base_rate": BASE_RATE,
        "fold": FOLD_VERSION,
        "calendar": calendar_digest(),
        "links": [LINKS_SQL, MOST, FARTHEST],
        "learned_strength": [WEAKEST, STRONGEST],
    }
    return hashlib.sha256(json.dumps(stated, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


__all__ = ["BY_NAME", "CATALOGUE", "COLUMNS", "catalogue_hash"]
