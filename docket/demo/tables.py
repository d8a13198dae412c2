"""From what happened to the tables of the contract, as they stood at the district's last moment."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from docket.contract.enumerations import (
    DISPUTE_KINDS,
    FINDINGS,
    OUTCOME_KINDS,
    RELATIONS,
    SOURCES,
)
from docket.demo.life import REGISTRY, Rows
from docket.demo.pairs import extra_people
from docket.demo.schedule import AUTHORITY, NEVER, Matters
from docket.demo.settings import stream
from docket.demo.world import Ints, World
from docket.times import LOCAL

_SEVERITY: Final = {
    "violence": (0.42, 0.30, 0.18, 0.08, 0.02),
    "civil_to_criminal": (0.0, 0.05, 0.35, 0.38, 0.22),
    "self_harm": (0.15, 0.25, 0.28, 0.20, 0.12),
    "extreme_act": (0.0, 0.0, 0.10, 0.40, 0.50),
}
"""How grave harm of each kind is, 1 to 5."""
_FAMILY: Final = RELATIONS.index("family")


@dataclass(frozen=True)
class Names:
    """Ids: of records by matter (and of second records), and of people."""

    first: np.ndarray[tuple[int], np.dtype[Any]]
    second: np.ndarray[tuple[int], np.dtype[Any]]
    people: np.ndarray[tuple[int], np.dtype[Any]]

    @classmethod
    def of(cls, m: Matters, world: World, seed: int) -> Names:
        """Records are numbered as they came in, so that a number tells nothing of a second record."""
        two = np.flatnonzero(m.twin < NEVER)
        when = np.concatenate([m.intake, m.twin[two]])
        order = np.argsort(when, kind="stable")
        number = np.empty(len(when), dtype=np.int64)
        number[order] = np.arange(len(when))
        ids = np.array([f"d{n:07d}" for n in number], dtype=object)
        second = np.full(m.n, None, dtype=object)
        second[two] = ids[m.n :]
        people = [
            hashlib.blake2b(f"{seed}/{p}".encode(), digest_size=8).hexdigest() for p in range(world.people)
        ]
        return cls(ids[: m.n], second, np.array([f"p{name}" for name in people], dtype=object))

    def record(self, matter: Ints, twin: Ints) -> np.ndarray[tuple[int], np.dtype[Any]]:
        """The dispute ids of matters, or of their second records."""
        return np.where(np.asarray(twin) > 0, self.second[matter], self.first[matter])


def moments(micros: Any) -> pd.Series:
    """Times as a district's own system writes them; negative is none."""
    values = pd.Series(np.asarray(micros, dtype=np.int64))
    return (
        pd.to_datetime(values.where(values >= 0), unit="us", utc=True).dt.tz_convert(LOCAL).dt.as_unit("us")
    )


def dispute_table(m: Matters, names: Names, first: list[str], second: list[str]) -> pd.DataFrame:
    """`disputes`, second records among them, in order of intake."""
    two = np.flatnonzero(m.twin < NEVER)
    who = np.concatenate([np.arange(m.n), two])
    frame = pd.DataFrame(
        {
            "dispute_id": np.concatenate([names.first, names.second[two]]),
            "opened_at": moments(m.opened[who]),
            "recorded_at": moments(np.concatenate([m.intake, m.twin[two]])),
            "source": np.array(SOURCES)[np.concatenate([m.source, m.twin_source[two]])],
            "kind": np.array(DISPUTE_KINDS)[m.kind[who]],
            "grid_id": [f"g{g:04d}" for g in m.grid[who]],
            "text": first + second,
            "amount_cny": m.amount[who],
        }
    )
    return frame.sort_values("dispute_id", kind="stable", ignore_index=True)


def party_rows(m: Matters, world: World, names: Names, seed: int) -> pd.DataFrame:
    """Who is a party in what, by number: `dispute_id, person, role, relation, recorded` (µs)."""
    two = np.flatnonzero(m.twin < NEVER)
    parts = []
    for matter, intake, twin in ((np.arange(m.n), m.intake, 0), (two, m.twin[two], 1)):
        linked = np.maximum(m.linked[matter], intake)
        ids = names.record(matter, np.full(len(matter), twin))
        parts.append(_parties(ids, m.applicant[matter], "applicant", m.relation[matter], intake))
        parts.append(_parties(ids, m.respondent[matter], "respondent", m.relation[matter], linked))
        authority = np.full(len(matter), AUTHORITY)
        parts.append(_parties(ids, m.official[matter], "respondent", authority, intake))
    _, extra = extra_people(stream(seed, "extra people"), world, m.applicant, m.respondent)
    for role, rows, people in extra:
        relation = m.relation[rows] if role != "affected" else np.full(len(rows), _FAMILY)
        # Whoever stands beside the respondent is named when the respondent is.
        when = m.linked[rows] if role == "respondent" else m.intake[rows]
        parts.append(_parties(names.first[rows], people, role, relation, when))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[(frame["person"] >= 0) & (frame["recorded"] <= m.cut)]
    frame = frame.drop_duplicates(["dispute_id", "person", "role"])
    return frame.sort_values(["dispute_id", "recorded", "role"], kind="stable", ignore_index=True)


