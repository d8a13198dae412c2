"""Peer in plain numpy, part two: the streams by name."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .numpy_streams import EVENT_STEPS, FINDINGS, KIND_STEPS, NEVER, Array, Maker, Records, Stream, join

DISPUTE_KINDS: Final = (
    "divorce", "domestic_violence", "family", "neighbour", "housing", "land", "debt", "contract", "labour",
    "injury", "traffic", "medical", "property_management", "consumer", "school", "demolition", "environment",
    "other",
)  # fmt: skip
RELATIONS: Final = (
    "spouse", "ex_spouse", "family", "neighbour", "colleague", "business", "stranger", "authority", "unknown",
)  # fmt: skip


def _case(records: Records) -> Stream:
    d, e = records.d, records.e
    code = np.array([DISPUTE_KINDS.index(name) for name in d["names"]], np.float64)
    step = np.array([KIND_STEPS.get(name, 0) for name in d["names"]], np.float64)
    n = d["dispute"].size
    never = np.full(n, NEVER)
    amount = np.flatnonzero(~np.isnan(d["amount"]))
    every = np.arange(n)
    police, again = (e["names"].index(name) for name in ("police_call", "repeat_report"))
    doors = np.flatnonzero((e["kind"] == police) | (e["kind"] == again))
    names = ["kind", "gravity", "police", "amount", "opened", "delay", "recorded", "door"]
    # By kind: rows of d, at, until, value; the doors that events opened come last.
    parts = [
        (every, d["at"], d["until"], code[d["kind"]]),
        (every, d["at"], d["until"], step[d["kind"]]),
        (every, d["at"], d["until"], d["police"].astype(np.float64)),
        (amount, d["at"][amount], d["until"][amount], d["amount"][amount]),
        (every, d["at"], d["until"], d["at"].astype(np.float64)),
        (every, d["at"], never, (d["known"] - d["at"]).astype(np.float64)),
        (every, d["known"], never, d["known"].astype(np.float64)),
        (every, d["at"], d["until"], np.ones(n)),
    ]
    kind = np.repeat(np.arange(8), [rows.size for rows, *_ in parts])
    rows = np.concatenate([rows for rows, *_ in parts])
    item = np.where(kind == 7, np.where(d["police"][rows], 1, 2), 0)

    def with_doors(values: Array, more: Array) -> Array:
        return np.concatenate([values, more])

    return records.stream(
        with_doors(d["dispute"][rows], e["dispute"][doors]),
        with_doors(d["dispute"][rows], e["dispute"][doors]),
        with_doors(item, np.where(e["kind"][doors] == police, 1, 2)),
        with_doors(d["known"][rows], e["known"][doors]),
        with_doors(np.concatenate([until for _, _, until, _ in parts]), e["until"][doors]),
        with_doors(np.concatenate([at for _, at, _, _ in parts]), e["at"][doors]),
        with_doors(kind, np.full(doors.size, 7)),
        names,
        with_doors(np.concatenate([value for *_, value in parts]), np.ones(doors.size)),
    )


def _case_parties(records: Records) -> Stream:
    p = records.p
    codes = {name: place for place, name in enumerate(RELATIONS) if name != "authority"}
    value = np.array([codes.get(name, codes["unknown"]) for name in p["relations"]], np.float64)
    return records.stream(
        p["dispute"],
        p["dispute"],
        p["person"],
        p["known"],
        p["until"],
        p["known"],
        p["kind"],
        p["names"],
        value[p["relation"]],
    )


def _case_details(
    rows: dict[str, Array], records: Records, values: Array, until: Array | None = None
) -> Stream:
    return records.stream(
        rows["dispute"],
        rows["dispute"],
        rows["item"],
        rows["known"],
        rows["until"] if until is None else until,
        rows["at"],
        rows["kind"],
        rows["names"],
        values,
    )


def _case_events(records: Records) -> Stream:
    e = records.e
    steps = {"closed": 1, **EVENT_STEPS}
    return _case_details(e, records, np.array([steps.get(name, 0) for name in e["names"]], float)[e["kind"]])


def _case_registry(records: Records) -> Stream:
    r = records.r
    return _case_details(r, records, np.ones(r["at"].size), np.minimum(r["until"], r["left"]))


def _registry(records: Records) -> Stream:
    r, d = records.r, records.d
    one, other = join(r["dispute"], d["dispute"])
    until = np.minimum(r["until"], r["left"])[one]
    return records.stream(
        r["person"][one],
        r["dispute"][one],
        r["item"][one],
        np.maximum(r["known"][one], d["known"][other]),
        np.minimum(until, np.minimum(d["until"][other], d["excluded"][other])),
        r["at"][one],
        r["kind"][one],
        r["names"],
        np.ones(one.size),
    )


def _visits(records: Records) -> Stream:
    table = records.tables["visits"]
    finding = pc.if_else(table["contact"], table["finding"], pa.scalar("no_contact", pa.large_string()))
    kind = finding.combine_chunks().dictionary_encode()
    found = table["finding"].combine_chunks().dictionary_encode()
    score = np.array([FINDINGS.get(name, 0) for name in found.dictionary.to_pylist()], np.float64)
    person = records._code(table["person_id"], records.people)
    return records.stream(
        person,
        np.full(person.size, -1),
        table["visit_id"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64),
        table["recorded_at"].to_numpy(),
        pc.fill_null(table["superseded_at"], NEVER).to_numpy(),
        table["at"].to_numpy(),
        kind.indices.to_numpy().astype(np.int64),
        kind.dictionary.to_pylist(),
        score[found.indices.to_numpy()],
    )


def area_codes(records: Records, level: str) -> Array:
    """The area of a level that each grid is in."""
    if level == "grid":
        return np.arange(len(records.grids))
    encoded = records.tables["grids"][f"{level}_id"].combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64)


def _area(level: str) -> Maker:
    def make(records: Records) -> Stream:
        d, o = records.d, records.o
        area = area_codes(records, level)
        one, other = join(o["dispute"], d["dispute"])
        end = np.minimum(d["until"], d["excluded"])
        grid = np.concatenate([d["grid"], d["grid"][other]])
        dispute = np.concatenate([d["dispute"], d["dispute"][other]])
        # In a street the item is the dispute in that grid.
        item = dispute * len(records.grids) + grid if level == "street" else dispute
        return records.stream(
            area[grid],
            dispute,
            item,
            np.concatenate([d["known"], np.maximum(d["known"][other], o["known"][one])]),
            np.concatenate([end, np.minimum(end[other], o["until"][one])]),
            np.concatenate([d["at"], d["at"][other]]),
            np.concatenate([d["kind"], np.full(one.size, len(d["names"]))]),
            [*(f"dispute/{name}" for name in d["names"]), "harm"],
            1.0,
            grid,
        )

    return make


def _pairs(records: Records) -> dict[str, Array]:
    """The opposed, under the codes of the pairs that are asked for."""
    rows = dict(records.opposed)
    at = np.searchsorted(records.pairs_asked, rows["pair"])
    at[at == records.pairs_asked.size] = 0
    there = np.flatnonzero(records.pairs_asked[at] == rows["pair"])
    rows = {name: values[there] for name, values in rows.items()}
    rows["pair"] = at[there]
    return rows


MAKERS: Final[dict[str, Maker]] = {
    "case": _case,
    "case_parties": _case_parties,
    "case_events": _case_events,
    "case_outcomes": lambda r: _case_details(r.o, r, r.o["value"]),
    "case_registry": _case_registry,
    "person_disputes": lambda r: r.of_disputes(r.party_disputes, "person"),
    "person_events": lambda r: r.with_details(r.party_disputes, "person", r.e, True),
    "person_outcomes": lambda r: r.with_details(r.party_disputes, "person", r.o, True),
    "person_registry": _registry,
    "person_visits": _visits,
    "pair_disputes": lambda r: r.of_disputes(_pairs(r), "pair"),
    "pair_events": lambda r: r.with_details(_pairs(r), "pair", r.e, False),
    "pair_outcomes": lambda r: r.with_details(_pairs(r), "pair", r.o, False),
    "grid_disputes": _area("grid"),
    "community_disputes": _area("community"),
    "street_disputes": _area("street"),
}
