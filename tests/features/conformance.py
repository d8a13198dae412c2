"""What every feature must satisfy, as checks that name what breaks them.

The suite runs them on the catalogue and expects nothing; it also runs them on planted faults, and expects
those to be named. A check that finds nothing in either would be no check.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
from made_districts import (
    START,
    Rows,
    add_dispute,
    add_event,
    add_grid,
    add_outcome,
    add_person,
    cut,
    empty,
    snapshot,
)

from docket.contract.enumerations import (
    DISPUTE_KINDS,
    EVENT_KINDS,
    FINDINGS,
    OUTCOME_KINDS,
    REGISTRY_CATEGORIES,
)
from docket.times import DAY, HOUR
from features.catalogue import CATALOGUE
from features.declarations import Feature, Stream
from features.engine import compute
from features.sources import DuckSource
from features.streams import STREAMS


@dataclass(frozen=True)
class Variant:
    """A catalogue and its streams: the project's own, or one with a fault planted."""

    features: Sequence[Feature] = CATALOGUE
    streams: Mapping[str, Stream] | None = None

    def compute(self, source: DuckSource, names: Sequence[str], moments: Sequence[int]) -> pd.DataFrame:
        return compute(
            source,
            names,
            np.array(moments, np.int64),
            features=self.features,
            streams=self.streams or STREAMS,
        )


