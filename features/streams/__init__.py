"""The streams: small SELECTs that fetch contributions, each written once for every engine.

A row is `key, dispute_id, item, known, at, until, kind, value`: `item` happened `at` in `dispute_id`, was
`known` when the last of the rows it rests on was recorded, and stops counting `until` the first of them
is superseded, its dispute is found to involve an authority, or (registry) the leaving is both past and
known. `at` is what windows and recency are measured on; it never decides whether a row is seen.

Every version of a corrected row is fetched, each with its own life, so that a correction changes the past
only from the moment it was recorded. `at` and the other column names are quoted: `at` is reserved in
DuckDB 2.
"""

from __future__ import annotations

from typing import Final

from .areas import COMMUNITY_DISPUTES, GRID_DISPUTES, STREET_DISPUTES
from .own import CASE, CASE_EVENTS, CASE_OUTCOMES, CASE_PARTIES, CASE_REGISTRY
from .pairs import PAIR_DISPUTES, PAIR_EVENTS, PAIR_OUTCOMES
from .people import (
    FINDING_SCORES,
    PERSON_DISPUTES,
    PERSON_EVENTS,
    PERSON_OPPONENTS,
    PERSON_OUTCOMES,
    PERSON_REGISTRY,
    PERSON_VISITS,
)

STREAMS: Final = {
    stream.name: stream
    for stream in (
        CASE,
        CASE_PARTIES,
        CASE_EVENTS,
        CASE_OUTCOMES,
        CASE_REGISTRY,
        PERSON_DISPUTES,
        PERSON_EVENTS,
        PERSON_OUTCOMES,
        PERSON_OPPONENTS,
        PERSON_REGISTRY,
        PERSON_VISITS,
        PAIR_DISPUTES,
        PAIR_EVENTS,
        PAIR_OUTCOMES,
        GRID_DISPUTES,
        COMMUNITY_DISPUTES,
        STREET_DISPUTES,
    )
}
"""Every stream by name."""

__all__ = [
    "CASE",
    "CASE_EVENTS",
    "CASE_OUTCOMES",
    "CASE_PARTIES",
    "CASE_REGISTRY",
    "COMMUNITY_DISPUTES",
    "FINDING_SCORES",
    "GRID_DISPUTES",
    "PAIR_DISPUTES",
    "PAIR_EVENTS",
    "PAIR_OUTCOMES",
    "PERSON_DISPUTES",
    "PERSON_EVENTS",
    "PERSON_OPPONENTS",
    "PERSON_OUTCOMES",
    "PERSON_REGISTRY",
    "PERSON_VISITS",
    "STREAMS",
    "STREET_DISPUTES",
]
