"""`anlan effects`: what visiting does, estimated from the records and from the lots that were drawn."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from docket.faults import BadInput
from docket.snapshot import Clock, Snapshot
from docket.times import DAY
from models.effects.days import OUTCOMES, District, district
from models.effects.estimating import Effect
from models.effects.lots import ByLot, by_lot
from models.effects.visiting import FEW, Visiting, estimate
from models.targets import reporting_delay
from pipelines.defaults import store_url
from pipelines.instants import instant
from pipelines.progress import stages
from pipelines.sources import read_records
from pipelines.writing import whole_file

_WORDS: Final = {
    "trouble": "trouble (police calls, repeat reports, harm)",
    "harm": "harm (violence, crimes, self-harm)",
}


def run(
    records: Path | None, store: str | None, *, until: str | None, follow: int, washout: int, out: Path | None
) -> None:
    """Print what was estimated; with `out`, write it as JSON too.

    Raises
    ------
    BadInput, RecordFaults
        If the records or `until` can't be used.
    """
    with stages() as tell:
        snapshot = read_records(records, store, Clock.RECORDED, tell)
        cut = _cut(snapshot, until)
        tell("what was known each day")
        days = district(snapshot, cut, follow=follow, delay=reporting_delay(snapshot, cut))
        visiting = estimate(days, follow=follow, washout=washout, tell=tell)
        # Lots stand in a store: a folder of records has none.
        lots = None if records is not None else _lots(store, snapshot, days, cut, follow)
    sys.stdout.write(_of_visits(visiting, follow, washout))
    if records is None:
        sys.stdout.write(_of_lots(lots))
    if out is not None:
        answer = {
            "follow_days": follow,
            "washout_days": washout,
            "visits": None if visiting is None else asdict(visiting),
            "lots": None if lots is None else asdict(lots),
        }
        with whole_file(out) as draft:
            draft.write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")


def _cut(snapshot: Snapshot, until: str | None) -> int:
    if until is not None:
        return instant("--until", until)
    latest = [
        max(snapshot.tables[name].column("recorded_at").to_pylist(), default=0)
        for name in ("disputes", "events", "visits", "outcomes")
    ]
    if not any(latest):
        raise BadInput("there are no records to estimate anything from")
    return max(latest) + DAY


def _lots(store: str | None, snapshot: Snapshot, days: District, cut: int, follow: int) -> ByLot | None:
    from docket.store import open_store  # noqa: PLC0415 - late: SQLAlchemy
    from docket.store.planned import plans  # noqa: PLC0415

    opened = open_store(store_url(store))
    with opened.snapshot() as conn:
        rows = plans(conn)
    opened.close()
    return by_lot(snapshot, days, rows, cut, follow=follow)


def _of_visits(visiting: Visiting | None, follow: int, washout: int) -> str:
    lines = []
    if visiting is None:
        lines.append(f"Fewer than {FEW} visits that met somebody: nothing can be estimated from them.")
    else:
        lines += [
            f"{visiting.visits:,} visits that met somebody, the first in {washout} days, beside "
            f"{visiting.occasions:,} days without one; {follow} days after each.",
            f"Those weighted say as much as {visiting.effective:,.0f} equal ones. Largest difference in "
            f"means, in standard deviations: {visiting.imbalance[0]:.2f}, "
            f"weighted {visiting.imbalance[1]:.2f}.",
            "",
        ]
        for found in visiting.found:
            lines.append(f"{_WORDS[found.outcome]}, for each 100 visits")
            for name, effect in (
                ("doubly robust", found.doubly_robust),
                ("inverse propensity", found.weighted),
                ("as it meets the eye", found.unweighted),
            ):
                lines.append(_line(name, effect))
        lines.append("What the records don't hold and visits went by would bias this; a lot would not.")
    return "\n".join(lines) + "\n"


def _of_lots(lots: ByLot | None) -> str:
    if lots is None:
        return "By lot: too few places were drawn, or too little is known of what followed.\n"
    lines = [f"By lot: {lots.places:,} places that were given by chance, {lots.listed:,} of them listed."]
    for outcome, effect in zip(OUTCOMES, lots.found, strict=True):
        lines += [f"{_WORDS[outcome]}, for each 100 places", _line("inverse propensity", effect)]
    return "\n".join(lines) + "\n"


def _line(name: str, effect: Effect) -> str:
    treated, untreated, averted, least, most = (
        100 * value
        for value in (
            effect.treated,
            effect.untreated,
            effect.difference,
            effect.difference_low,
            effect.difference_high,
        )
    )
    return (
        f"  {name:<20} {treated:6.2f} with, {untreated:6.2f} without; averted {averted:6.2f} "
        f"({least:.2f} to {most:.2f}); ratio {effect.ratio:.2f} "
        f"({effect.ratio_low:.2f} to {effect.ratio_high:.2f})"
    )
