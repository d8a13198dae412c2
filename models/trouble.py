"""What comes far more often than harm and from the same causes: trouble, as a teacher for the hazard.

A district of 20,000 disputes may teach thirty harms, but thousands of calls to the police, repeat reports,
failed mediations, breached agreements, reopened disputes, orders, and visits that found things worse. Who is
likely to have such trouble soon is learned from them by the same terms that the hazard reads, and the hazard
learns from the harms how far to follow: a *lead*, one direction with one weight, as the checklist's points
are (ADR 0034). The terms are held close to nothing, far closer than would tell trouble best: of two hundred
that say much the same, each then gets its part, and what is kept is what harm shares with trouble (ADR 0073).
What a cue says of trouble is left: a cue counts as on the checklist.

The weight is learned on scores that are out of fold by time: no row's score has learned from its own time or
later. In the calendar of `models.splits`, with a block that begins on 2023-06-24, a row of 2023-08-01 is
scored by what rows before 2023-06-24 were known to have led to on that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY
from models.blocks import Points, Rows, blocks
from models.linear import fit_ridge
from models.targets import reporting_delay

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]

KINDS: Final = frozenset(
    {
        "police_call",
        "repeat_report",
        "mediation_failed",
        "agreement_breached",
        "reopened",
        "warning_letter",
        "protection_order",
    }
)
"""Event kinds that count as trouble; a visit that finds things worse does too."""
WITHIN: Final = 90 * DAY
MOST: Final = 3.0
"""More troubles than this after one moment count as this many."""
LEAST_SEEN: Final = 0.05
"""A row teaches if so much of the 90 days has been seen."""
LEAST_TROUBLES: Final = 30
"""With fewer rows in trouble there is nothing to follow."""
TERM_PENALTY: Final = 10_000.0
CUE_PENALTY: Final = 30.0


@dataclass(frozen=True)
class Lead:
    """A direction to follow.

    Attributes
    ----------
    column
        The score of the training rows, out of fold, shape (n,); NaN where nothing came before.
    direction
        The coefficients that score a case from now on, shape (d,); those of cues are 0.
    troubled
        How many training rows are known to have been followed by trouble.
    """

    column: Array
    direction: Array
    troubled: int


def troubles(
    snapshot: Snapshot, dispute_ids: Sequence[str], as_of: NDArray[np.int64], cut: int
) -> tuple[Array, Array]:
    """How much trouble came within 90 days of each query point, and what share of them has been seen.

    Parameters
    ----------
    snapshot
        Records; nothing recorded at or after `cut` is read.
    dispute_ids, as_of
        The query points, shape (n,).

    Returns
    -------
    tuple
        Counts and shares, shapes (n,).
    """
    known = snapshot.until(cut)
    query = pd.DataFrame(
        {"dispute_id": np.asarray(dispute_ids, object), "as_of": as_of, "row": np.arange(len(as_of))}
    )
    events = known.tables["events"].select(["event_id", "dispute_id", "kind", "at"]).to_pandas()
    events = events[events["kind"].isin(KINDS)].drop_duplicates("event_id")[["dispute_id", "at"]]
    people = known.tables["parties"].select(["dispute_id", "person_id"]).to_pandas().drop_duplicates()
    visits = known.tables["visits"].select(["person_id", "finding", "at"]).to_pandas()
    worse = people.merge(visits[visits["finding"] == "worse"], on="person_id")[["dispute_id", "at"]]
    came = query.merge(pd.concat([events, worse]), on="dispute_id")
    came = came[(came["at"] > came["as_of"]) & (came["at"] <= came["as_of"] + WITHIN)]
    counts = np.bincount(came["row"].to_numpy(np.int64), minlength=len(query)).astype(np.float64)
    # how late harms are learned is taken for how late trouble is: it is recorded sooner, if anything
    seen = np.clip((cut - reporting_delay(known, cut) - as_of) / WITHIN, 0.0, 1.0)
    return np.minimum(counts, MOST), seen


def expected(points: Points, rows: Rows, moment: int) -> tuple[Array, Array]:
    """Troubles that some query points were known to have led to at a moment, and those of an average case.

    Returns
    -------
    tuple
        Shapes (k,); of what has hardly been seen yet nothing is expected, so that it teaches nothing.
    """
    counts, seen = troubles(points.snapshot, points.ids(rows), points.as_of[rows], moment)
    seen = np.where(seen > LEAST_SEEN, seen, 0.0)
    weight = points.weight[rows] * (seen > 0)
    total = float(weight @ seen)
    return counts, seen * (float(weight @ counts) / total if total > 0 else 0.0)


def learned(points: Points, x: Array, signs: NDArray[np.int64], terms: int, cut: int) -> Lead | None:
    """The lead of training rows, or None where there is too little trouble.

    Parameters
    ----------
    x, signs
        What the hazard's line reads but text scores, shape (n, d), and its sign bounds, shape (d,).
    terms
        How many of its columns are of the table; the others are cues.
    """
    penalty = np.repeat((TERM_PENALTY, CUE_PENALTY), (terms, x.shape[1] - terms))

    def fitted(rows: Rows, moment: int) -> Array | None:
        counts, exposure = expected(points, rows, moment)
        used = exposure > 0
        counts, exposure, rows = counts[used], exposure[used], rows[used]
        if (counts > 0).sum() < LEAST_TROUBLES:
            return None
        _, found = fit_ridge(
            x[rows],
            counts,
            loss="poisson",
            penalty=penalty,
            weight=points.weight[rows],
            offset=np.log(exposure),
            bounds=signs,
        )
        found[terms:] = 0.0
        return found

    direction = fitted(points.all, cut)
    if direction is None:
        return None
    column = np.full(len(points.as_of), np.nan)
    for block in blocks(points.as_of):
        found = fitted(block.before, block.begin) if len(block.before) and len(block.rows) else None
        if found is not None:
            column[block.rows] = x[block.rows] @ found
    return Lead(column, direction, int((expected(points, points.all, cut)[0] > 0).sum()))
