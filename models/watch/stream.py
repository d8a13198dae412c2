"""What came in and what was answered, a row a dispute at intake, as the checks read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

from docket.store.metadata import ASSESSMENTS
from docket.times import DAY
from features.catalogue import COLUMNS
from features.documents import documents
from features.frame import feature_frame
from features.sources import DuckSource
from models.examples import intakes
from models.material import Progress, told
from models.reading import CUE_NAMES, cue_rows
from models.targets import DEFAULT_HORIZON, RISK_COLUMNS
from models.watch.days import REFERENCE, SPANS, Array, Ints, midnight

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

HARM: Final = "outcomes"
"""The series of harms that were heard of."""
MAIN: Final = RISK_COLUMNS.index(f"escalation_{DEFAULT_HORIZON}")
_GRAMS: Final = 2**14
LOOKED_BACK: Final = 730 * DAY
"""Longer than a quarter takes to mature, however late harm is heard of."""
AT_INTAKE: Final = DAY
"""An assessment is of the intake if it was made within this of it."""
ANSWER_COLUMNS: Final = ("dispute_id", "as_of", "model_version", "colour", "risk", "features")


@dataclass(frozen=True)
class Stream:
    """What came in, until a moment.

    Attributes
    ----------
    now
        µs; nothing recorded at or after it is in it.
    end
        The last midnight (Asia/Shanghai), µs: days are compared whole.
    cases
        `dispute_id, as_of, model_version, colour, risk`: disputes at intake, ordered by `as_of`; the last
        three missing where no model answered then. `risk` is of escalation within 90 days.
    values
        The catalogue's columns of each: those kept with the answer, or else computed from the records.
    texts
        What was written of each, prepared.
    cues
        Shape (n, len(CUE_NAMES)).
    flows
        When what was recorded, µs, by the name of the series: `cases`, `cases by police_110`, `events` …
    known_from
        When the first dispute was recorded, µs.
    """

    now: int
    end: int
    cases: pd.DataFrame
    values: pd.DataFrame
    texts: list[str]
    cues: Array
    flows: Mapping[str, Ints]
    known_from: int

    @cached_property
    def grams(self) -> sparse.csr_matrix:
        """Single characters and pairs of them in each text, TF-IDF, of length 1, shape (n, 2**14)."""
        reader = HashingVectorizer(
            analyzer="char", ngram_range=(1, 2), n_features=_GRAMS, alternate_sign=False, norm=None
        )
        return TfidfTransformer(sublinear_tf=True).fit_transform(reader.transform(self.texts))

    @property
    def as_of(self) -> Ints:
        """When each case came in, µs, shape (n,)."""
        return self.cases["as_of"].to_numpy(np.int64)


def stream_of(
    snapshot: Snapshot,
    answers: pd.DataFrame,
    now: int,
    *,
    days: int = REFERENCE + max(SPANS),
    progress: Progress | None = None,
) -> Stream:
    """What came in during the days that the checks look at.

    Parameters
    ----------
    snapshot
        All records, by the clock of what was known when.
    answers
        `first_answers`.
    days
        How many.

    Raises
    ------
    ValueError
        If no dispute was known by then.
    """
    known = snapshot.until(now)
    first = intakes(known, now)
    if first.empty:
        raise ValueError("no dispute is known: there is nothing to watch")
    end = midnight(now)
    known_from = int(first["intake"].min())
    first = first[first["intake"] >= end - days * DAY]
    kept = first.merge(answers, on="dispute_id", how="left")
    late = kept["as_of"].isna() | (kept["as_of"] >= kept["intake"] + AT_INTAKE)
    kept.loc[late, ["model_version", "colour", "risk", "features"]] = None
    kept["as_of"] = kept["as_of"].where(~late, kept["intake"]).astype(np.int64)
    kept = kept.sort_values(["as_of", "dispute_id"], ignore_index=True)
    values, texts = _read(known, kept, progress)
    return Stream(
        now=now,
        end=end,
        cases=kept[["dispute_id", "as_of", "model_version", "colour", "risk"]].astype({"risk": np.float64}),
        values=values,
        texts=texts,
        cues=cue_rows(texts) if texts else np.zeros((0, len(CUE_NAMES))),
        flows=_flows(known),
        known_from=known_from,
    )


def _read(
    snapshot: Snapshot, kept: pd.DataFrame, progress: Progress | None
) -> tuple[pd.DataFrame, list[str]]:
    """Values as kept where they were, else computed; texts as known at the moment."""
    ids, as_of = kept["dispute_id"].tolist(), kept["as_of"].to_numpy(np.int64)
    values = pd.DataFrame(np.nan, index=range(len(kept)), columns=list(COLUMNS))
    held = kept["features"].notna().to_numpy(bool)
    if held.any():
        rows = pd.DataFrame([json.loads(text) for text in kept.loc[held, "features"]])
        values.loc[held] = rows.reindex(columns=list(COLUMNS)).to_numpy(np.float64)
    rest = np.flatnonzero(~held)
    if len(rest):
        frame = feature_frame(
            DuckSource(snapshot), [ids[row] for row in rest], as_of[rest], progress=told(progress, "features")
        )
        values.iloc[rest] = frame[list(COLUMNS)].to_numpy(np.float64)
    if not ids:
        return values, []
    return values, [document.text for document in documents(DuckSource(snapshot), ids, as_of)]


def _flows(snapshot: Snapshot) -> dict[str, Ints]:
    disputes = snapshot.tables["disputes"].select(["dispute_id", "source", "recorded_at"]).to_pandas()
    disputes = disputes.sort_values("recorded_at", kind="stable").drop_duplicates("dispute_id")
    flows = {"cases": disputes["recorded_at"].to_numpy(np.int64)}
    for source, rows in disputes.groupby("source"):
        flows[f"cases by {source}"] = rows["recorded_at"].to_numpy(np.int64)
    for name, key in (("events", "event_id"), ("visits", "visit_id"), (HARM, "outcome_id")):
        rows = snapshot.tables[name].select([key, "recorded_at"]).to_pandas()
        flows[name] = rows.groupby(key)["recorded_at"].min().to_numpy(np.int64)
    return flows


def first_answers(conn: sa.Connection, now: int) -> pd.DataFrame:
    """What a model first answered of each dispute of the last two years, by `ANSWER_COLUMNS`.

    `features` is the JSON kept with it, missing where it is older than any day that is looked at.

    Parameters
    ----------
    now
        µs; answers of or after it are left out.
    """
    a = ASSESSMENTS.c
    number = sa.func.row_number().over(partition_by=a.dispute_id, order_by=(a.as_of, a.created_at))
    looked_at = midnight(now) - (REFERENCE + max(SPANS)) * DAY
    values = sa.case((a.as_of >= looked_at, a.features), else_=sa.null()).label("features")
    rows = (
        sa.select(a.dispute_id, a.as_of, a.model_version, a.colour, a.answer, values, number.label("number"))
        .where(a.model_version.is_not(None), a.as_of < now)
        .subquery()
    )
    first = sa.and_(rows.c.number == 1, rows.c.as_of >= now - LOOKED_BACK)
    found = conn.execute(sa.select(rows).where(first).order_by(rows.c.dispute_id)).mappings()
    return pd.DataFrame([_row(row) for row in found], columns=list(ANSWER_COLUMNS))


def _row(row: sa.RowMapping) -> dict[str, Any]:
    risk = float(json.loads(row["answer"])["risks"][MAIN]["risk"])
    return {name: row[name] for name in ANSWER_COLUMNS if name != "risk"} | {"risk": risk}
