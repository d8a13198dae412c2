"""`anlan features`: which features there are, and what one of them means."""

from __future__ import annotations

import sys
from difflib import get_close_matches

import sqlglot
from rich.cells import cell_len

from docket.contract.enumerations import DISPUTE_KINDS, PARTY_ROLES
from docket.faults import BadInput
from features.catalogue import BY_NAME, CATALOGUE
from features.declarations import Aggregate, Feature, Measure
from features.portable import LOOKUP
from features.streams import STREAMS

_HEADS = ("name", "entity", "unit", "window", "monotone", "why")


def list_all() -> None:
    """Print every feature on a line: name, entity, unit, window, direction, and why it is there."""
    rows = [_HEADS, *(_row(feature) for feature in CATALOGUE)]
    widths = [max(cell_len(row[place]) for row in rows) for place in range(len(_HEADS) - 1)]
    for row in rows:
        # A Chinese character is two cells wide; the last column is left as long as it is.
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=False)]
        sys.stdout.write("  ".join([*cells, row[-1]]) + "\n")


def explain(name: str) -> None:
    """Print what a feature declares, means and reads, and the reason that it gives.

    Raises
    ------
    BadInput
        If there is no feature `name`; the nearest names are told.
    """
    feature = BY_NAME.get(name)
    if feature is None:
        near = get_close_matches(name, list(BY_NAME), n=3, cutoff=0.4)
        nearest = f"; the nearest are {', '.join(near)}" if near else "; see anlan features list"
        raise BadInput(f"{name}: no such feature{nearest}")
    lines = [feature.name, f"  {feature.why}", "", *(f"  {key:<10}{text}" for key, text in _told(feature))]
    for stream in dict.fromkeys(measure.stream for measure in feature.measures):
        # The mark where a store narrows the rows to a case's own is no part of what is read.
        sql = sqlglot.parse_one(STREAMS[stream].sql.replace(LOOKUP, "TRUE"), read="duckdb")
        lines += [
            "",
            f"  stream {stream}:",
            *(f"    {line}" for line in sql.sql("duckdb", pretty=True).split("\n")),
        ]
    sys.stdout.write("\n".join(lines) + "\n")


def _told(feature: Feature) -> list[tuple[str, str]]:
    """What is declared, in words."""
    told = [
        ("value", _meaning(feature)),
        ("unit", feature.unit),
        ("entity", feature.entity.value),
        ("window", _window(feature)),
        ("missing", feature.missing),
        ("monotone", _direction(feature)),
        ("reason", feature.phrase or "never given as one"),
        ("shown to", "all staff" if feature.show == "all" else "the centre only"),
    ]
    if feature.labels:
        told.append(
            ("codes", ", ".join(f"{code} {label}" for code, label in enumerate(feature.labels) if label))
        )
    return told


def _meaning(feature: Feature) -> str:
    """How the number comes about."""
    first, *others = feature.measures
    text = _measure(first)
    if feature.aggregate is Aggregate.TREND:
        text = f"{text}, against the same within {feature.long} d, per day"
    elif feature.aggregate is Aggregate.RATE:
        above = f"the rate of the {feature.parent}" if feature.parent else f"{feature.prior:.0%}"
        weight = "a number of" if feature.strength is None else f"{feature.strength:.0f}"
        text = f"{text}, over {_measure(others[0])}, shrunk to {above} with the weight of {weight} disputes"
        if feature.strength is None:
            text += f", learned from how much the grids of the {feature.parent} differ"
    elif feature.less is not None:
        absent = "" if feature.less_absent is None else f" ({feature.less_absent:g} where there is none)"
        text = f"{text}, less {_measure(feature.less)}{absent}"
    if feature.transform.value != "none":
        text += f", as {feature.transform}"
    return text if feature.limit is None else f"1 if over {feature.limit:g}: {text}"


def _measure(measure: Measure) -> str:
    kinds = "" if measure.where is None else f" of {', '.join(_shortened(measure.where))}"
    half = "" if measure.half_life is None else f", halved every {measure.half_life:g} d"
    within = "" if measure.within is None else f" within {measure.within} d"
    own = ", the dispute itself left out" if measure.not_own else ""
    aggregate = _AGGREGATES[measure.aggregate]
    return f"{aggregate}{kinds} in {measure.stream} of the {measure.entity}{within}{half}{own}"


def _shortened(kinds: frozenset[str]) -> list[str]:
    """The kinds, with `*` where every role or every kind of dispute is meant."""
    short = set(kinds)
    for kind in {kind.partition("/")[2] for kind in kinds if "/" in kind}:
        every = {f"{role}/{kind}" for role in PARTY_ROLES}
        if every <= kinds:
            short = short - every | {f"*/{kind}"}
    for first in {kind.partition("/")[0] for kind in short}:
        every = {f"{first}/{kind}" for kind in DISPUTE_KINDS}
        if every <= short:
            short = short - every | {f"{first}/*"}
    return sorted(short)


_AGGREGATES = {
    Aggregate.COUNT: "count",
    Aggregate.SUM: "sum",
    Aggregate.DECAYED: "fading sum",
    Aggregate.SINCE: "days since the latest",
    Aggregate.DURATION: "days since the earliest",
    Aggregate.LAST: "latest value",
    Aggregate.FIRST: "first value learned",
    Aggregate.MAX: "largest value",
    Aggregate.MIN: "smallest value",
}


def _row(feature: Feature) -> tuple[str, ...]:
    direction = {1: "+", -1: "-", 0: ""}[feature.monotone]
    unit = feature.unit.split(",")[0]
    return (feature.name, feature.entity.value, unit, _window(feature), direction, feature.why)


def _window(feature: Feature) -> str:
    if feature.within is not None:
        return f"{feature.within} d" if feature.long is None else f"{feature.within}/{feature.long} d"
    return "ever" if feature.half_life is None else f"fades by half in {feature.half_life:g} d"


def _direction(feature: Feature) -> str:
    return {
        1: "more never lowers the risk",
        -1: "more never raises the risk",
        0: "no direction is imposed",
    }[feature.monotone]
