"""What every declared feature must satisfy, each by itself."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from conformance import (
    District,
    Variant,
    authority_reads,
    differing,
    forbidden_reads,
    future_leaks,
    own_authority_reads,
)
from made_districts import START, add_dispute, add_grid, empty, snapshot

from docket.times import DAY
from features.catalogue import CATALOGUE, COLUMNS, catalogue_hash
from features.declarations import Aggregate, Entity, Feature, Measure
from features.engine import compute
from features.sources import DuckSource

every_feature = pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)


@pytest.fixture(scope="module")
def district() -> District:
    return District()


@pytest.fixture(scope="module")
def values(district: District) -> pd.DataFrame:
    return Variant().compute(district.source, *district.queries)


# Each check runs once on the whole catalogue; each feature answers for itself.


@pytest.fixture(scope="module")
def leaking(district: District) -> set[str]:
    return future_leaks(Variant(), district)


@pytest.fixture(scope="module")
def forbidden(district: District) -> set[str]:
    return forbidden_reads(Variant(), district)


@pytest.fixture(scope="module")
def with_authority(district: District) -> set[str]:
    return authority_reads(Variant(), district)


@pytest.fixture(scope="module")
def own_authority(district: District) -> set[str]:
    return own_authority_reads(Variant(), district)


@pytest.fixture(scope="module")
def unheard_of(district: District) -> pd.DataFrame:
    first = district.names_at(district.moments[0])[0]
    return Variant().compute(district.source, ["nobody", first], [START, START - 10 * DAY])


@pytest.fixture(scope="module")
def alone() -> pd.DataFrame:
    rows = empty()
    add_grid(rows, "g0")
    add_dispute(rows, "d0", START, START)
    return Variant().compute(DuckSource(snapshot(rows)), ["d0"], [START])


@every_feature
def test_rows_recorded_after_the_moment_change_nothing(feature: Feature, leaking: set[str]) -> None:
    assert feature.name not in leaking


@every_feature
def test_what_must_never_be_a_feature_changes_nothing(feature: Feature, forbidden: set[str]) -> None:
    assert feature.name not in forbidden


@every_feature
def test_a_dispute_with_an_authority_counts_for_nobody(feature: Feature, with_authority: set[str]) -> None:
    assert feature.name not in with_authority


@every_feature
def test_that_a_dispute_is_with_an_authority_does_not_show_in_it(
    feature: Feature, own_authority: set[str]
) -> None:
    assert feature.name not in own_authority


@every_feature
def test_a_feature_tells_disputes_apart(feature: Feature, values: pd.DataFrame) -> None:
    """A column that is the same everywhere in a rich district measures nothing."""
    assert values[feature.name].nunique(dropna=False) > 1


@every_feature
def test_an_unknown_dispute_is_missing(feature: Feature, unheard_of: pd.DataFrame) -> None:
    assert unheard_of[feature.name].isna().all()


@every_feature
def test_without_parties_what_is_told_of_persons_is_missing(feature: Feature, alone: pd.DataFrame) -> None:
    value = alone[feature.name].item()
    people = set(Entity) - {Entity.DISPUTE, Entity.GRID, Entity.COMMUNITY, Entity.STREET}
    if feature.entity in people:
        assert math.isnan(value)
    elif feature.aggregate in {Aggregate.COUNT, Aggregate.TREND, Aggregate.RATE}:
        assert not math.isnan(value)


@every_feature
def test_a_feature_says_what_it_is(feature: Feature, values: pd.DataFrame) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.name)
    assert feature.describe(math.nan) is None
    told = {feature.describe(value) for value in values[feature.name].dropna().unique()} - {None}
    if feature.phrase is None:
        assert told == set()
        return
    assert told, "a phrase that is never said"
    for reason in told:
        assert reason is not None
        assert re.search(r"[\u4e00-\u9fff]", reason)
        assert not re.search(r"[{}]|None|nan|[a-zA-Z]", reason)


def test_a_single_case_gives_the_bits_of_the_batch_in_any_order(district: District) -> None:
    names, moments = district.queries
    batch = Variant().compute(district.source, names, moments)
    assert list(batch.columns) == list(COLUMNS)
    assert (batch.dtypes == np.float64).all()
    order = np.random.default_rng(3).permutation(len(names))
    shuffled = Variant().compute(
        district.source, [names[place] for place in order], [moments[place] for place in order]
    )
    assert differing(batch.iloc[order].reset_index(drop=True), shuffled) == set()
    for place in order[:5]:
        alone = Variant().compute(district.source, [names[place]], [moments[place]])
        assert differing(batch.iloc[[place]].reset_index(drop=True), alone) == set()


def test_rows_in_any_order_give_the_same_bits(district: District) -> None:
    shuffled = {name: list(reversed(rows)) for name, rows in district.rows.items()}
    one = Variant().compute(district.source, *district.queries)
    made = snapshot(shuffled)
    tables = {
        name: table.take(np.random.default_rng(5).permutation(table.num_rows))
        for name, table in made.tables.items()
    }
    other = Variant().compute(DuckSource(type(made)(tables, made.originals), threads=1), *district.queries)
    assert differing(one, other) == set()


def test_no_queries_give_an_empty_frame(district: District) -> None:
    frame = compute(district.source, [], np.empty(0, np.int64))
    assert frame.shape == (0, len(COLUMNS))


def test_moments_must_be_as_many_as_disputes(district: District) -> None:
    with pytest.raises(ValueError, match="2 disputes"):
        compute(district.source, ["d00", "d01"], np.array([START]))


def test_progress_is_told_to_the_end(district: District) -> None:
    told: list[tuple[int, int]] = []
    compute(
        district.source, ["d00"], np.array([START]), progress=lambda done, total: told.append((done, total))
    )
    assert told[-1][0] == told[-1][1] == len(told)


def test_the_catalogue_has_a_stable_digest() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", catalogue_hash())
    assert len(set(COLUMNS)) == len(CATALOGUE) >= 125


_EVENTS = Measure("case_events", Entity.DISPUTE, Aggregate.COUNT)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"half_life": 3.0}, "half_life"),
        ({"aggregate": Aggregate.DECAYED}, "half_life"),
        ({"aggregate": Aggregate.DECAYED, "half_life": 3.0, "within": 5}, "window"),
        ({"aggregate": Aggregate.TREND, "long": 30}, "needs a window"),
        ({"labels": ("甲",)}, "labels"),
        ({"unit": ""}, "must be stated"),
        ({"parent": Entity.STREET}, "go together"),
        ({"within": 0}, "positive"),
        ({"less_absent": 0.0}, "goes with less"),
        ({"aggregate": Aggregate.TREND, "within": 3, "long": 9, "less": _EVENTS}, "subtracted from a trend"),
        ({"strength": None}, "grids of a street"),
        ({"aggregate": Aggregate.PAIRS}, "no feature by themselves"),
    ],
)
def test_a_meaningless_declaration_is_refused(changed: dict[str, object], match: str) -> None:
    plain = {
        "name": "x",
        "stream": "case_events",
        "entity": Entity.DISPUTE,
        "aggregate": Aggregate.COUNT,
        "unit": "次",
        "missing": "m",
        "why": "w",
    }
    with pytest.raises(ValueError, match=match):
        Feature(**(plain | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", [{"not_own": False}, {"entity": Entity.GRID}])
def test_the_engine_refuses_keys_and_own_disputes_that_a_stream_does_not_have(
    changed: dict[str, object], district: District
) -> None:
    plain = {"entity": Entity.PERSON, "not_own": True}
    feature = Feature(
        name="x",
        stream="person_events",
        aggregate=Aggregate.COUNT,
        unit="次",
        missing="m",
        why="w",
        **(plain | changed),  # type: ignore[arg-type]
    )
    with pytest.raises(ValueError, match="stream person_events"):
        Variant([feature]).compute(district.source, ["d00"], [district.moments[-1]])
