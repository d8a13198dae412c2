"""What has become of what was answered: calibration and precision, by visited and not visited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2, poisson

from docket.times import DAY
from models.policy import COLOURS, exact_interval
from models.splits import QUARTER
from models.targets import DEFAULT_HORIZON, labels, reporting_delay
from models.trials import INTERVENED_WITHIN
from models.watch.checks import CHECKS, Check, limit
from models.watch.kept import FOLLOWED

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

MARGIN: Final = (0.8, 1.25)
"""Harms over what was expected within which risks count as right, as in `models.gates`."""
LEAST: Final = 5.0
"""Harms, expected or come, from which on a figure is told."""
TELLING: Final = ("yellow", "red")
"""Colours whose precision is told."""
COLUMNS: Final = (
    "cases", "mature", "n", "harmed", "expected", "ratio", "low", "high",
    "coloured", "hits", "precision", "precision_low", "precision_high",
)  # fmt: skip


def matured(snapshot: Snapshot, answers: pd.DataFrame, now: int) -> pd.DataFrame:
    """The answers of the last quarter whose 90 days have passed and been heard of, and what became of them.

    Parameters
    ----------
    answers
        `models.watch.stream.first_answers`.

    Returns
    -------
    DataFrame
        A row for each of `models.watch.kept.FOLLOWED`: `cases` (which), `mature` (until when, µs), `n`,
        `harmed`, `expected` (sum of the risks), `ratio` (harmed over expected) with an exact 95 %
        interval, `coloured` (yellow or red), `hits` (of these, harmed), and their `precision` with its own.
        NaN: it can't be told yet.
    """
    known = snapshot.until(now)
    delay = reporting_delay(known, now)
    end = now - DEFAULT_HORIZON * DAY - delay
    kept = answers[(answers["as_of"] >= end - QUARTER) & (answers["as_of"] < end)]
    ids, as_of = kept["dispute_id"].tolist(), kept["as_of"].to_numpy(np.int64)
    harmed = labels(known, ids, as_of, now, delay).within("escalation", DEFAULT_HORIZON)
    told = np.isfinite(harmed)
    seen = visited(known, kept)
    risk = kept["risk"].to_numpy(np.float64)
    coloured = kept["colour"].isin(TELLING).to_numpy(bool)
    which = dict(zip(FOLLOWED, (told, told & seen, told & ~seen), strict=True))
    return pd.DataFrame(
        [
            {"cases": name, "mature": end, **_figures(harmed[rows], risk[rows], coloured[rows])}
            for name, rows in which.items()
        ],
        columns=list(COLUMNS),
    )


def _figures(harmed: NDArray[np.float64], risk: NDArray[np.float64], coloured: Any) -> dict[str, Any]:
    count, expected, hits = int(harmed.sum()), float(risk.sum()), int(harmed[coloured].sum())
    row: dict[str, Any] = {"n": len(harmed), "harmed": count, "expected": expected}
    enough = max(count, expected) >= LEAST
    low = chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = chi2.ppf(0.975, 2 * (count + 1)) / 2
    row |= dict(
        zip(
            ("ratio", "low", "high"),
            (count / expected, low / expected, high / expected) if enough and expected > 0 else (np.nan,) * 3,
            strict=True,
        )
    )
    n = int(coloured.sum())
    ends = exact_interval(hits, n)
    return row | {
        "coloured": n,
        "hits": hits,
        "precision": hits / n if n else np.nan,
        "precision_low": np.nan if ends[0] is None else ends[0],
        "precision_high": np.nan if ends[1] is None else ends[1],
    }


def visited(snapshot: Snapshot, cases: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether a party was visited in the 30 days after `as_of`, shape (n,)."""
    people = snapshot.tables["parties"].select(["dispute_id", "person_id"]).to_pandas().drop_duplicates()
    visits = snapshot.tables["visits"].select(["person_id", "at"]).to_pandas()
    done = people.merge(visits, on="person_id")[["dispute_id", "at"]]
    numbered = cases[["dispute_id", "as_of"]].assign(row=np.arange(len(cases)))
    joined = numbered.merge(done, on="dispute_id")
    soon = (joined["at"] > joined["as_of"]) & (joined["at"] <= joined["as_of"] + INTERVENED_WITHIN)
    answer = np.zeros(len(cases), dtype=bool)
    answer[joined.loc[soon, "row"].to_numpy(np.int64)] = True
    return answer


def calibration(table: pd.DataFrame) -> Check:
    """Whether more or fewer came to harm than risks that are right within `MARGIN` would let."""
    days, bound = int(QUARTER // DAY), limit(CHECKS)
    row = next(row for row in table.to_dict("records") if row["cases"] == "all")
    if not np.isfinite(row["ratio"]):
        came = f"{int(row['harmed'])} harms of {row['expected']:.1f} expected"
        told = f"{int(row['n'])} answers have matured, with {came}"
        return Check("calibration", days, None, bound, f"{told}; {LEAST:.0f} are needed")
    low, high = (margin * row["expected"] for margin in MARGIN)
    more, fewer = poisson.sf(row["harmed"] - 1, high), poisson.cdf(row["harmed"], low)
    p = float(min(1.0, 2 * min(more, fewer)))
    parts = pd.DataFrame(
        [{"part": "harmed over expected", "now": row["ratio"], "before": 1.0, "p": p}],
    )
    return Check("calibration", days, p, bound, parts=parts)


def by_colour(answers: pd.DataFrame, begin: int, end: int) -> pd.DataFrame:
    """The answers of [begin, end) by colour, exact intervals: `colour, cases, share, low, high, risk`."""
    kept = answers[(answers["as_of"] >= begin) & (answers["as_of"] < end)]
    rows = []
    for colour in reversed(COLOURS):
        mine = kept[kept["colour"] == colour]
        low, high = exact_interval(len(mine), len(kept))
        rows.append(
            {
                "colour": colour,
                "cases": len(mine),
                "share": len(mine) / len(kept) if len(kept) else np.nan,
                "low": np.nan if low is None else low,
                "high": np.nan if high is None else high,
                "risk": float(mine["risk"].median()) if len(mine) else np.nan,
            }
        )
    return pd.DataFrame(rows)
