"""One thread per computation.

A server answers many requests at a time; a model that spreads one small prediction over all cores makes each
of them slower. OpenMP reads its limit when the library loads, so this runs before the first heavy import.
"""

from __future__ import annotations

import os
from typing import Final

_LIMITS: Final = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def pin_threads() -> None:
    """Tell the numerical libraries that are not yet loaded to use one thread; a set variable stays."""
    for name in _LIMITS:
        os.environ.setdefault(name, "1")
