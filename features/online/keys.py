"""Whose keys one case asks for: as `features.expansion` and `features.links`, without a batch's arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from docket.asof import live

from ..declarations import Entity
from ..expansion import PAIR_JOINT
from ..links import FARTHEST, MOST
from .statements import Rows

_AREAS: Final = (Entity.GRID, Entity.COMMUNITY, Entity.STREET)


@dataclass(frozen=True)
class Keys:
    """The keys of each entity of one case.

    Attributes
    ----------
    known
        Whether the dispute was known by then; if not, there is no key at all.
    of
        Each entity's keys, each once.
    """

    known: bool
    of: Mapping[Entity, tuple[str, ...]]

    @property
    def people(self) -> tuple[str, ...]:
        """Every person that any entity names, each once."""
        named = (self.of[entity] for entity in (Entity.PERSON, Entity.RELATIVE, Entity.CONTACT))
        return tuple(dict.fromkeys(person for people in named for person in people))


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def own_keys(disputes: Rows, parties: Rows, dispute_id: str, as_of: int) -> Keys:
    """The keys that the case's own rows give, relatives and contacts left out.

    Parameters
    ----------
    disputes, parties
        `features.expansion.DISPUTE_FIELDS` and `PARTY_FIELDS`, every version.
    dispute_id, as_of
        The case, and the moment (microseconds).
    """
    alive = [row for row in disputes if live(row[4], row[5], as_of)]
    of: dict[Entity, tuple[str, ...]] = dict.fromkeys(Entity, ())
    if not alive:
        return Keys(False, of)
    of[Entity.DISPUTE] = (dispute_id,)
    for place, entity in enumerate(_AREAS, start=1):
        of[entity] = _once(row[place] for row in alive)
    held = [(row[1], row[2]) for row in parties if live(row[3], row[4], as_of)]
    of[Entity.PERSON] = _once(person for person, _ in held)
    for entity in (Entity.APPLICANT, Entity.RESPONDENT):
        of[entity] = _once(person for person, role in held if role == entity.value)
    of[Entity.PAIR] = tuple(
        f"{one}{PAIR_JOINT}{other}"
        for one in of[Entity.APPLICANT]
        for other in of[Entity.RESPONDENT]
        if one != other
    )
    return Keys(True, of)


def with_reached(keys: Keys, links: Rows, as_of: int) -> Keys:
    """`keys`, and whom the parties reach by a dispute live at the moment.

    Parameters
    ----------
    links
        `features.links.LINK_FIELDS` of the parties, every version.
    """
    parties = keys.of[Entity.PERSON]
    by_party: dict[str, list[tuple[Any, ...]]] = {party: [] for party in parties}
    for row in links:
        by_party[row[0]].append(row)
    of = dict(keys.of)
    for entity, family in ((Entity.RELATIVE, 1), (Entity.CONTACT, 0)):
        found: dict[str, None] = {}
        for party in parties:
            found.update(dict.fromkeys(_reached(by_party[party], parties, family, as_of)))
        of[entity] = tuple(found)
    return Keys(keys.known, of)


def _reached(rows: Sequence[tuple[Any, ...]], parties: Sequence[str], family: int, as_of: int) -> set[str]:
    """Whom one party reaches, from the last learned back, as `features.links` walks."""
    mine = [(known, other, until) for _, other, kin, known, until in rows if kin == family]
    found: set[str] = set()
    looked = 0
    for known, other, until in sorted(mine, reverse=True):
        if len(found) == MOST or looked == FARTHEST:
            break
        if live(known, until, as_of) and other not in parties:
            looked += 1
            found.add(other)
    return found
