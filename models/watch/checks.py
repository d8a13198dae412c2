"""The checks: what each looks at, on which days, and whether chance alone would give as much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from docket.times import DAY
from models.policy import COLOURS
from models.reading import CUE_NAMES
from models.watch import shifts
from models.watch.columns import LONGEST, WATCHED
from models.watch.days import DRAWS, LEAST_REFERENCE, REFERENCE, SPANS, WEEK, Array, Ints, Span, beyond_chance
from models.watch.stream import HARM, Stream

FALSE_ALARMS_A_MONTH: Final = 1.0
"""Expected at most, in a district where nothing has changed, over all checks of daily runs."""
MONTH: Final = 365.25 / 12
LEAST_CASES: Final = 20
"""Cases in the days that are compared; with fewer a check of cases can't tell anything yet."""
MOST_CASES: Final = 4_000
"""For checks by a kernel, whose cost grows with the square: of more, the latest days, then a sample."""
WORST: Final = 5

Found = tuple[float, pd.DataFrame]


@dataclass(frozen=True)
class Lack:
    """Why something can't be told yet.

    Attributes
    ----------
    what
        `cases` in the days compared, `days` of records, days that the version in use `answered`, or `harms`
        that came or were expected of what has matured.
    have, need
        How many there are, and must be.
    """

    what: Literal["cases", "days", "answered", "harms"]
    have: int
    need: int

    def __str__(self) -> str:
        told = {
            "cases": "{} cases came in",
            "days": "records reach back for {} days",
            "answered": "the version in use has answered for {} days",
            "harms": "of what has matured {} harms came or were expected",
        }
        return f"{told[self.what].format(self.have)}, {self.need} are needed"


@dataclass(frozen=True)
class Check:
    """What came of a check.

    Attributes
    ----------
    family
        What was looked at; one of `FAMILIES`, or `calibration`.
    days
        How many days were compared with those before.
    p
        How seldom chance gives as much; None: it can't be told yet.
    limit
        Below it there is an alarm.
    lack
        Why it can't be told.
    parts
        `part, now, before, p` of what was looked at, the most unlikely first; p corrected for their number.
    """

    family: str
    days: int
    p: float | None
    limit: float
    lack: Lack | None = None
    parts: pd.DataFrame | None = None

    @property
    def alarm(self) -> bool:
        """Whether this is more than chance would give."""
        return self.p is not None and self.p <= self.limit


