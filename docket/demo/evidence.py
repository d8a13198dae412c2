"""What each row on record says of severity, and the moments at which the truth is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from docket.demo import law, mentions
from docket.demo.law import Floats
from docket.demo.life import Rows
from docket.demo.schedule import NEVER, Matters
from docket.demo.settings import DistrictSettings, stream
from docket.demo.truth import Evidence, Queries
from docket.demo.world import Ints

TALKING = ("police_call", "repeat_report")
_SPOKEN = 0.6


@dataclass(frozen=True)
class Talk:
    """Modes of the signals in each text: narratives, second narratives (by matter), and events (by row)."""

    first: NDArray[np.int8]
    second: NDArray[np.int8]
    event_rows: Ints
    events: NDArray[np.int8]


def gather(m: Matters, rows: Rows, seed: int, settings: DistrictSettings) -> tuple[Talk, Evidence]:
    """Draw what the texts mention, and list the evidence of every row recorded by the cut."""
    rng = stream(seed, "mentions")
    first, first_log = mentions.draw(rng, m.kind, m.severity, settings.signals)
    two = np.flatnonzero(m.twin < NEVER)
    second, second_log = mentions.draw(rng, m.kind[two], m.severity[two], settings.signals)
    matter = np.array([e[0] for e in rows.events], dtype=np.int64)
    known = np.array([e[2] for e in rows.events], dtype=np.int64)
    kinds = np.array([e[3] for e in rows.events], dtype=object)
    speaks = np.flatnonzero(np.isin(kinds, TALKING) & (rng.random(len(kinds)) < _SPOKEN))
    event_modes, event_log = mentions.draw(
        rng, m.kind[matter[speaks]], m.severity[matter[speaks]], settings.signals, 0.5
    )
    rates = {
        "police_call": np.log(law.POLICE_CALL),
        "repeat_report": np.log(law.REPEAT_REPORT),
        "agreement_breached": np.log(law.BREACH),
        "agreement": np.log(law.AGREEMENT),
        "mediation_failed": np.log(1 - law.AGREEMENT),
    }
    log = np.zeros((len(kinds), 4))
    for name, value in rates.items():
        log[kinds == name] = value
    log[speaks] += event_log
    harm = np.array(rows.outcomes, dtype=np.int64).reshape(-1, 5)
    visits = np.array(rows.visits, dtype=np.int64).reshape(-1, 7)
    visits = visits[visits[:, 5] == 1]
    parts: list[tuple[Ints, Ints, Floats]] = [
        (np.arange(m.n), m.intake, first_log + m.door_evidence),
        (two, m.twin[two], second_log + m.twin_door_evidence[two]),
        (matter, known, log),
        (harm[:, 0], harm[:, 2], np.log(np.maximum(law.HARM, 1e-9)).T[harm[:, 3]]),
        (visits[:, 0], visits[:, 4], np.log(law.FINDING).T[visits[:, 6]]),
    ]
    who, when, what = (np.concatenate([p[k] for p in parts]) for k in range(3))
    told = when <= m.cut
    talk = Talk(first, second, speaks, event_modes)
    return talk, Evidence(who[told], when[told], what[told])


def queries(m: Matters, rows: Rows) -> Queries:
    """Intake of every record, and every event of it recorded by the cut; a moment stands once."""
    two = np.flatnonzero(m.twin < NEVER)
    events = np.array([(e[0], e[4], e[2]) for e in rows.events], dtype=np.int64).reshape(-1, 3)
    matter = np.concatenate([np.arange(m.n), two, events[:, 0]])
    twin = np.concatenate([np.zeros(m.n, dtype=np.int64), np.ones(len(two), dtype=np.int64), events[:, 1]])
    as_of = np.concatenate([m.intake, m.twin[two], events[:, 2]])
    kept = np.unique(np.column_stack([matter, twin, as_of])[as_of <= m.cut], axis=0)
    return Queries(kept[:, 0], kept[:, 1] == 1, kept[:, 2])
