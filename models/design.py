"""The table as a linear model wants it: counts on a log scale, times as recency, codes as indicators.

Histories are skewed (most people have none, a few have thirty entries), so counts enter as log(1 + x); a
"days since" enters as recency 1 / (1 + days / 90), which is zero for what never happened. Every column is
put on the scale of its own standard deviation in training and kept within eight of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from features.catalogue import CATALOGUE
from features.declarations import DATED

Array = NDArray[np.float64]

RECENCY_DAYS: Final = 90.0
REACH: Final = 8.0
LEAST_SHARE: Final = 0.003
"""A category or a missing value that fewer rows hold gets no indicator."""
LEAST_ROWS: Final = 20


@dataclass(frozen=True)
class Column:
    """What a model needs to know of a feature to put it to use."""

    name: str
    kind: Literal["plain", "since", "code"]
    monotone: int
    ages: bool = False
    """Whether it grows with the length of the records, so that more than training held is nothing strange."""


def catalogue_columns() -> tuple[Column, ...]:
    """The columns of the feature catalogue."""
    return tuple(
        Column(
            feature.name,
            "code" if feature.categorical else "since" if feature.recency else "plain",
            feature.monotone,
            feature.aggregate in DATED and feature.within is None,
        )
        for feature in CATALOGUE
    )


@dataclass(frozen=True)
class Term:
    """One column of the design: (transform(x) - mean) / scale.

    Attributes
    ----------
    source
        Position of the column that it is made from.
    kind
        `log`, `since`, `is` (an indicator of `code`), or `absent` (an indicator of a missing value).
    sign
        +1 or -1 where the coefficient must not be below or above zero, else 0.
    """

    source: int
    kind: str
    code: float = 0.0
    mean: float = 0.0
    scale: float = 1.0
    sign: int = 0


class LinearDesign:
    """Terms fitted on a training table."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = tuple(terms)
        self.signs = np.array([term.sign for term in terms], dtype=np.int64)
        self._source = np.array([term.source for term in terms], dtype=np.int64)
        self._kind = {
            kind: np.array([place for place, term in enumerate(terms) if term.kind == kind], dtype=np.int64)
            for kind in ("log", "since", "is", "absent")
        }
        self._code = np.array([term.code for term in terms])
        self._mean = np.array([term.mean for term in terms])
        self._scale = np.array([term.scale for term in terms])

    @classmethod
    def fit(cls, table: Array, columns: Sequence[Column], weight: Array) -> LinearDesign:
        """Choose and scale the terms; a column that never varies gets none.

        Parameters
        ----------
        table, weight
            Shapes (n, p), (n,).
        """
        least = max(LEAST_ROWS, LEAST_SHARE * len(table))
        drafts: list[Term] = []
        for place, column in enumerate(columns):
            x = table[:, place]
            absent = int(np.isnan(x).sum())
            if column.kind == "code":
                codes, counts = np.unique(x[~np.isnan(x)], return_counts=True)
                drafts += [
                    Term(place, "is", code=float(code))
                    for code, count in zip(codes, counts, strict=True)
                    if least <= count <= len(table) - least
                ]
            elif column.kind == "since":
                drafts.append(Term(place, "since", sign=-column.monotone))
            else:
                drafts.append(Term(place, "log", sign=column.monotone))
            if column.kind != "since" and least <= absent <= len(table) - least:
                drafts.append(Term(place, "absent"))
        terms = []
        for term, raw in zip(drafts, cls(drafts)._raw(table).T, strict=True):
            known = ~np.isnan(raw)
            if not known.any() or not weight[known].sum() > 0:
                continue
            mean = float(np.average(raw[known], weights=weight[known]))
            scale = float(np.sqrt(np.average((raw[known] - mean) ** 2, weights=weight[known])))
            if scale > 1e-9:
                terms.append(replace(term, mean=mean, scale=scale))
        return cls(terms)

    def _raw(self, table: Array) -> Array:
        """The transformed columns, NaN where they are missing, shape (n, terms)."""
        x = table[:, self._source]
        absent = np.isnan(x)
        log, since, equal, missing = (self._kind[kind] for kind in ("log", "since", "is", "absent"))
        out = np.empty_like(x)
        out[:, log] = np.sign(x[:, log]) * np.log1p(np.abs(x[:, log]))
        recency = 1 / (1 + np.maximum(x[:, since], 0) / RECENCY_DAYS)
        out[:, since] = np.where(absent[:, since], 0.0, recency)
        out[:, equal] = np.where(absent[:, equal], np.nan, x[:, equal] == self._code[equal])
        out[:, missing] = absent[:, missing]
        return out

    def __call__(self, table: Array) -> Array:
        """The design matrix, shape (n, terms); a missing value stands at the mean."""
        z = (self._raw(table) - self._mean) / self._scale
        z[np.isnan(z)] = 0.0
        return np.asarray(np.clip(z, -REACH, REACH))

    def state(self) -> list[dict[str, Any]]:
        """The terms in JSON types."""
        return [asdict(term) for term in self.terms]

    @classmethod
    def of(cls, state: Sequence[dict[str, Any]]) -> LinearDesign:
        """The design that `state` describes."""
        return cls([Term(**term) for term in state])
