"""Whose keys a query asks for: from (dispute, as_of) to the persons, pairs and areas known by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from docket.asof import NEVER, live

from .arrays import I64
from .declarations import Entity
from .links import links, reached
from .ordering import distinct, order_of, present
from .portable import LOOKUP
from .sources.base import Later, Narrowing, Source

PAIR_JOINT = "\x1f"
"""Stands between the two ids of a pair's key, as in `streams`."""

DISPUTE_FIELDS = pa.schema(
    [
        ("dispute_id", pa.string()),
        ("grid_id", pa.string()),
        ("community_id", pa.string()),
        ("street_id", pa.string()),
        ("known", pa.int64()),
        ("until", pa.int64()),
    ]
)
PARTY_FIELDS = pa.schema(
    [
        ("dispute_id", pa.string()),
        ("person_id", pa.string()),
        ("role", pa.string()),
        ("known", pa.int64()),
        ("until", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Subjects:
    """All versions of the rows that say whom and what some disputes are about.

    Attributes
    ----------
    disputes
        `DISPUTE_FIELDS`, a row a version.
    parties
        `PARTY_FIELDS`, a row a version. An authority is a party like any other here: whether a dispute
        involves one must not show in its own features.
    """

    disputes: pa.Table
    parties: pa.Table


@dataclass(frozen=True)
class Expansion:
    """The keys of one entity that each query asks for.

    Attributes
    ----------
    query
        (rows,) positions of the queries, ascending.
    key
        (rows,) positions in `names`.
    names
        The keys, each once.
    """

    query: I64
    key: I64
    names: pa.Array


@dataclass(frozen=True)
class Request:
    """Some queries, and whose keys they ask for.

    Attributes
    ----------
    as_of
        (queries,) microseconds.
    disputes
        (queries,) ids.
    expansions
        The keys of each entity.
    """

    as_of: I64
    disputes: pa.Array
    expansions: Mapping[Entity, Expansion]


def _integers(table: pa.Table, name: str) -> I64:
    return np.asarray(table[name].combine_chunks().to_numpy(zero_copy_only=False), np.int64)


def _codes(table: pa.Table, name: str) -> tuple[I64, pa.Array]:
    encoded = table[name].combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64), encoded.dictionary


def live_rows(table: pa.Table, owner: str, names: pa.Array, wanted: I64, as_of: I64) -> tuple[I64, I64]:
    """Queries with each row of what they want that is live at their moment.

    Parameters
    ----------
    table
        Rows with `known` and `until`.
    owner
        The column that says whose a row is.
    names
        Owners, each once; rows of others are dropped.
    wanted, as_of
        (queries,) positions in `names`, and the moments.

    Returns
    -------
    query, row
        Positions of the queries, ascending, and of the rows.
    """
    found = pc.index_in(table[owner].combine_chunks(), value_set=names).fill_null(-1)
    code = np.asarray(found.to_numpy(zero_copy_only=False), np.int64)
    known, until = _integers(table, "known"), _integers(table, "until")
    order = order_of(code, known)
    low = np.searchsorted(code[order], wanted, side="left")
    high = np.searchsorted(code[order], wanted, side="right")
    sizes = high - low
    query = np.repeat(np.arange(wanted.size), sizes)
    offset = np.arange(query.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    row = order[np.repeat(low, sizes) + offset]
    alive = np.asarray(live(known[row], until[row], as_of[query]))
    return query[alive].astype(np.int64), row[alive].astype(np.int64)


def _pairs(query: I64, person: I64, applicant: I64, people: pa.Array) -> Expansion:
    """Every applicant of a query with every respondent; `applicant` is 1, 0 or -1 (neither) a row."""
    left, right = applicant == 1, applicant == 0
    query_a, person_a = query[left], person[left]
    query_b, person_b = query[right], person[right]
    low = np.searchsorted(query_b, query_a, side="left")
    sizes = np.searchsorted(query_b, query_a, side="right") - low
    first = np.repeat(person_a, sizes)
    offset = np.arange(first.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    second = person_b[np.repeat(low, sizes) + offset]
    joined = np.repeat(query_a, sizes)
    apart = first != second
    first, second, joined = first[apart], second[apart], joined[apart]
    each = first * max(len(people), 1) + second
    packed = distinct(each)
    key = np.searchsorted(packed, each)
    one = people.take(pa.array(packed // max(len(people), 1)))
    other = people.take(pa.array(packed % max(len(people), 1)))
    names = pc.binary_join_element_wise(one, other, PAIR_JOINT)
    return Expansion(joined, key.astype(np.int64), names)


def _with_links(source: Source, expansions: dict[Entity, Expansion], as_of: I64) -> None:
    """Add whom the parties reach by other disputes; all that are persons share one array of names."""
    parties = expansions[Entity.PERSON]
    found = links(source, parties.names.take(pa.array(present(parties.key, len(parties.names)))))
    others = pc.unique(found["other_id"].combine_chunks())
    new = others.filter(pc.invert(pc.is_in(others, value_set=parties.names)))
    people = pa.concat_arrays([parties.names, new])
    for entity in (Entity.APPLICANT, Entity.RESPONDENT, Entity.PERSON):
        expansions[entity] = replace(expansions[entity], names=people)
    for entity, family in ((Entity.RELATIVE, True), (Entity.CONTACT, False)):
        query, person = reached(found, people, parties.query, parties.key, as_of, family=family)
        expansions[entity] = Expansion(query, person, people)


def expand(subjects: Subjects, names: pa.Array, dispute: I64, as_of: I64) -> dict[Entity, Expansion]:
    """The keys that the disputes' own rows give for each query, by those live at its moment.

    Parameters
    ----------
    subjects
        Of the disputes in `names`.
    names
        The disputes, each once.
    dispute, as_of
        (queries,) positions in `names`, and the moments (microseconds).

    Returns
    -------
    dict
        A query of a dispute not known by then has no keys at all.
    """
    query, row = live_rows(subjects.disputes, "dispute_id", names, dispute, as_of)
    expansions = {Entity.DISPUTE: Expansion(query, dispute[query], names)}
    for entity in (Entity.GRID, Entity.COMMUNITY, Entity.STREET):
        code, areas = _codes(subjects.disputes, f"{entity}_id")
        expansions[entity] = Expansion(query, code[row], areas)
    seen = np.zeros(dispute.size, np.bool_)
    seen[query] = True

    query, row = live_rows(subjects.parties, "dispute_id", names, dispute, as_of)
    query, row = query[seen[query]], row[seen[query]]
    code, people = _codes(subjects.parties, "person_id")
    person = code[row]
    role_code, roles = _codes(subjects.parties, "role")
    position = {name: index for index, name in enumerate(roles.to_pylist())}
    role = role_code[row]
    for entity in (Entity.APPLICANT, Entity.RESPONDENT):
        held = role == position.get(entity.value, -1)
        expansions[entity] = Expansion(query[held], person[held], people)
    expansions[Entity.PERSON] = Expansion(query, person, people)
    side = np.where(
        role == position.get("applicant", -1), 1, np.where(role == position.get("respondent", -1), 0, -1)
    )
    expansions[Entity.PAIR] = _pairs(query, person, side, people)
    return expansions


DISPUTES_SQL: Final = (
    "SELECT d.dispute_id AS dispute_id, d.grid_id AS grid_id, g.community_id AS community_id, "
    f'g.street_id AS street_id, d.recorded_at AS known, COALESCE(d.superseded_at, {NEVER}) AS "until" '
    f"FROM known_disputes AS d JOIN known_grids AS g ON g.grid_id = d.grid_id WHERE {LOOKUP}"
)
PARTIES_SQL: Final = (
    "SELECT p.dispute_id AS dispute_id, p.person_id AS person_id, p.role AS role, "
    f'p.recorded_at AS known, COALESCE(p.superseded_at, {NEVER}) AS "until" '
    f"FROM known_parties AS p WHERE {LOOKUP}"
)


def _subjects(source: Source, names: pa.Array) -> Subjects:
    """Whom and what the disputes `names` are about, all versions."""
    ids = Later(names.to_pylist)
    disputes = source.fetch(DISPUTES_SQL, DISPUTE_FIELDS, Narrowing(("d.dispute_id",), (ids,)))
    parties = source.fetch(PARTIES_SQL, PARTY_FIELDS, Narrowing(("p.dispute_id",), (ids,)))
    return Subjects(
        disputes.filter(pc.is_in(disputes["dispute_id"], value_set=names)),
        parties.filter(pc.is_in(parties["dispute_id"], value_set=names)),
    )


def request_of(source: Source, dispute_ids: Sequence[str], as_of: I64) -> Request:
    """The queries (n,) of disputes at moments, with the keys they ask for.

    Raises
    ------
    ValueError
        If there are not as many moments as disputes.
    """
    moments = np.ascontiguousarray(as_of, np.int64)
    if moments.shape != (len(dispute_ids),):
        raise ValueError(f"{len(dispute_ids)} disputes, but as_of has the shape {moments.shape}")
    disputes = pa.array(dispute_ids, pa.string())
    encoded = disputes.dictionary_encode()
    dispute = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)
    subjects = _subjects(source, encoded.dictionary)
    expansions = expand(subjects, encoded.dictionary, dispute, moments)
    _with_links(source, expansions, moments)
    return Request(moments, disputes, expansions)
