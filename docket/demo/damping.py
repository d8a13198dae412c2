"""The mean effect of steps yet to come, which enters `p_true` and `p_seen` alike.

The chance of harm within a horizon depends on mediations, visits and orders that have not happened yet. Their
mean effect over the horizon, by the state of the matter (closed or open; agreed, failed or neither), its age
and its severity, is measured once on large districts and kept in ``damping.json``. Write it anew with
``python -m docket.demo.damping`` after a change to `docket.demo.law` or `docket.demo.life`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import numpy as np

from docket.demo import law
from docket.demo.evidence import queries
from docket.demo.law import Floats
from docket.demo.life import Life
from docket.demo.schedule import build as build_matters
from docket.demo.settings import DistrictSettings
from docket.demo.truth import HORIZONS, Course, age_bin
from docket.demo.world import build as build_world
from docket.times import DAY, HOUR, parse_instant

PATH: Final = Path(__file__).with_name("damping.json")
_PRIOR_DAYS: Final = 4000.0


def table() -> Floats:
    """Mean effect (state 6, age bin 3, severity 4, horizon 3) relative to that of the steps on record."""
    return np.array(json.loads(PATH.read_text(encoding="utf-8")))


def measure(disputes: int, seeds: tuple[int, ...]) -> Floats:
    """Measure the table on freshly lived districts, shrinking thin cells towards their severity's mean."""
    got, full = np.zeros((6, 3, 4, len(HORIZONS))), np.zeros((6, 3, 4, len(HORIZONS)))
    cut = parse_instant("2026-01-01") + 7 * HOUR
    start = cut - 7 * HOUR - 1096 * DAY
    for seed in seeds:
        world = build_world(disputes, seed, 2026)
        m = build_matters(world, disputes, seed, start, cut, DistrictSettings())
        rows = Life(world, m, seed).run()
        course, q = Course(m, rows), queries(m, rows)
        now = (q.as_of - m.start) / DAY
        effect, state = course.standing(q.matter, q.as_of, now)
        keep = (q.as_of + (HORIZONS[-1] + 1) * DAY <= cut) & ~q.twin
        opened, end = course.opened[q.matter], course.end[q.matter]
        begin = np.maximum(now, course.begin[q.matter])
        at = (state[keep], age_bin(now - course.begin[q.matter])[keep], m.severity[q.matter][keep])
        before = course.run(q.matter, now)
        for h, horizon in enumerate(HORIZONS):
            stop = np.minimum(now + horizon, end)
            days = np.maximum(law.age_integral(stop - opened) - law.age_integral(begin - opened), 0.0)
            np.add.at(got[..., h], at, (course.run(q.matter, now + horizon) - before)[keep])
            np.add.at(full[..., h], at, (effect * days)[keep])
    mean = got.sum(axis=(1, 2), keepdims=True) / np.maximum(full.sum(axis=(1, 2), keepdims=True), 1.0)
    out: Floats = (got + _PRIOR_DAYS * mean) / (full + _PRIOR_DAYS)
    return out


if __name__ == "__main__":
    PATH.write_text(
        json.dumps(np.round(measure(60_000, (101, 102, 103)), 4).tolist()) + "\n", encoding="utf-8"
    )
    sys.stdout.write(f"{PATH} written\n")
