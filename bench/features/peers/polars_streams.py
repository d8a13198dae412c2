"""Peer in polars: records as codes, and the contributions by joins."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Final

import polars as pl

from ..reading import Records
from .numpy_catalogue import DISPUTE_KINDS, RELATIONS
from .numpy_streams import EVENT_STEPS, FINDINGS, KIND_STEPS

NEVER: Final = 2**62
EVENT_KINDS: Final = (
    "repeat_report", "contacted", "mediation_session", "mediation_failed", "agreement", "agreement_breached",
    "police_call", "warning_letter", "protection_order", "court_filing", "legal_aid", "counselling",
    "handover", "closed", "reopened",
)  # fmt: skip
OUTCOME_KINDS: Final = ("violence", "civil_to_criminal", "self_harm", "extreme_act")
ROLES: Final = ("applicant", "respondent", "affected")
CASE: Final = ("kind", "gravity", "police", "amount", "opened", "delay", "recorded", "door")
VISITS: Final = ("calm", "tense", "worse", "unknown", "no_contact")
REGISTRY: Final = ("divorce", "domestic_violence", "neighbour_grudge", "other")
WIDTH: Final = 32
"""A role and a kind are one number: role * WIDTH + kind."""


def kind_codes(stream: str, where: list[str]) -> list[int]:
    """The codes of kinds as a stream tells them."""
    if stream.endswith("_events"):
        names = EVENT_KINDS
    elif stream.endswith("_outcomes"):
        names = OUTCOME_KINDS
    elif stream.endswith("_registry"):
        names = REGISTRY
    else:
        told = {"case": CASE, "case_parties": ROLES, "person_visits": VISITS}
        names = told.get(stream, DISPUTE_KINDS)
    codes = []
    for kind in where:
        first, _, last = kind.rpartition("/")
        if kind == "harm":
            codes.append(WIDTH)
        else:
            codes.append(names.index(last) + WIDTH * (ROLES.index(first) if first in ROLES else 0))
    return codes


def _coded(column: str, names: tuple[str, ...]) -> pl.Expr:
    return pl.col(column).replace_strict(
        dict(zip(names, range(len(names)), strict=True)), return_dtype=pl.Int64
    )


class Tables:
    """The records, ids as the codes of one global dictionary each."""

    def __init__(self, records: Records) -> None:
        ids, as_of = records.questions
        self._tables = records.tables
        self._enums: dict[str, pl.Enum] = {}
        self.questions = pl.DataFrame({"dispute_id": pl.from_arrow(ids), "t": as_of}).select(
            self._code("dispute_id", "dispute"), "t"
        )
        self.questions = self.questions.with_row_index("query").with_columns(pl.col("query").cast(pl.Int64))

    def _code(self, column: str, name: str) -> pl.Expr:
        """The place of an id among all ids of its kind."""
        text = pl.col(column).cast(pl.String)
        return text.cast(self._enum(column)).to_physical().cast(pl.Int64).alias(name)

    def _enum(self, column: str) -> pl.Enum:
        if column not in self._enums:
            found = [
                pl.from_arrow(table[column]).cast(pl.String)
                for table in self._tables.values()
                if column in table.column_names
            ]
            self._enums[column] = pl.Enum(pl.concat(found).unique())
        return self._enums[column]

    @staticmethod
    def role(name: str) -> int:
        """The code of a role."""
        return ROLES.index(name)

    def _frame(self, name: str, *columns: pl.Expr, dispute: bool = True) -> pl.DataFrame:
        frame = pl.from_arrow(self._tables[name])
        common = [
            pl.col("recorded_at").alias("known"),
            pl.col("superseded_at").fill_null(NEVER).alias("until"),
        ]
        if dispute:
            common.append(self._code("dispute_id", "dispute"))
        return frame.select(*common, *columns)

    @cached_property
    def disputes(self) -> pl.DataFrame:
        """Versions of disputes with their areas."""
        grids = pl.from_arrow(self._tables["grids"]).select(
            self._code("grid_id", "grid"),
            self._code("community_id", "community"),
            self._code("street_id", "street"),
        )
        found = self._frame(
            "disputes",
            pl.col("opened_at").alias("at"),
            _coded("kind", DISPUTE_KINDS),
            pl.col("kind").replace_strict(KIND_STEPS, default=0.0, return_dtype=pl.Float64).alias("step"),
            self._code("grid_id", "grid"),
            pl.col("amount_cny").alias("amount"),
            (pl.col("source") == "police_110").alias("police"),
            pl.col("excluded_at").fill_null(NEVER).alias("excluded"),
        )
        return found.join(grids, on="grid")

    @cached_property
    def parties(self) -> pl.DataFrame:
        """Versions of parties."""
        codes = {name: code for code, name in enumerate(RELATIONS) if name != "authority"}
        relation = pl.col("relation").replace_strict(codes, default=codes["unknown"], return_dtype=pl.Float64)
        return self._frame(
            "parties", self._code("person_id", "person"), _coded("role", ROLES), relation.alias("value")
        )

    @cached_property
    def events(self) -> pl.DataFrame:
        """Versions of events."""
        step = pl.col("kind").replace_strict(EVENT_STEPS, default=0.0, return_dtype=pl.Float64)
        return self._frame(
            "events", self._code("event_id", "item"), "at", _coded("kind", EVENT_KINDS), step.alias("value")
        )

    @cached_property
    def outcomes(self) -> pl.DataFrame:
        """Versions of outcomes."""
        return self._frame(
            "outcomes", self._code("outcome_id", "item"), "at", _coded("kind", OUTCOME_KINDS),
            pl.col("severity").cast(pl.Float64).alias("value"),
        )  # fmt: skip

    @cached_property
    def registry(self) -> pl.DataFrame:
        """Versions of registry entries, ended by their leaving."""
        left = pl.max_horizontal(pl.col("left_at"), pl.coalesce("left_recorded_at", "left_at"))
        rows = self._frame(
            "registry", self._code("entry_id", "item"), self._code("person_id", "person"),
            pl.col("entered_at").alias("at"), _coded("category", REGISTRY).alias("kind"),
            pl.when(pl.col("left_at").is_null()).then(NEVER).otherwise(left).alias("left"),
            pl.lit(1.0).alias("value"),
        )  # fmt: skip
        return rows.with_columns(until=pl.min_horizontal("until", "left")).drop("left")

    @cached_property
    def party_disputes(self) -> pl.DataFrame:
        """Parties with the versions of their dispute."""
        d = self.disputes.select(
            "dispute", "at", "kind", "step", d_known="known", d_until=pl.min_horizontal("until", "excluded")
        )
        return (
            self.parties.drop("value")
            .join(d, on="dispute")
            .with_columns(
                known=pl.max_horizontal("known", "d_known"), until=pl.min_horizontal("until", "d_until")
            )
            .drop("d_known", "d_until")
        )

    @cached_property
    def opposed(self) -> pl.DataFrame:
        """Two parties on different sides, both orders, under the key of the pair."""
        other = self.parties.select(
            "dispute", second="person", other_role="role", o_known="known", o_until="until"
        )
        respondent = ROLES.index("respondent")
        apart = (pl.col("role") != pl.col("other_role")) & (pl.col("person") != pl.col("second"))
        apart &= (pl.col("role") == respondent) | (pl.col("other_role") == respondent)
        return (
            self.party_disputes.join(other, on="dispute")
            .filter(apart)
            .select(
                "dispute", "role", "at", "kind", "step",
                key=pl.col("person") * 2**32 + pl.col("second"),
                known=pl.max_horizontal("known", "o_known"),
                until=pl.min_horizontal("until", "o_until"),
            )
        )  # fmt: skip


_ROLE_KIND: Final = (pl.col("role") * WIDTH + pl.col("kind")).alias("kind")
_COLUMNS: Final = ("key", "dispute", "item", "known", "until", "at", "kind", "value")


def _seen(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("known") < pl.col("until")).select(_COLUMNS)


def _disputes_of(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    return _seen(rows.with_columns(_ROLE_KIND, key=key, item="dispute", value="step"))


def _details_of(rows: pl.DataFrame, key: str, detail: pl.DataFrame, *, named: bool) -> pl.DataFrame:
    rows = rows.select("dispute", "role", key=key, r_known="known", r_until="until")
    joined = detail.join(rows, on="dispute").with_columns(
        known=pl.max_horizontal("known", "r_known"), until=pl.min_horizontal("until", "r_until")
    )
    return _seen(joined.with_columns(_ROLE_KIND) if named else joined)


def _case(tables: Tables) -> pl.DataFrame:
    d = tables.disputes.with_columns(key="dispute", item=pl.lit(0, pl.Int64))
    door = pl.when("police").then(1).otherwise(2).cast(pl.Int64)
    codes = dict(enumerate(float(code) for code in range(len(DISPUTE_KINDS))))
    coded = pl.col("kind").replace_strict(codes, return_dtype=pl.Float64)
    delay = (pl.col("known") - pl.col("at")).cast(pl.Float64)
    never = pl.lit(NEVER)
    told = [
        d.with_columns(value=coded),
        d.with_columns(value="step"),
        d.with_columns(value=pl.col("police").cast(pl.Float64)),
        d.filter(pl.col("amount").is_not_null()).with_columns(value="amount"),
        d.with_columns(value=pl.col("at").cast(pl.Float64)),
        d.with_columns(value=delay, until=never),
        d.with_columns(value=pl.col("known").cast(pl.Float64), at="known", until=never),
        d.with_columns(value=pl.lit(1.0), item=door),
    ]
    parts = [part.with_columns(code=pl.lit(code)) for code, part in enumerate(told)]
    police, again = (EVENT_KINDS.index(name) for name in ("police_call", "repeat_report"))
    doors = tables.events.filter(pl.col("kind").is_in([police, again])).with_columns(
        key="dispute",
        item=pl.when(pl.col("kind") == police).then(1).otherwise(2).cast(pl.Int64),
        value=pl.lit(1.0),
        code=pl.lit(7),
    )
    columns = (
        "key",
        "dispute",
        "item",
        "known",
        "until",
        "at",
        pl.col("code").cast(pl.Int64).alias("kind"),
        "value",
    )
    return _seen(pl.concat([part.select(columns) for part in [*parts, doors]]))


def _case_details(detail: pl.DataFrame) -> pl.DataFrame:
    return _seen(detail.with_columns(key="dispute"))


def _case_events(tables: Tables) -> pl.DataFrame:
    closed = pl.when(pl.col("kind") == EVENT_KINDS.index("closed")).then(1.0).otherwise("value")
    return _case_details(tables.events.with_columns(value=closed))


def _visits(tables: Tables) -> pl.DataFrame:
    found = pl.when("contact").then(_coded("finding", VISITS)).otherwise(VISITS.index("no_contact"))
    score = pl.col("finding").replace_strict(FINDINGS, default=0.0, return_dtype=pl.Float64)
    return _seen(
        tables._frame(
            "visits", tables._code("person_id", "key"), pl.lit(-1, pl.Int64).alias("dispute"),
            tables._code("visit_id", "item"), "at", found.cast(pl.Int64).alias("kind"), score.alias("value"),
            dispute=False,
        )
    )  # fmt: skip


def _registry(tables: Tables) -> pl.DataFrame:
    d = tables.disputes.select("dispute", d_known="known", d_until=pl.min_horizontal("until", "excluded"))
    joined = tables.registry.join(d, on="dispute").with_columns(
        key="person",
        known=pl.max_horizontal("known", "d_known"),
        until=pl.min_horizontal("until", "d_until"),
    )
    return _seen(joined)


def _area(level: str) -> Callable[[Tables], pl.DataFrame]:
    def make(tables: Tables) -> pl.DataFrame:
        item = pl.col("dispute") * 2**24 + pl.col("grid") if level == "street" else pl.col("dispute")
        d = tables.disputes.with_columns(
            key=level, item=item, until=pl.min_horizontal("until", "excluded"), value=pl.lit(1.0)
        )
        o = tables.outcomes.select("dispute", o_known="known", o_until="until")
        harmed = d.join(o, on="dispute").with_columns(
            known=pl.max_horizontal("known", "o_known"),
            until=pl.min_horizontal("until", "o_until"),
            kind=pl.lit(WIDTH, pl.Int64),
        )
        return pl.concat([_seen(d), _seen(harmed)])

    return make


STREAMS: Final[dict[str, Callable[[Tables], pl.DataFrame]]] = {
    "case": _case,
    "case_parties": lambda t: _seen(
        t.parties.with_columns(key="dispute", item="person", at="known", kind="role")
    ),
    "case_events": _case_events,
    "case_outcomes": lambda t: _case_details(t.outcomes),
    "case_registry": lambda t: _case_details(t.registry),
    "person_disputes": lambda t: _disputes_of(t.party_disputes, "person"),
    "person_events": lambda t: _details_of(t.party_disputes, "person", t.events, named=True),
    "person_outcomes": lambda t: _details_of(t.party_disputes, "person", t.outcomes, named=True),
    "person_registry": _registry,
    "person_visits": _visits,
    "pair_disputes": lambda t: _disputes_of(t.opposed, "key"),
    "pair_events": lambda t: _details_of(t.opposed, "key", t.events, named=False),
    "pair_outcomes": lambda t: _details_of(t.opposed, "key", t.outcomes, named=False),
    "grid_disputes": _area("grid"),
    "community_disputes": _area("community"),
    "street_disputes": _area("street"),
}  # fmt: skip
