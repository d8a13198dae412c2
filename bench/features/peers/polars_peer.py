"""Peer in polars: what it says naturally, by joins, as-of joins of running counts, and group-bys.

Of the dispute itself it has every column; of persons, pairs and areas the counts, trends and rates. Extremes
of other disputes want, for each question, the best row that is left when its own dispute's are taken out:
polars says that only by laying every row beside every question of its key, a square for a hot key.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import polars as pl

from ..reading import Array, Features, Records
from .finishing import DAY, Finisher, Wanted, measures_of, name_of
from .polars_streams import NEVER, STREAMS, Tables, kind_codes

OWN: Final = ("case", "case_parties", "case_events", "case_outcomes", "case_registry")
ENTITIES: Final = ("dispute", "applicant", "respondent", "person", "pair", "grid", "community", "street")
LIVE: Final = (pl.col("known") <= pl.col("t")) & (pl.col("t") < pl.col("until"))


def compute(records: Records, features: Features) -> Array:
    """(questions, features)."""
    tables = Tables(records)
    asked = _questions(tables)
    values: dict[str, Array] = {}
    wanted = {name_of(w): w for feature in features for w in measures_of(feature)}
    for stream in dict.fromkeys(w["stream"] for w in wanted.values()):
        rows = STREAMS[stream](tables)
        for entity in ENTITIES:
            mine = {n: w for n, w in wanted.items() if (w["stream"], w["entity"]) == (stream, entity)}
            if mine and stream in OWN:
                values |= _of_own(rows, asked[entity], mine)
            elif mine:
                values |= _counts(rows, asked[entity], mine)
    queries = {entity: frame["query"].to_numpy() for entity, frame in asked.items()}
    finisher = Finisher(values, queries, tables.questions.height)
    answer = np.empty((tables.questions.height, len(features)), order="F")
    for place, feature in enumerate(features):
        answer[:, place] = finisher.column(feature)
    return answer


def _questions(tables: Tables) -> dict[str, pl.DataFrame]:
    """`query, key, dispute, t` of each entity, by what is live; `row` is the position in it."""
    disputes = tables.questions.join(tables.disputes, on="dispute").filter(LIVE).sort("query")
    found = {"dispute": disputes.with_columns(key="dispute")}
    for level in ("grid", "community", "street"):
        found[level] = disputes.with_columns(key=level)
    parties = tables.questions.join(disputes.select("query"), on="query", how="semi")
    parties = parties.join(tables.parties, on="dispute").filter(LIVE).sort("query")
    found["person"] = parties.with_columns(key="person")
    for role in ("applicant", "respondent"):
        found[role] = found["person"].filter(pl.col("role") == tables.role(role))
    one = found["applicant"].select("query", "dispute", "t", first="person")
    other = found["respondent"].select("query", second="person")
    pairs = one.join(other, on="query").filter(pl.col("first") != pl.col("second")).sort("query")
    found["pair"] = pairs.with_columns(key=pl.col("first") * 2**32 + pl.col("second"))
    columns = ("query", "dispute", "t", pl.col("key").cast(pl.Int64))
    return {entity: frame.select(*columns).with_row_index("row") for entity, frame in found.items()}


def _kept(w: Wanted) -> pl.Expr:
    where = w["where"]
    return pl.lit(True) if where is None else pl.col("kind").is_in(kind_codes(w["stream"], where))


def _of_own(rows: pl.DataFrame, asked: pl.DataFrame, wanted: dict[str, Wanted]) -> dict[str, Array]:
    """All measures of the dispute itself in one group-by."""
    seen = asked.select("row", "t", "key").join(rows, on="key").filter(LIVE)
    seen = seen.sort("row", "at", "known", "item", "kind", "value", maintain_order=True)
    said = []
    for name, w in wanted.items():
        kept = _kept(w)
        if w["within"] is not None:
            kept &= pl.col("at") + w["within"] * DAY > pl.col("t")
        said.append(_aggregate(w, kept).alias(name))
    found = seen.group_by("row", maintain_order=True).agg("t", *said) if said else seen
    found = asked.select("row").join(found.drop("t"), on="row", how="left", maintain_order="left")
    answers = {}
    for name, w in wanted.items():
        column = found[name].cast(pl.Float64)
        if w["aggregate"] in ("count", "decayed"):
            column = column.fill_null(0.0)
        values = column.to_numpy()
        if w["aggregate"] in ("since", "duration"):
            values = values / DAY
        answers[name] = values
    return answers


def _aggregate(w: Wanted, kept: pl.Expr) -> pl.Expr:
    at, value, t = pl.col("at").filter(kept), pl.col("value").filter(kept), pl.col("t").first()
    first = pl.col("value").filter(kept & (pl.col("known") == pl.col("known").filter(kept).min())).last()
    age = (pl.col("t") - pl.col("at")) / DAY
    rate = math.log(2.0) / (w["half_life"] or 1.0)
    return {
        "count": pl.col("item").filter(kept).n_unique(),
        "since": t - at.max(),
        "duration": t - at.min(),
        "last": value.last(),
        "first": first,
        "max": value.max(),
        "min": value.min(),
        "decayed": (pl.col("value") * (-rate * age).exp()).filter(kept).sum(),
    }[w["aggregate"]]


def _counts(rows: pl.DataFrame, asked: pl.DataFrame, wanted: dict[str, Wanted]) -> dict[str, Array]:
    """Counts of distinct items of other disputes: entered less ended, less the own."""
    by_time = asked.sort("t").select("row", "key", "t")
    rows = rows.join(asked.select("key").unique(), on="key", how="semi").sort("known")
    several = rows.select(pl.struct("key", "item").is_duplicated()).to_series()
    rows = rows.with_columns(several=several)
    own = asked.join(rows, on=["key", "dispute"]).filter(LIVE)
    answers = {}
    for name, w in wanted.items():
        end = pl.col("until")
        if w["within"] is not None:
            end = pl.min_horizontal(end, pl.col("at") + w["within"] * DAY)
        lives = rows.filter(_kept(w)).with_columns(end=end).filter(pl.col("known") < pl.col("end"))
        lives = _once(lives)
        entered = _running(by_time, lives.select("key", moment="known"))
        ended = _running(
            by_time, lives.filter(pl.col("end") < NEVER).select("key", moment="end").sort("moment")
        )
        total = np.empty(asked.height)
        total[by_time["row"].to_numpy()] = entered - ended
        kept = own.filter(_kept(w))
        if w["within"] is not None:
            kept = kept.filter(pl.col("at") + w["within"] * DAY > pl.col("t"))
        mine = kept.group_by("row").agg(pl.col("item").n_unique())
        total[mine["row"].to_numpy()] -= mine["item"].to_numpy()
        answers[name] = total
    return answers


def _once(lives: pl.DataFrame) -> pl.DataFrame:
    """Times in which an item is live, put together where they overlap."""
    some = lives.filter("several").sort("key", "item", "known")
    if some.height == 0:
        return lives.select("key", "known", "end")
    before = pl.col("end").cum_max().shift(1).over("key", "item").fill_null(-1)
    some = some.with_columns(new=(pl.col("known") > before).cum_sum())
    some = some.group_by("key", "item", "new").agg(pl.col("known").min(), pl.col("end").max())
    columns = ("key", "known", "end")
    lives = lives.filter(~pl.col("several"))
    return pl.concat([lives.select(columns), some.select(columns)]).sort("known")


def _running(by_time: pl.DataFrame, moments: pl.DataFrame) -> Array:
    """How many of a key's moments lie at or before each question; both sorted by time."""
    counted = moments.with_columns(n=pl.col("moment").cum_count().over("key"))
    found = by_time.join_asof(
        counted, left_on="t", right_on="moment", by="key", strategy="backward", check_sortedness=False
    )
    return found["n"].fill_null(0).to_numpy().astype(np.int64)
