"""Faults planted in a stream: each must be named by the check that guards against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from conformance import (
    District,
    Variant,
    authority_reads,
    forbidden_reads,
    future_leaks,
    own_authority_reads,
)

from features import links
from features.catalogue import CATALOGUE
from features.declarations import Entity
from features.streams import STREAMS

Check = Callable[[Variant, District], set[str]]
FAULTS: dict[str, tuple[str, str, str, Check]] = {
    "reads at for recorded_at": ("case_events", "e.recorded_at AS known", 'e."at" AS known', future_leaks),
    "an event of others read when it happened": (
        "person_events",
        "GREATEST(p.recorded_at, d.recorded_at, e.recorded_at)",
        'GREATEST(p.recorded_at, d.recorded_at, e."at")',
        future_leaks,
    ),
    "an outcome recorded late": (
        "person_outcomes",
        "GREATEST(p.recorded_at, d.recorded_at, o.recorded_at)",
        "GREATEST(p.recorded_at, d.recorded_at)",
        future_leaks,
    ),
    "an outcome of the area recorded late": (
        "grid_disputes",
        "GREATEST(d.recorded_at, o.recorded_at)",
        "d.recorded_at",
        future_leaks,
    ),
    "left_at learned later": (
        "person_registry",
        "GREATEST(r.left_at, COALESCE(r.left_recorded_at, r.left_at))",
        "r.left_at",
        future_leaks,
    ),
    "a correction read back into the past": (
        "case",
        "d.recorded_at AS known",
        "(SELECT MIN(f.recorded_at) FROM known_disputes AS f WHERE f.dispute_id = d.dispute_id) AS known",
        future_leaks,
    ),
    "the latest version only": (
        "case_outcomes",
        "WHERE __lookup__",
        "WHERE __lookup__ AND o.superseded_at IS NULL",
        future_leaks,
    ),
    "a dispute with an authority counted": (
        "person_disputes",
        "d.excluded_at",
        "CAST(NULL AS BIGINT)",
        authority_reads,
    ),
    "an entry for a dispute with an authority counted": (
        "person_registry",
        "d.excluded_at",
        "CAST(NULL AS BIGINT)",
        authority_reads,
    ),
    "the relation authority told apart": (
        "case_parties",
        "CASE p.relation WHEN",
        "CASE p.relation WHEN 'authority' THEN 7 WHEN",
        own_authority_reads,
    ),
    "the door it came in by": (
        "case",
        "d.source = 'police_110'",
        "d.source = 'walk_in'",
        forbidden_reads,
    ),
    "an extra column": (
        "case_events",
        "WHERE __lookup__",
        "WHERE __lookup__ AND e.source IS NULL",
        forbidden_reads,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named(fault: str) -> None:
    name, sound, faulty, check = FAULTS[fault]
    assert sound in STREAMS[name].sql
    stream = replace(STREAMS[name], sql=STREAMS[name].sql.replace(sound, faulty))
    reading = [f for f in CATALOGUE if any(measure.stream == name for measure in f.measures)]
    district = District()
    assert check(Variant(reading), district) == set()
    assert check(Variant(reading, {**STREAMS, name: stream}), district) != set()


@pytest.mark.parametrize(
    ("sound", "faulty", "check"),
    [
        (
            "GREATEST(a.recorded_at, b.recorded_at, d.recorded_at)",
            "d.opened_at - 20000000000000",
            future_leaks,
        ),
        ("d.excluded_at", "CAST(NULL AS BIGINT)", authority_reads),
    ],
    ids=["a link known before it was recorded", "a link by a dispute with an authority"],
)
def test_a_fault_planted_in_the_links_is_named(
    sound: str, faulty: str, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = [f for f in CATALOGUE if f.entity in (Entity.RELATIVE, Entity.CONTACT)]
    assert sound in links.LINKS_SQL
    monkeypatch.setattr(links, "LINKS_SQL", links.LINKS_SQL.replace(sound, faulty))
    assert check(Variant(around), District()) != set()
