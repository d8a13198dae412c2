"""Two versions on the same cases, none of which either has learned from.

A version that has just been trained has seen all that has matured, so there is nothing left to try it on. It
is then its *validation model* that is tried, fitted in the same way on what was known a quarter earlier
(`models.fit`) and kept with the run; of a version that is older, the version itself. As soon as enough has
come of the disputes taken in after both data cuts, the versions themselves are tried on those.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import DAY, rfc3339
from features.frame import feature_frame
from features.sources import DuckSource
from models.evaluation import known_until
from models.material import Progress, told
from models.reading import checklist_points, floored
from models.scorer import Scorer
from models.splits import ImpossibleSplitError
from models.targets import DEFAULT_HORIZON, RISK_COLUMNS, reporting_delay
from models.trials import Cases, cases_between

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

Array = NDArray[np.float64]

ENOUGH: Final = 20
"""Harmed disputes after both data cuts from which on they are tried on those."""
MAIN: Final = RISK_COLUMNS.index(f"escalation_{DEFAULT_HORIZON}")


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes
    ----------
    uri
        `models:/anlan/3`.
    scorer
        The version itself.
    trial
        Its validation model, which had not seen the last matured quarter; None for a version from before
        these were kept.
    """

    uri: str
    scorer: Scorer
    trial: Scorer | None = None


@dataclass(frozen=True)
class Contest:
    """The cases, and what each side says of them.

    Attributes
    ----------
    cases
        Disputes at intake, n of them, with what has become of them.
    frame
        The catalogue's columns and `text` of each.
    ours, theirs
        What was tried; None where there is no second version.
    risks, other
        The twelve risks by each, shape (n, 12); `other` is None without a second version.
    points
        Those of the cue checklist, shape (n,).
    floored
        Whether a safety floor applies, shape (n,).
    begin, end
        The disputes were first recorded in [begin, end), µs.
    known_until
        The end of the records, µs.
    """

    cases: Cases
    frame: pd.DataFrame
    ours: Scorer
    theirs: Scorer | None
    risks: Array
    other: Array | None
    points: Array
    floored: NDArray[np.bool_]
    begin: int
    end: int
    known_until: int

    @property
    def harmed(self) -> Array:
        """Escalation within 90 days, 1 or 0; NaN where it isn't known."""
        return self.cases.labels.within("escalation", DEFAULT_HORIZON)

    @property
    def held_out(self) -> bool:
        """Whether a validation model stands for one of the versions."""
        tried = [self.ours] if self.theirs is None else [self.ours, self.theirs]
        return any("stands_for" in scorer.info for scorer in tried)


def contest(
    snapshot: Snapshot,
    ours: Version,
    theirs: Version | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Contest:
    """Try two versions, or one beside what needs no training, on cases that neither has learned from.

    Parameters
    ----------
    snapshot
        All records, to the end of what is known.
    theirs
        None: there is only the checklist to be held against.

    Raises
    ------
    models.splits.ImpossibleSplitError
        If there is no such case, and why.
    """
    end = known_until(snapshot)
    delay = reporting_delay(snapshot, end)
    last = end - DEFAULT_HORIZON * DAY - delay
    sides = [ours] if theirs is None else [ours, theirs]
    begin = max(_cut(side.scorer) for side in sides)
    cases = _taken_in(snapshot, begin, last, end, delay, seed)
    if cases is None or _harms(cases) < ENOUGH:
        lacking = [side.uri for side in sides if side.trial is None]
        if lacking:
            raise ImpossibleSplitError(
                f"{_harms(cases)} disputes taken in from {rfc3339(begin)} on are known to have come to harm, "
                f"{ENOUGH} are needed, and {', '.join(lacking)} has no validation model to try instead: "
                "wait, or train it anew"
            )
        begin = max(_cut(side.trial) for side in sides if side.trial is not None)
        cases = _taken_in(snapshot, begin, last, end, delay, seed)
    if cases is None or _harms(cases) == 0:
        raise ImpossibleSplitError(
            f"no dispute taken in from {rfc3339(begin)} until {rfc3339(last)}, the last whose 90 days have "
            "passed and been heard of, is known to have come to harm: there is nothing to tell them apart by"
        )
    tried = [side.scorer if _cut(side.scorer) <= begin else side.trial for side in sides]
    first, second = tried[0], tried[1] if len(tried) > 1 else None
    if first is None or (theirs is not None and second is None):  # a cut after `begin` has a trial: see above
        raise ImpossibleSplitError("a version has no model that was fitted before the cases")
    frame = feature_frame(
        DuckSource(snapshot),
        cases.points["dispute_id"].tolist(),
        cases.points["as_of"].to_numpy(np.int64),
        progress=told(progress, "features of the cases"),
    )
    texts = frame["text"].tolist()
    return Contest(
        cases=cases,
        frame=frame,
        ours=first,
        theirs=second,
        risks=first.risks(frame),
        other=None if second is None else second.risks(frame),
        points=checklist_points(texts),
        floored=floored(texts),
        begin=begin,
        end=last,
        known_until=end,
    )


def _cut(scorer: Scorer) -> int:
    return int(scorer.info["cut"])


def _taken_in(snapshot: Snapshot, begin: int, last: int, end: int, delay: int, seed: int) -> Cases | None:
    """The disputes first recorded in [begin, last), at intake; None where there is none."""
    if last <= begin:
        return None
    cases = cases_between(snapshot, begin, last, end, delay, seed)
    rows = np.flatnonzero(cases.at_intake)
    if len(rows) == 0:
        return None
    return Cases(
        points=cases.points.iloc[rows].reset_index(drop=True),
        labels=cases.labels.take(rows),
        clusters=cases.clusters[rows],
        intervened=cases.intervened[rows],
    )


def _harms(cases: Cases | None) -> int:
    return 0 if cases is None else int(np.nansum(cases.labels.within("escalation", DEFAULT_HORIZON)))
