"""A comparison on disk: tables as CSV, and a page that needs no other file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from jinja2 import Environment

from docket.times import rfc3339
from models import compared
from models.contest import Contest

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

PRIVATE: Final = frozenset({"dispute_id"})
"""Columns that name a case: written for who runs the command, never into MLflow."""
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ ours }} beside {{ theirs }}</title>
<style>body{font:15px/1.45 system-ui,sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.6rem 0 1.4rem;display:block;overflow-x:auto}
td,th{border:1px solid #ccc;padding:.25rem .55rem;text-align:right}
th:first-child,td:first-child{text-align:left}</style>
<h1>{{ ours }} beside {{ theirs }}</h1>
<p>{{ cases }} disputes at intake, first recorded from {{ begin }} until {{ end }}, {{ harmed }} of which came
to harm within 90 days. {{ note }} Intervals: 95 %, {{ replicates }} bootstrap draws over disputes, clustered
by the pair of parties, the same draws for both.</p>
{% for title, header, rows in tables %}
<h2>{{ title }}</h2>
<table><tr>{% for name in header %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
{% endfor %}
</html>
"""
TITLES: Final = {
    "summary": "Escalation within 90 days",
    "colours": "What would have changed by colour (floors are red for both)",
    "flips": "The cases that flip most",
    "groups": "By group: how far the risks are off (Brier), and who gets a slip",
    "figures": "Every target and horizon: ours, theirs, and ours less theirs",
}


@dataclass(frozen=True)
class Comparison:
    """Two versions compared.

    Attributes
    ----------
    ours, theirs
        URIs.
    found
        The cases and the risks.
    tables
        By the names in `TITLES`; see `models.compared`.
    """

    ours: str
    theirs: str
    found: Contest
    tables: dict[str, pd.DataFrame]

    @classmethod
    def of(
        cls,
        ours: str,
        theirs: str,
        found: Contest,
        snapshot: Snapshot,
        *,
        replicates: int = compared.REPLICATES,
        seed: int = 0,
    ) -> Comparison:
        """Make every table."""
        made = {
            "summary": compared.summary(found, replicates=replicates, seed=seed),
            "colours": compared.colours(found),
            "flips": compared.flips(found),
            "groups": compared.by_group(found, snapshot, replicates=replicates, seed=seed),
            "figures": compared.figures(found, replicates=replicates, seed=seed),
        }
        return cls(ours, theirs, found, made)

    @property
    def note(self) -> str:
        """Which models were tried."""
        if not self.found.held_out:
            return "Both versions are as registered: the cases came after both data cuts."
        sides = ((self.ours, self.found.ours), (self.theirs, self.found.theirs))
        stood = [uri for uri, scorer in sides if scorer is not None and "stands_for" in scorer.info]
        return (
            f"{' and '.join(stood)} had learned from these cases, so what is tried is the validation model, "
            "fitted in the same way on what was known before them; its calibration was fitted on them."
        )

    def write(self, folder: Path, *, private: bool) -> None:
        """Write `compare.html` and a CSV file a table.

        Parameters
        ----------
        private
            Whether columns may name a case: only for who runs the command.
        """
        folder.mkdir(parents=True, exist_ok=True)
        tables = {
            name: table if private else table.drop(columns=[c for c in table.columns if c in PRIVATE])
            for name, table in self.tables.items()
        }
        for name, table in tables.items():
            table.to_csv(folder / f"{name}.csv", index=False)
        page = Environment(autoescape=True).from_string(_PAGE)
        text = page.render(
            ours=self.ours,
            theirs=self.theirs,
            cases=f"{len(self.found.frame):,}",
            harmed=int(np.nansum(self.found.harmed)),
            begin=rfc3339(self.found.begin)[:10],
            end=rfc3339(self.found.end)[:10],
            note=self.note,
            replicates=compared.REPLICATES,
            tables=[(TITLES[name], list(table.columns), _cells(table)) for name, table in tables.items()],
        )
        (folder / "compare.html").write_text(text, encoding="utf-8")


def _cells(table: pd.DataFrame) -> list[list[str]]:
    return [[_cell(value) for value in row] for row in table.to_numpy()]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "–" if not np.isfinite(value) else f"{value:.4g}"
    return str(value)
