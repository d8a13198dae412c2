"""A watch on disk: a page that needs no other file, and a CSV file a table."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from jinja2 import Environment

from docket.times import rfc3339
from models.watch.checks import FALSE_ALARMS_A_MONTH
from models.watch.result import Watched

SELF_FULFILLING: Final = (
    "Steady figures are no proof that the model is right. Whoever gets a colour is visited, and a visit may "
    "avert the harm that the risk foretold; whoever gets none is seldom looked at, and harm that nobody "
    "looks for is heard of less. So calibration is told apart for people who were visited and who weren't. "
    "Neither half is a fair sample: only the visits that were drawn by lot weren't decided by the risk."
)
TITLES: Final = {
    "checks": "Checks",
    "matured": "What has become of the answers of a quarter, 90 days on (escalation)",
    "colours": "Colours of the last 28 days",
    "volume": "What was recorded",
    "practice": "What was decided in the last 28 days (seconds: median from opening to deciding)",
    "slips": "Slips of the last 28 days",
    "columns": "Columns of the last 28 days beside those before",
}


def write(watched: Watched, folder: Path) -> None:
    """Write `watch.html` and a CSV file a table."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in watched.tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    template = files("models").joinpath("templates/watch.html.j2").read_text(encoding="utf-8")
    page = Environment(autoescape=True).from_string(template)
    text = page.render(
        until=rfc3339(watched.end)[:10],
        verdict=verdict(watched),
        allowed=f"{FALSE_ALARMS_A_MONTH:.0f}",
        caution=SELF_FULFILLING,
        tables=[
            (title, list(watched.tables[name].columns), _cells(watched.tables[name]))
            for name, title in TITLES.items()
        ],
    )
    (folder / "watch.html").write_text(text, encoding="utf-8")


def verdict(watched: Watched) -> str:
    """How many alarms, and how many checks can't be told yet."""
    waiting = sum(check.p is None for check in watched.checks)
    count = len(watched.alarms)
    alarms = "no alarm" if count == 0 else f"{count} alarm{'s' if count > 1 else ''}"
    return f"{alarms} in {len(watched.checks)} checks" + (f", {waiting} can't be told yet" if waiting else "")


def alarm_lines(watched: Watched) -> list[str]:
    """A line an alarm: what, over which days, how unlikely by chance, and what stands out."""
    lines = []
    for check in watched.alarms:
        shown = [] if check.parts is None else check.parts.head(3).itertuples()
        what = "; ".join(f"{row.part} {row.now:.4g} (before {row.before:.4g})" for row in shown)
        lines.append(f"{check.family}, {check.days} days: p {check.p:.4f}: {what}")
    return lines


def _cells(table: pd.DataFrame) -> list[tuple[bool, list[str]]]:
    alarm = table["alarm"].tolist() if "alarm" in table else [False] * len(table)
    rows = [[_cell(value) for value in row] for row in table.astype(object).to_numpy()]
    return list(zip(alarm, rows, strict=True))


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return "–" if not np.isfinite(value) else f"{value:.4g}"
    return str(value)