@dataclass(frozen=True)
class Compared:
    """Cases of the days that are compared and of those before, and the draws.

    Attributes
    ----------
    span
        The days.
    rows
        Which cases of the stream, shape (n,).
    day
        The day of each.
    draws, chosen
        Which days are chosen, and which cases with them.
    """

    span: Span
    rows: Ints
    day: Ints
    draws: Array
    chosen: Array

    @classmethod
    def of(cls, as_of: Ints, span: Span, *, most: int | None = None, draws: int = DRAWS) -> Compared:
        """The cases of a span; of more than `most` those of fewer days before, and of these a sample.

        What is drawn without a look at the day leaves every set of days as likely as before.
        """
        if most is not None:
            counts = np.bincount(_within(span, as_of), minlength=span.total)
            held = np.cumsum(counts[::-1])
            fitting = int(np.searchsorted(held, most, side="right")) - span.days
            fitting -= fitting % WEEK
            span = Span(span.end, span.days, int(np.clip(fitting, LEAST_REFERENCE, span.reference)))
        day = span.day_of(as_of)
        rows = np.flatnonzero((day >= 0) & (day < span.total))
        if most is not None and len(rows) > most:
            rng = np.random.default_rng([span.end // DAY, span.days])
            rows = np.sort(rng.choice(rows, most, replace=False))
        made = span.draws(draws)
        return cls(span, rows, day[rows], made, made[:, day[rows]])

    @property
    def mine(self) -> Ints:
        """How many cases came in on the days compared."""
        return np.asarray(self.chosen[0], np.int64)


def _within(span: Span, as_of: Ints) -> Ints:
    day = span.day_of(as_of)
    held: Ints = day[(day >= 0) & (day < span.total)]
    return held


def limit(checks: int) -> float:
    """The p below which one of so many checks a day raises an alarm.

    The expected number of false alarms is the sum of the checks' chances, however they hang together (Boole),
    so sharing the month's allowance out evenly over days and checks keeps it.
    """
    return FALSE_ALARMS_A_MONTH / MONTH / checks


def volume(stream: Stream, span: Span, draws: int) -> Found:
    """Daily counts of every series but harm."""
    return _counts(stream, span, draws, [name for name in stream.flows if name != HARM])


def harm(stream: Stream, span: Span, draws: int) -> Found:
    """Daily counts of harms that were heard of: few, so over more days."""
    return _counts(stream, span, draws, [HARM])


def _counts(stream: Stream, span: Span, draws: int, names: Sequence[str]) -> Found:
    daily = np.column_stack(
        [np.bincount(_within(span, stream.flows[name]), minlength=span.total) for name in names]
    ).astype(np.float64)
    made = span.draws(draws)
    p, parts = beyond_chance(shifts.counts_apart(daily, made))
    now = daily[span.reference :].sum(axis=0)
    return p, _parts(names, now, daily[: span.reference].mean(axis=0) * span.days, parts)


def features(stream: Stream, span: Span, draws: int) -> Found:
    """The population stability index of each watched column."""
    c = Compared.of(stream.as_of, span, draws=draws)
    bins, column = shifts.binned(stream.values.iloc[c.rows][list(WATCHED)])
    stability = shifts.psi(bins, column, c.chosen)
    p, parts = beyond_chance(stability)
    return p, _parts(WATCHED, stability[0], np.median(stability[1:], axis=0), parts)


def missing(stream: Stream, span: Span, draws: int) -> Found:
    """The share of missing values in each watched column."""
    c = Compared.of(stream.as_of, span, draws=draws)
    return _rates(stream.values.iloc[c.rows][list(WATCHED)].isna().to_numpy(np.float64), WATCHED, c)


def cues(stream: Stream, span: Span, draws: int) -> Found:
    """How often each cue is read."""
    c = Compared.of(stream.as_of, span, draws=draws)
    return _rates((stream.cues[c.rows] > 0).astype(np.float64), CUE_NAMES, c)


def joint(stream: Stream, span: Span, draws: int) -> Found:
    """Whether a classifier can tell the cases of these days from those before by their columns."""
    c = Compared.of(stream.as_of, span, most=MOST_CASES, draws=draws)
    kernel = shifts.table_kernel(stream.values.iloc[c.rows][list(WATCHED)])
    area = shifts.told_apart(kernel, c.span.folds(shifts.FOLDS)[c.day], c.chosen)
    return _one("area under the ROC curve", area)


def text(stream: Stream, span: Span, draws: int) -> Found:
    """How far the texts are from those before, by single characters and pairs of them."""
    c = Compared.of(stream.as_of, span, most=MOST_CASES, draws=draws)
    grams = stream.grams[c.rows]
    kernel = (grams @ grams.T).toarray()
    return _one("discrepancy", shifts.discrepancy(kernel, c.chosen))


def scores(stream: Stream, span: Span, draws: int) -> Found:
    """The risks that the version in use gave, in bins, and the colours."""
    used = _version(stream)
    kept = stream.cases[(stream.cases["model_version"] == used).to_numpy(bool)]
    c = Compared.of(kept["as_of"].to_numpy(np.int64), span, draws=draws)
    rows = kept.iloc[c.rows]
    colour = rows["colour"].map({name: float(place) for place, name in enumerate(COLOURS)})
    table = pd.DataFrame({"risk": rows["risk"].to_numpy(), "colour": colour.to_numpy(np.float64)})
    bins, column = shifts.binned(table)
    stability = shifts.psi(bins, column, c.chosen)
    p, parts = beyond_chance(stability)
    return p, _parts(tuple(table.columns), stability[0], np.median(stability[1:], axis=0), parts)


@dataclass(frozen=True)
class Family:
    """Checks that ask the same.

    Attributes
    ----------
    find
        Looks at the days of a span, with so many draws.
    spans
        Over how many days.
    reference
        Beside how many before, at most.
    """

    find: Callable[[Stream, Span, int], Found]
    spans: tuple[int, ...] = SPANS
    reference: int = REFERENCE


FAMILIES: Final[dict[str, Family]] = {
    "volume": Family(volume),
    "harm": Family(harm, (28, 91), 365),
    "features": Family(features),
    "missing": Family(missing),
    "joint": Family(joint),
    "cues": Family(cues),
    "text": Family(text),
    "scores": Family(scores),
}
_FILLING: Final = frozenset({"features", "missing", "joint"})
"""What looks at counts over time: these fill up for as long after the records begin."""
CHECKS: Final = sum(len(family.spans) for family in FAMILIES.values()) + 1
"""How many a day; the one more is of calibration (`models.watch.matured`)."""


def check_all(
    stream: Stream, *, draws: int = DRAWS, families: Sequence[str] = tuple(FAMILIES)
) -> list[Check]:
    """Every check over every span."""
    answer = []
    for name in families:
        for days in FAMILIES[name].spans:
            span = _span(stream, name, days)
            if isinstance(span, Lack):
                answer.append(Check(name, days, None, limit(CHECKS), span))
                continue
            p, parts = FAMILIES[name].find(stream, span, draws)
            answer.append(Check(name, days, p, limit(CHECKS), parts=parts))
    return answer


def _span(stream: Stream, family: str, days: int) -> Span | Lack:
    """The days of a check, or why there aren't enough of them."""
    since, moments = stream.known_from, stream.as_of
    if family in _FILLING:
        since += LONGEST * DAY
    if family == "scores":
        used = _version(stream)
        if used is None:
            return Lack("answered", 0, LEAST_REFERENCE + days)
        moments = moments[(stream.cases["model_version"] == used).to_numpy(bool)]
        since = int(moments.min())
    whole = (stream.end - since) // DAY
    reference = min(FAMILIES[family].reference, int(whole) - days)
    reference -= reference % WEEK
    if reference < LEAST_REFERENCE:
        filling = LONGEST if family in _FILLING else 0
        what: Literal["answered", "days"] = "answered" if family == "scores" else "days"
        return Lack(what, max(int(whole) + filling, 0), LEAST_REFERENCE + days + filling)
    span = Span(stream.end, days, reference)
    mine = int((_within(span, moments) >= span.reference).sum())
    if mine < LEAST_CASES and family not in ("volume", "harm"):
        return Lack("cases", mine, LEAST_CASES)
    return span


def _version(stream: Stream) -> str | None:
    """The version that answered last."""
    answered = stream.cases.loc[stream.cases["model_version"].notna(), "model_version"]
    return None if answered.empty else str(answered.iloc[-1])


def _rates(marks: Array, names: Sequence[str], c: Compared) -> Found:
    p, parts = beyond_chance(shifts.rates_apart(marks, c.chosen))
    mine = c.chosen[0] == 1
    return p, _parts(names, marks[mine].mean(axis=0), marks[~mine].mean(axis=0), parts)


def _one(name: str, statistic: Array) -> Found:
    p = float((statistic >= statistic[0] - 1e-12).mean())
    return p, _parts((name,), statistic[:1], np.array([np.median(statistic[1:])]), np.array([p]))


def _parts(names: Sequence[str], now: Array, before: Array, p: Array) -> pd.DataFrame:
    table = pd.DataFrame({"part": list(names), "now": now, "before": before, "p": p})
    return table.sort_values(["p", "part"], kind="stable", ignore_index=True)