def _parties(ids: Any, people: Ints, role: str, relation: Ints, recorded: Ints) -> pd.DataFrame:
    return pd.DataFrame(
        {"dispute_id": ids, "person": people, "role": role, "relation": relation, "recorded": recorded}
    )


def party_table(rows: pd.DataFrame, names: Names) -> pd.DataFrame:
    """`parties`."""
    return pd.DataFrame(
        {
            "dispute_id": rows["dispute_id"],
            "person_id": names.people[rows["person"]],
            "role": rows["role"],
            "relation": np.array(RELATIONS)[rows["relation"]],
            "recorded_at": moments(rows["recorded"]),
        }
    )


def person_table(rows: pd.DataFrame, world: World, names: Names, seed: int) -> pd.DataFrame:
    """`persons`: whoever is a party, known from the first time on; some years and sexes weren't taken down."""
    first = rows.groupby("person")["recorded"].min()
    people = first.index.to_numpy()
    rng = stream(seed, "persons")
    sex = np.where(world.male[people], "male", "female")
    return pd.DataFrame(
        {
            "person_id": names.people[people],
            "birth_year": pd.Series(world.birth[people], dtype="Int64").mask(rng.random(len(people)) < 0.04),
            "sex": np.where(rng.random(len(people)) < 0.03, "unknown", sex),
            "grid_id": [f"g{g:04d}" for g in world.grid[people]],
            "recorded_at": moments(first.to_numpy()),
        }
    )


def event_table(rows: Rows, m: Matters, names: Names, texts: list[str | None]) -> pd.DataFrame:
    """`events` recorded by the cut."""
    told = [row for row, event in enumerate(rows.events) if event[2] <= m.cut]
    matter, at, known, kind, twin = zip(*(rows.events[row] for row in told), strict=True)
    return pd.DataFrame(
        {
            "event_id": [f"e{row:08d}" for row in told],
            "dispute_id": names.record(np.array(matter), np.array(twin)),
            "at": moments(at),
            "recorded_at": moments(known),
            "kind": kind,
            "text": pd.array([texts[row] for row in told], dtype="str"),
        }
    )


def outcome_table(rows: Rows, m: Matters, names: Names, seed: int) -> pd.DataFrame:
    """`outcomes` recorded by the cut."""
    rng = stream(seed, "outcome severity")
    grave = [int(rng.choice(5, p=_SEVERITY[OUTCOME_KINDS[kind]])) + 1 for _, _, _, kind, _ in rows.outcomes]
    told = [row for row, outcome in enumerate(rows.outcomes) if outcome[2] <= m.cut]
    values = np.array([rows.outcomes[row] for row in told], dtype=np.int64).reshape(-1, 5)
    return pd.DataFrame(
        {
            "outcome_id": [f"o{row:06d}" for row in told],
            "dispute_id": names.record(values[:, 0], values[:, 4]),
            "at": moments(values[:, 1]),
            "recorded_at": moments(values[:, 2]),
            "kind": np.array(OUTCOME_KINDS)[values[:, 3]],
            "severity": np.array([grave[row] for row in told], dtype=np.int64),
        }
    )


def registry_table(rows: Rows, m: Matters, names: Names) -> pd.DataFrame:
    """`registry`: entries recorded by the cut, a leaving only if it was learned by then."""
    told = [row for row, entry in enumerate(rows.registry) if entry[4] <= m.cut]
    values = np.array([rows.registry[row] for row in told], dtype=np.int64).reshape(-1, 7)
    learned = np.where(values[:, 6] >= 0, values[:, 6], values[:, 5])
    left = (values[:, 5] >= 0) & (learned <= m.cut)
    return pd.DataFrame(
        {
            "entry_id": [f"r{row:06d}" for row in told],
            "person_id": names.people[values[:, 1]],
            "dispute_id": names.first[values[:, 0]],
            "category": [REGISTRY.get(int(kind), ("other", 0.0))[0] for kind in values[:, 2]],
            "entered_at": moments(values[:, 3]),
            "recorded_at": moments(values[:, 4]),
            "left_at": moments(np.where(left, values[:, 5], -1)),
            "left_recorded_at": moments(np.where(left, values[:, 6], -1)),
        }
    )


def visit_table(rows: Rows, m: Matters, names: Names, texts: list[str | None]) -> pd.DataFrame:
    """`visits` recorded by the cut."""
    told = [row for row, visit in enumerate(rows.visits) if visit[4] <= m.cut]
    values = np.array([rows.visits[row] for row in told], dtype=np.int64).reshape(-1, 7)
    return pd.DataFrame(
        {
            "visit_id": [f"v{row:07d}" for row in told],
            "person_id": names.people[values[:, 1]],
            "worker_id": [f"w{worker:04d}" for worker in values[:, 2]],
            "at": moments(values[:, 3]),
            "recorded_at": moments(values[:, 4]),
            "contact": values[:, 5] == 1,
            "finding": np.array(FINDINGS)[values[:, 6]],
            "text": pd.array([texts[row] for row in told], dtype="str"),
        }
    )
