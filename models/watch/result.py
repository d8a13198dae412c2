"""A day's watch: the checks, the tables, and what stays of them in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from docket.times import DAY, rfc3339
from features.catalogue import CATALOGUE, COLUMNS
from models.material import Progress
from models.practice import decided, slips_a_day, summary
from models.watch import shifts
from models.watch.checks import FALSE_ALARMS_A_MONTH, WORST, Check, Compared, check_all
from models.watch.columns import silent
from models.watch.days import DRAWS, LEAST_REFERENCE, REFERENCE, SPANS, Span
from models.watch.matured import by_colour, calibration, matured
from models.watch.stream import Stream, first_answers, stream_of

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

LONG: Final = max(SPANS)
"""Days over which the tables tell what is now."""


@dataclass(frozen=True)
class Watched:
    """What a watch found.

    Attributes
    ----------
    now, end
        µs; the last day that was looked at ends at `end`.
    checks
        Every check.
    tables
        `checks, columns, volume, colours, matured, practice, slips`.
    """

    now: int
    end: int
    checks: tuple[Check, ...]
    tables: Mapping[str, pd.DataFrame]

    @property
    def alarms(self) -> list[Check]:
        """The checks that found more than chance would give."""
        return [check for check in self.checks if check.alarm]

    def kept(self) -> dict[str, Any]:
        """What stays of it: no case, no person, no text."""
        told = {name: _plain(self.tables[name]) for name in ("colours", "matured", "practice", "slips")}
        return {
            "at": rfc3339(self.now),
            "until": rfc3339(self.end),
            "false_alarms_a_month": FALSE_ALARMS_A_MONTH,
            "checks": [
                {
                    "family": check.family,
                    "days": check.days,
                    "p": check.p,
                    "limit": check.limit,
                    "alarm": check.alarm,
                    "why": check.why,
                    "parts": [] if check.parts is None else _plain(check.parts.head(WORST)),
                }
                for check in self.checks
            ],
            **told,
        }


def watch(
    conn: sa.Connection,
    snapshot: Snapshot,
    now: int,
    *,
    draws: int = DRAWS,
    progress: Progress | None = None,
) -> Watched:
    """Look at a store as it stood at a moment.

    Parameters
    ----------
    conn, snapshot
        Of the same store.
    now
        µs; nothing recorded at or after it is read.

    Raises
    ------
    ValueError
        If no dispute was known by then.
    """
    answers = first_answers(conn, now)
    stream = stream_of(snapshot, answers, now, progress=progress)
    outcome = matured(snapshot, answers, now)
    checks = (*check_all(stream, draws=draws), calibration(outcome))
    begin = stream.end - LONG * DAY
    tables = {
        "checks": checks_table(checks),
        "columns": columns_table(stream),
        "volume": volume_table(stream),
        "colours": by_colour(answers, begin, stream.end),
        "matured": outcome.assign(mature=[rfc3339(int(moment))[:10] for moment in outcome["mature"]]),
        "practice": pd.DataFrame(summary(decided(conn, since=begin, until=stream.end))),
        "slips": pd.DataFrame([slips_a_day(conn, begin, stream.end)]),
    }
    return Watched(now, stream.end, checks, tables)


def checks_table(checks: tuple[Check, ...]) -> pd.DataFrame:
    """`family, days, p, limit, alarm, why, most unlikely`."""
    return pd.DataFrame(
        [
            {
                "family": check.family,
                "days": check.days,
                "p": np.nan if check.p is None else check.p,
                "limit": check.limit,
                "alarm": check.alarm,
                "why": check.why,
                "most unlikely": "" if check.parts is None else ", ".join(check.parts["part"].head(WORST)),
            }
            for check in checks
        ]
    )


def columns_table(stream: Stream) -> pd.DataFrame:
    """Every column of the last days beside those before: `column, psi, missing, missing_before, silent`.

    `silent` says why a column raises no alarm. The index has no threshold: what it is by chance depends on
    how many cases there are, and the checks measure that.
    """
    reference = min(REFERENCE, int((stream.end - stream.known_from) // DAY) - LONG)
    columns = ["column", "psi", "missing", "missing_before", "silent"]
    if reference < LEAST_REFERENCE or len(stream.cases) == 0:
        return pd.DataFrame(columns=columns)
    c = Compared.of(stream.as_of, Span(stream.end, LONG, reference), draws=0)
    values = stream.values.iloc[c.rows][list(COLUMNS)]
    mine = c.mine == 1
    bins, column = shifts.binned(values)
    return pd.DataFrame(
        {
            "column": list(COLUMNS),
            "psi": shifts.psi(bins, column, c.chosen)[0],
            "missing": values[mine].isna().mean().to_numpy(),
            "missing_before": values[~mine].isna().mean().to_numpy(),
            "silent": [silent(feature) or "" for feature in CATALOGUE],
        }
    ).sort_values("psi", ascending=False, ignore_index=True)


def volume_table(stream: Stream) -> pd.DataFrame:
    """What was recorded: `series, 7 days, 28 days, 28 days as before`."""
    rows = []
    for name, moments in stream.flows.items():
        before = (moments >= stream.end - (REFERENCE + LONG) * DAY) & (moments < stream.end - LONG * DAY)
        days = min(REFERENCE, (stream.end - stream.known_from) // DAY - LONG)
        counts = {
            f"{span} days": int(((moments >= stream.end - span * DAY) & (moments < stream.end)).sum())
            for span in SPANS
        }
        as_before = float(before.sum()) * LONG / days if days > 0 else np.nan
        rows.append({"series": name, **counts, f"{LONG} days as before": as_before})
    return pd.DataFrame(rows)


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON has them: what isn't a number is null."""
    rows: list[dict[str, Any]] = json.loads(table.to_json(orient="records", double_precision=12))
    return rows
