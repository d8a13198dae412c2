"""Shorthand for declarations that many entities have in common."""

from __future__ import annotations

from typing import Any, Final

from ..declarations import Aggregate, Entity, Feature
from ..streams import STREAMS

MISSING: Final = {
    Entity.DISPUTE: "the dispute was not known by then",
    Entity.APPLICANT: "no applicant was known by then",
    Entity.RESPONDENT: "no respondent was known by then",
    Entity.PERSON: "no party was known by then",
    Entity.PAIR: "no applicant with a respondent was known by then",
    Entity.RELATIVE: "no other dispute named a relative by then",
    Entity.CONTACT: "no party had to do with anybody else by then",
}
"""What a count lacks where it is missing."""
NONE_YET: Final = "none was known by then"
WHO: Final = {Entity.RESPONDENT: "被申请人", Entity.APPLICANT: "申请人", Entity.PERSON: "当事人"}
"""What staff call the holder of a role."""


def count(entity: Entity, name: str, stream: str, phrase: str | None, why: str, **more: Any) -> Feature:
    """How many; `more` are other fields of `Feature`, the unit 次 unless given."""
    more = {"unit": "次", "missing": MISSING[entity]} | more
    return of(entity, name, stream, Aggregate.COUNT, phrase, why, **more)


def since(entity: Entity, name: str, stream: str, phrase: str | None, why: str, **more: Any) -> Feature:
    """Days since the latest."""
    more = {"unit": "天"} | more
    return of(entity, name, stream, Aggregate.SINCE, phrase, why, **more)


def of(
    entity: Entity, name: str, stream: str, aggregate: Aggregate, phrase: str | None, why: str, **more: Any
) -> Feature:
    """Any other; the dispute being scored is left out wherever the stream tells of others."""
    more = {"missing": NONE_YET} | more
    return Feature(
        name=name if entity is Entity.DISPUTE else f"{entity}_{name}",
        stream=stream,
        entity=entity,
        aggregate=aggregate,
        not_own=STREAMS[stream].others,
        phrase=phrase,
        why=why,
        **more,
    )
