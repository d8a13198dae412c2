"""Whose keys one case asks for: as `features.expansion` and `features.links`, without a batch's arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from docket.asof import live

from ..declarations import Entity
from ..expansion import PAIR_JOINT
from ..links import FARTHEST, MOST
from .statements import Rows

Chain: TypeAlias = tuple[list[tuple[int, str, int]], list[tuple[int, str, int]]]
"""A person's links outside of the family and within it: known, the other, until; the last learned first."""
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


def chained(links: Rows) -> Chain:
    """One person's links (`features.links.LINK_FIELDS`, every version), the last learned first, by family."""
    ordered: Chain = ([], [])
    for row in links:
        ordered[row[2]].append((row[3], row[1], row[4]))
    for of in ordered:
        of.sort(reverse=True)
    return ordered


def with_reached(keys: Keys, chains: Mapping[str, Chain], as_of: int) -> Keys:
    """`keys`, and whom the parties reach by a dispute live at the moment.

    Parameters
    ----------
    chains
        Each party's, as `chained` makes it; who has no link may be left out.
    """
    parties = keys.of[Entity.PERSON]
    of = dict(keys.of)
    for entity, family in ((Entity.RELATIVE, 1), (Entity.CONTACT, 0)):
        found: dict[str, None] = {}
        for party in parties:
            links = chains[party][family] if party in chains else ()
            found.update(dict.fromkeys(_reached(links, parties, as_of)))
        of[entity] = tuple(found)
    return Keys(keys.known, of)


def _reached(links: Iterable[tuple[int, str, int]], parties: Sequence[str], as_of: int) -> set[str]:
    """Whom one party reaches, from the last learned back, as `features.links` walks."""
    found: set[str] = set()
    looked = 0
    for known, other, until in links:
        if len(found) == MOST or looked == FARTHEST:
            break
        if live(known, until, as_of) and other not in parties:
            looked += 1
            found.add(other)
    return found
