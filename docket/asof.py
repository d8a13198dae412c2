"""The one place that decides what was known at a moment.

Everything that stands in the records is known from its `recorded_at` on, and every version of a row until
the next version of the same row is recorded. No other module compares a moment with a `recorded_at`.
"""

from __future__ import annotations

from typing import Any, Final

import numba

NEVER: Final[int] = 2**62
"""The end of what never ends, in microseconds since the epoch."""


def live(known: Any, end: Any, as_of: Any) -> Any:
    """Whether what is known from `known` until `end` counts at `as_of`.

    Parameters
    ----------
    known, end, as_of
        Microseconds since the epoch: ints, or integer arrays that broadcast. `end` is exclusive; `NEVER`
        where nothing ends it.

    Returns
    -------
    bool or array of bool
    """
    return (known <= as_of) & (as_of < end)


live_nb = numba.njit(inline="always", cache=False)(live)
"""`live` for use inside numba-compiled functions."""


def known_before(known: Any, cut: Any) -> Any:
    """Whether what was recorded at `known` is seen by a reader who is shown only what is older than `cut`."""
    return known < cut


def known_sql(alias: str) -> str:
    """SQL predicate: the version in `alias` is the one known at the bind parameter `:as_of`.

    `alias` names a `known_<table>` relation, which has `recorded_at` and `superseded_at`.
    """
    return (
        f"({alias}.recorded_at <= :as_of AND "
        f"({alias}.superseded_at IS NULL OR {alias}.superseded_at > :as_of))"
    )