class District:
    """A dense district of few people, so that every feature has something to tell."""

    def __init__(self, seed: int = 11) -> None:
        self.rows = _rich(random.Random(seed))
        last = max(row["recorded_at"] for row in self.rows["events"])
        first = min(row["recorded_at"] for row in self.rows["disputes"])
        self.moments = [first + (last - first) * part // 4 for part in (1, 2, 3, 4)]

    @cached_property
    def source(self) -> DuckSource:
        return DuckSource(snapshot(self.rows))

    @cached_property
    def sources_then(self) -> dict[int, DuckSource]:
        """What could be read at each moment."""
        return {moment: DuckSource(snapshot(cut(self.rows, moment))) for moment in self.moments}

    def names_at(self, moment: int) -> list[str]:
        return sorted({row["dispute_id"] for row in self.rows["disputes"] if row["recorded_at"] <= moment})

    @cached_property
    def queries(self) -> tuple[list[str], list[int]]:
        asked = [(name, moment) for moment in self.moments for name in self.names_at(moment)]
        return [name for name, _ in asked], [moment for _, moment in asked]


def _rich(rng: random.Random) -> Rows:
    rows = empty()
    for number in range(6):
        add_grid(rows, f"g{number}", f"c{number // 2}", f"s{number // 4}")
    people = [f"p{number}" for number in range(9)]
    for person in people:
        add_person(rows, person, f"g{rng.randrange(6)}")
    kinds = dict.fromkeys(("e", "o", "v", "r"), 0)

    def name(letter: str) -> str:
        kinds[letter] += 1
        return f"{letter}{kinds[letter]:03d}"

    def late() -> int:
        return rng.choice([0, HOUR, DAY, 9 * DAY, 80 * DAY])

    for number in range(60):
        opened = START + rng.randrange(700) * DAY + rng.randrange(24) * HOUR
        recorded = opened + rng.choice([0, HOUR, 3 * DAY])
        first, second, *others = rng.sample(people, 4)
        parties = [(first, "applicant"), (second, "respondent")]
        if number % 3 == 0:
            parties += [(others[0], "affected"), (others[1], rng.choice(["applicant", "respondent"]))]
        add_dispute(
            rows,
            f"d{number:02d}",
            opened,
            recorded,
            parties,
            kind=rng.choice([*DISPUTE_KINDS, "domestic_violence", "injury"]),
            grid=f"g{rng.randrange(6)}",
            relation=rng.choice(["spouse", "neighbour", "family", "unknown"]),
            source=rng.choice(["police_110", "walk_in", "transfer"]),
            amount=rng.choice([None, 1000.0, 50_000.0]),
        )
        dispute = f"d{number:02d}"
        for _ in range(rng.randrange(9)):
            at = opened + rng.randrange(200) * DAY
            add_event(rows, name("e"), dispute, at, max(at, recorded) + late(), rng.choice(EVENT_KINDS))
        if number % 2:
            at = opened + rng.randrange(90) * DAY
            kind, severity = rng.choice(OUTCOME_KINDS), rng.randint(1, 5)
            add_outcome(rows, name("o"), dispute, at, max(at, recorded) + late(), kind, severity)
        if number % 3 == 1:
            left = opened + 40 * DAY
            rows["registry"].append(
                {
                    "entry_id": name("r"),
                    "person_id": second,
                    "dispute_id": dispute,
                    "category": rng.choice(REGISTRY_CATEGORIES),
                    "entered_at": opened,
                    "recorded_at": recorded,
                    "left_at": left if number % 2 else None,
                    "left_recorded_at": left + 100 * DAY if number % 2 else None,
                }
            )
        at = opened + rng.randrange(150) * DAY
        rows["visits"].append(
            {
                "visit_id": name("v"),
                "person_id": rng.choice([first, second]),
                "worker_id": "w0",
                "at": at,
                "recorded_at": at + late(),
                "contact": rng.random() < 0.7,
                "finding": rng.choice(FINDINGS),
            }
        )
        if number % 5 == 0:  # somebody called at once
            add_event(rows, name("e"), dispute, recorded + HOUR // 6, recorded + HOUR // 6, "contacted")
        if number % 4 == 1:  # and it got worse
            at = opened + 120 * DAY
            add_outcome(rows, name("o"), dispute, at, at, "violence", 5)
    for table, column, values in (
        ("disputes", "kind", DISPUTE_KINDS),
        ("events", "kind", EVENT_KINDS),
        ("outcomes", "severity", (1, 2, 3, 4, 5)),
        ("visits", "finding", FINDINGS),
    ):
        for row in rng.sample(rows[table], 8):
            rows[table].append(
                {**row, column: rng.choice(values), "recorded_at": row["recorded_at"] + 50 * DAY}
            )
    return rows


def differing(one: pd.DataFrame, other: pd.DataFrame, tolerance: float = 0.0) -> set[str]:
    """The columns that differ by more than `tolerance`, by default in any bit; a NaN is like another."""
    return {
        name
        for name in one
        if not np.allclose(one[name], other[name], rtol=tolerance, atol=tolerance, equal_nan=True)
    }


def future_leaks(variant: Variant, district: District) -> set[str]:
    """Features whose value at a moment changes with rows recorded after it."""
    leaks: set[str] = set()
    for moment, then in district.sources_then.items():
        names = district.names_at(moment)
        moments = [moment] * len(names)
        leaks |= differing(
            variant.compute(district.source, names, moments), variant.compute(then, names, moments)
        )
    return leaks


def forbidden_reads(variant: Variant, district: District) -> set[str]:
    """Features that change with what must never be a feature: sex, birth year, door, extra columns."""
    rows: Rows = {name: [dict(row) for row in found] for name, found in district.rows.items()}
    for row in rows["persons"]:
        row |= {"sex": "female", "birth_year": 2001}
    for row in rows["disputes"]:
        if row["source"] != "police_110":
            row["source"] = "hotline_12345"
    for row in rows["events"]:
        row["source"] = "app_voice"
    for row in rows["visits"]:
        row |= {"weapon_seen": True, "referred_to": "hospital"}
    changed = snapshot(rows)
    wider = {
        name: table.append_column("final_disposition", pa.array([f"{n % 3}" for n in range(table.num_rows)]))
        for name, table in changed.tables.items()
    }
    source = DuckSource(type(changed)(wider, changed.originals))
    return differing(
        variant.compute(district.source, *district.queries), variant.compute(source, *district.queries)
    )


def authority_reads(variant: Variant, district: District) -> set[str]:
    """Features that change with earlier disputes with an authority, of all the same persons and grids."""
    rows: Rows = {name: list(found) for name, found in district.rows.items()}
    people = [row["person_id"] for row in rows["persons"]]
    early = min(row["opened_at"] for row in rows["disputes"]) - 20 * DAY
    for number, grid in enumerate(row["grid_id"] for row in district.rows["grids"]):
        dispute, opened = f"a{number}", early + number * DAY
        official = f"official{number}"
        add_person(rows, official, grid)
        parties = [
            (person, "applicant" if place % 2 else "respondent") for place, person in enumerate(people)
        ]
        add_dispute(rows, dispute, opened, opened, parties, grid=grid, kind="injury", relation="family")
        rows["parties"].append(
            {**rows["parties"][-1], "person_id": official, "role": "respondent", "relation": "authority"}
        )
        for kind in EVENT_KINDS:
            add_event(rows, f"a{number}{kind}", dispute, opened + DAY, opened + DAY, kind)
        add_outcome(rows, f"ao{number}", dispute, opened + DAY, opened + DAY)
        entry = {"entry_id": f"ar{number}", "dispute_id": dispute, "category": "other", "recorded_at": opened}
        rows["registry"].append({**entry, "person_id": people[number], "entered_at": opened})
    return differing(
        variant.compute(district.source, *district.queries),
        variant.compute(DuckSource(snapshot(rows)), *district.queries),
    )


def own_authority_reads(variant: Variant, district: District) -> set[str]:
    """Features of a dispute that change with whether it is one with an authority, or an unknown relation."""
    changed: set[str] = set()
    for dispute in district.names_at(district.moments[-1])[::15]:
        told = {}
        for relation in ("authority", "unknown"):
            rows = dict(district.rows)
            rows["parties"] = [
                {**row, "relation": relation} if row["dispute_id"] == dispute else row
                for row in district.rows["parties"]
            ]
            names, moments = [dispute] * 2, district.moments[-2:]
            told[relation] = variant.compute(DuckSource(snapshot(rows)), names, moments)
        # Subtracting the own dispute's share of a decayed sum rounds; leaving it out does not.
        changed |= differing(told["authority"], told["unknown"], tolerance=1e-12)
    return changed
