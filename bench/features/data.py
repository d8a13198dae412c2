"""Synthetic records of any size, in seconds: what the peers of the bench compute features of.

The demo simulator tells stories and takes minutes for 100,000 disputes; here only the shape matters to the
clock: how many rows a key has, how many come late, how many are corrected. Everything comes from one seed,
and times are whole seconds, so that ties occur as they do in real records.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from docket.contract import BY_NAME
from docket.contract.enumerations import (
    DISPUTE_KINDS,
    EVENT_KINDS,
    FINDINGS,
    OUTCOME_KINDS,
    REGISTRY_CATEGORIES,
    RELATIONS,
    SOURCES,
)
from docket.times import SECOND, parse_instant
from docket.versions import with_exclusions, with_supersession

START: Final = parse_instant("2022-01-01")
DAYS: Final = 1460
VERSION: Final = 2
"""Raise it when the same settings give other records."""
Columns = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """What to make.

    Attributes
    ----------
    disputes
        How many: each is a case, scored at intake.
    hot
        Whether one person has some 5,000 disputes (5 % of a small district's) and one grid 6 % of them.
    corrected
        Whether rows are corrected later, disputes turn out to be with an authority, and entries are left:
        all that ends a row before its window does.
    """

    disputes: int
    hot: bool = True
    corrected: bool = True
    seed: int = 7

    @property
    def digest(self) -> str:
        """Names the records that this makes."""
        told = json.dumps({**asdict(self), "version": VERSION}, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def make(recipe: Recipe) -> dict[str, pa.Table]:
    """The tables that features read, as a `docket.snapshot.Snapshot` holds them."""
    rng = np.random.default_rng(recipe.seed)
    n = recipe.disputes
    people, grids = max(10, int(n * 0.8)), max(50, n // 1000)
    opened = START + rng.integers(0, DAYS * 86400, n) * SECOND
    recorded = opened + _late(rng, n, 0.5, 0.03)
    grid = rng.integers(0, grids, n)
    # Most meet a mediator once, some often: a Pareto's tail, cut so that only the hot key is hot.
    share = np.minimum(rng.pareto(1.6, people) + 1.0, 200.0)
    pool = np.repeat(np.arange(people), np.ceil(share).astype(np.int64))
    applicant, respondent = pool[rng.integers(0, pool.size, n)], pool[rng.integers(0, pool.size, n)]
    if recipe.hot:
        respondent[rng.choice(n, min(5000, n // 20), replace=False)] = 0
        grid[rng.random(n) < 0.06] = 0
    tables = {
        "grids": _grids(grids),
        "disputes": _disputes(rng, recipe, opened, recorded, grid, grids),
        "parties": _parties(rng, recipe, recorded, applicant, respondent, people),
        "events": _events(rng, recipe, opened, recorded),
        "registry": _registry(rng, recipe, recorded, respondent),
        "visits": _visits(rng, recipe, recorded, applicant, respondent),
        "outcomes": _outcomes(rng, recipe, recorded),
    }
    return with_exclusions(tables)


def kept(recipe: Recipe, cache: Path) -> Path:
    """The folder of a recipe's tables as Parquet, made if it isn't there yet."""
    folder = cache / "records" / recipe.digest
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in make(recipe).items():
            pq.write_table(table, folder / f"known_{name}.parquet")
        (folder / "done").touch()
    return folder


def _late(rng: Any, n: int, mean: float, often: float) -> Any:
    """Seconds from happening to recording, some of them weeks."""
    days = rng.exponential(mean, n) + np.where(rng.random(n) < often, rng.uniform(5, 60, n), 0.0)
    return (days * 86400).astype(np.int64) * SECOND


def _after(rng: Any, n: int, mean: float) -> Any:
    return (rng.exponential(mean, n) * 86400).astype(np.int64) * SECOND


def _ids(prefix: str, numbers: Any) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 8, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), digits, "").cast(pa.large_string())


def _of(names: tuple[str, ...], codes: Any) -> pa.Array:
    return pa.array(names, pa.large_string()).take(pa.array(codes))


def _table(name: str, columns: Columns) -> pa.Table:
    """A table with what its contract names and `columns` give, supersession added."""
    told = {column: values for column, values in columns.items() if values is not None}
    return with_supersession(pa.table(told), BY_NAME[name])


def _corrections(rng: Any, recipe: Recipe, columns: Columns, share: float, **changes: Any) -> Columns:
    """The rows, and of `share` of them a second version, recorded up to months later, with `changes`.

    A change is a function from the number of rows to their new values.
    """
    if not recipe.corrected:
        return columns
    n = len(columns["recorded_at"])
    which = np.flatnonzero(rng.random(n) < share)
    again: Columns = {}
    for name, values in columns.items():
        taken = values.take(pa.array(which)) if isinstance(values, pa.Array) else values[which]
        if name in changes:
            taken = changes[name](which.size)
        elif name == "recorded_at":
            taken = taken + SECOND + _after(rng, which.size, 40)
        again[name] = (
            pa.concat_arrays([values, taken])
            if isinstance(values, pa.Array)
            else np.concatenate([values, taken])
        )
    return again


def _grids(grids: int) -> pa.Table:
    number = np.arange(grids)
    return pa.table(
        {
            "grid_id": _ids("g", number),
            "community_id": _ids("c", number // 5),
            "street_id": _ids("s", number // 25),
        }
    )


def _disputes(rng: Any, recipe: Recipe, opened: Any, recorded: Any, grid: Any, grids: int) -> pa.Table:
    n = opened.size
    amount = pa.array(np.round(rng.lognormal(9, 1.5, n)), mask=rng.random(n) < 0.6)
    columns = {
        "dispute_id": _ids("d", np.arange(n)),
        "opened_at": opened,
        "recorded_at": recorded,
        "source": _of(SOURCES, rng.integers(0, len(SOURCES), n)),
        "kind": _of(DISPUTE_KINDS, rng.integers(0, len(DISPUTE_KINDS), n)),
        "grid_id": _ids("g", grid),
        "amount_cny": amount,
    }
    columns = _corrections(
        rng,
        recipe,
        columns,
        0.04,
        kind=lambda m: _of(DISPUTE_KINDS, rng.integers(0, len(DISPUTE_KINDS), m)),
        grid_id=lambda m: _ids("g", rng.integers(0, grids, m)),
    )
    return _table("disputes", columns)


def _parties(
    rng: Any, recipe: Recipe, recorded: Any, applicant: Any, respondent: Any, people: int
) -> pa.Table:
    n = recorded.size
    second = np.flatnonzero(rng.random(n) < 0.05)
    affected = np.flatnonzero(rng.random(n) < 0.1)
    both = np.flatnonzero(rng.random(n) < 0.02)
    dispute = np.concatenate([np.arange(n), np.arange(n), second, affected, both])
    person = np.concatenate(
        [
            applicant,
            respondent,
            rng.integers(0, people, second.size),
            rng.integers(0, people, affected.size),
            applicant[both],
        ]
    )
    role = np.repeat([0, 1, 1, 2, 2], [n, n, second.size, affected.size, both.size])
    # A person may be drawn twice into one role: the contract's key allows it once.
    _, first = np.unique((dispute * people + person) * 3 + role, return_index=True)
    dispute, person, role = dispute[first], person[first], role[first]
    relation = rng.choice([0, 2, 3, 5, 6, 8], dispute.size, p=[0.1, 0.1, 0.3, 0.2, 0.2, 0.1])
    if recipe.corrected:
        relation[rng.random(dispute.size) < 0.01] = RELATIONS.index("authority")
    late = np.where(rng.random(dispute.size) < 0.05, _after(rng, dispute.size, 5), 0)
    columns = {
        "dispute_id": _ids("d", dispute),
        "person_id": _ids("p", person),
        "role": _of(("applicant", "respondent", "affected"), role),
        "relation": _of(RELATIONS, relation),
        "recorded_at": recorded[dispute] + late,
    }
    other = {"relation": lambda m: _of(RELATIONS, rng.choice([0, 2, 3, 8], m))}
    return _table("parties", _corrections(rng, recipe, columns, 0.02, **other))


def _events(rng: Any, recipe: Recipe, opened: Any, recorded: Any) -> pa.Table:
    n = opened.size
    dispute = np.repeat(np.arange(n), rng.poisson(2.5, n))
    m = dispute.size
    at = opened[dispute] + _after(rng, m, 25)
    known = np.maximum(at + _late(rng, m, 0.5, 0.03), np.maximum(at, recorded[dispute]))
    # Some are told with the report itself.
    known = np.where((at <= recorded[dispute]) & (rng.random(m) < 0.7), recorded[dispute], known)
    columns = {
        "event_id": _ids("e", np.arange(m)),
        "dispute_id": _ids("d", dispute),
        "at": at,
        "recorded_at": known,
        "kind": _of(EVENT_KINDS, rng.integers(0, len(EVENT_KINDS), m)),
        "source": pa.nulls(m, pa.large_string()),
    }
    kinds = {"kind": lambda k: _of(EVENT_KINDS, rng.integers(0, len(EVENT_KINDS), k))}
    return _table("events", _corrections(rng, recipe, columns, 0.02, **kinds))


def _outcomes(rng: Any, recipe: Recipe, recorded: Any) -> pa.Table:
    dispute = np.flatnonzero(rng.random(recorded.size) < 0.06)
    m = dispute.size
    at = recorded[dispute] + _after(rng, m, 60)
    columns = {
        "outcome_id": _ids("o", np.arange(m)),
        "dispute_id": _ids("d", dispute),
        "at": at,
        "recorded_at": at + _late(rng, m, 2, 0.1),
        "kind": _of(OUTCOME_KINDS, rng.integers(0, len(OUTCOME_KINDS), m)),
        "severity": rng.integers(1, 6, m).astype(np.float64),
    }
    graver = {"severity": lambda k: rng.integers(1, 6, k).astype(np.float64)}
    return _table("outcomes", _corrections(rng, recipe, columns, 0.03, **graver))


def _registry(rng: Any, recipe: Recipe, recorded: Any, respondent: Any) -> pa.Table:
    dispute = np.flatnonzero(rng.random(recorded.size) < 0.03)
    m = dispute.size
    at = recorded[dispute] + _after(rng, m, 20)
    left = at + _after(rng, m, 200)
    stays = (rng.random(m) < 0.4) | (not recipe.corrected)
    columns = {
        "entry_id": _ids("r", np.arange(m)),
        "person_id": _ids("p", respondent[dispute]),
        "dispute_id": _ids("d", dispute),
        "category": _of(REGISTRY_CATEGORIES, rng.integers(0, len(REGISTRY_CATEGORIES), m)),
        "entered_at": at,
        "recorded_at": at + _late(rng, m, 1, 0.05),
        "left_at": pa.array(left, mask=stays),
        "left_recorded_at": pa.array(left + _late(rng, m, 1, 0.05), mask=stays | (rng.random(m) < 0.3)),
    }
    return _table("registry", columns)


def _visits(rng: Any, recipe: Recipe, recorded: Any, applicant: Any, respondent: Any) -> pa.Table:
    n = recorded.size
    dispute = np.concatenate([np.flatnonzero(rng.random(n) < 0.25), np.flatnonzero(rng.random(n) < 0.1)])
    m = dispute.size
    at = recorded[dispute] + _after(rng, m, 20)
    columns = {
        "visit_id": _ids("v", np.arange(m)),
        "person_id": _ids("p", np.where(rng.random(m) < 0.7, respondent[dispute], applicant[dispute])),
        "at": at,
        "recorded_at": at + _late(rng, m, 0.3, 0.03),
        "contact": rng.random(m) < 0.8,
        "finding": _of(FINDINGS, rng.integers(0, len(FINDINGS), m)),
    }
    found = {"finding": lambda k: _of(FINDINGS, rng.integers(0, len(FINDINGS), k))}
    return _table("visits", _corrections(rng, recipe, columns, 0.02, **found))
