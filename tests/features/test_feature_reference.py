"""The engine says what the slow reference says, for every feature, on districts nobody thought of."""

from __future__ import annotations

import math

import numpy as np
from conformance import District
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_districts import Rows, districts, queries, snapshot
from slow_reference import reference
from slow_view import View

from features.catalogue import CATALOGUE
from features.declarations import Aggregate, Entity, Feature
from features.engine import compute
from features.sources import DuckSource


def _extra(name: str, stream: str, entity: Entity, aggregate: Aggregate, **more: object) -> Feature:
    return Feature(
        name=name, stream=stream, entity=entity, aggregate=aggregate, unit="u", missing="m", why="w", **more
    )


# What the catalogue doesn't use yet is held to the same.
UNUSED = (
    _extra("sum", "person_outcomes", Entity.PERSON, Aggregate.SUM, not_own=True, within=200),
    _extra("max", "pair_outcomes", Entity.PAIR, Aggregate.MAX, not_own=True),
    _extra("last", "person_outcomes", Entity.APPLICANT, Aggregate.LAST, not_own=True, within=120),
    _extra("first", "person_outcomes", Entity.RESPONDENT, Aggregate.FIRST, not_own=True),
    _extra("short", "person_events", Entity.PERSON, Aggregate.DECAYED, not_own=True, half_life=0.5),
    _extra("long", "pair_events", Entity.PAIR, Aggregate.DURATION, not_own=True, within=90),
    _extra("least", "person_outcomes", Entity.PERSON, Aggregate.MIN, not_own=True),
    _extra("own_sum", "case_outcomes", Entity.DISPUTE, Aggregate.DECAYED, half_life=30.0),
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.data())
def test_every_feature_is_what_the_slow_reference_says(data: st.DataObject) -> None:
    rows: Rows = data.draw(districts())
    names, moments = data.draw(queries(rows))
    check(rows, names, moments)


def test_a_dense_district_is_what_the_slow_reference_says() -> None:
    district = District()
    names, moments = district.queries
    chosen = np.random.default_rng(4).choice(len(names), 25, replace=False)
    check(district.rows, [names[place] for place in chosen], [moments[place] for place in chosen])


def check(rows: Rows, names: list[str], moments: list[int]) -> None:
    features = (*CATALOGUE, *UNUSED)
    frame = compute(DuckSource(snapshot(rows)), names, np.array(moments), features=features)
    views = {moment: View(rows, moment) for moment in moments}
    for place, (name, moment) in enumerate(zip(names, moments, strict=True)):
        for feature in features:
            wanted = reference(feature, views[moment], name)
            found = frame[feature.name].iloc[place]
            same = math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)
            assert same or (math.isnan(found) and math.isnan(wanted)), (
                feature.name,
                name,
                moment,
                found,
                wanted,
            )
