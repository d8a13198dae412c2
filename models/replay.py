"""An old assessment made again, from the inputs that were kept with it and the model version that it names.

The features are those kept. The texts are what the store held about the dispute when the assessment was made:
rows that came later, though they may say an earlier `recorded_at`, are not read, nor are those that others
were writing at that moment.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from docket.asof import NEVER, live
from docket.store.exporting import held_about
from docket.store.metadata import ASSESSMENTS
from docket.store.reading import original
from docket.text import Prepared, prepare
from docket.times import parse_instant
from features.catalogue import COLUMNS
from features.documents import Document, documents
from features.sources import DuckSource
from models.assessment import assess, content_id
from models.scorer import Scorer

NUMBERS: Final = (
    "degraded", "colour", "floor", "risks", "deadlines", "out_of_range", "outside", "policy_version"
)  # fmt: skip
"""What must come out the same. All else is words, which a later program may put otherwise."""
_SAME: Final = 1e-9


class NoSuchAssessmentError(LookupError):
    """The store has no such assessment, or no longer what it rests on."""


@dataclass(frozen=True)
class Replayed:
    """What came of it.

    Attributes
    ----------
    model_version
        Of the assessment; None if it was made by floors and cue rules.
    altered
        The kept answer isn't the one that its id was made from.
    numbers
        Those that differ: where, then and now.
    words
        Where words differ. They aren't told: they may be a narrative's.
    identical
        Whether it came out the same to the last bit.
    """

    model_version: str | None
    altered: bool
    numbers: list[str]
    words: list[str]
    identical: bool


def replay(conn: sa.Connection, assessment_id: str, load: Callable[[str], Scorer]) -> Replayed:
    """Make an assessment again.

    Parameters
    ----------
    conn
        A connection that sees one state of the store.
    load
        Gives the scorer of a model version's URI, for one thread.

    Raises
    ------
    NoSuchAssessmentError
        If there is none, or its dispute isn't there any more.
    """
    query = sa.select(ASSESSMENTS).where(ASSESSMENTS.c.assessment_id == assessment_id)
    kept = conn.execute(query).mappings().first()
    if kept is None:
        raise NoSuchAssessmentError(f"no assessment {assessment_id}")
    then: dict[str, Any] = json.loads(kept["answer"])
    as_of, version = int(kept["as_of"]), kept["model_version"]
    tables = held_about(conn, kept["dispute_id"], int(kept["created_at"]), kept["seen"])
    recorded_at, narrative = _narrative(conn, tables["disputes"], kept["dispute_id"], as_of)
    document = _document(tables, kept)
    row = _row(kept, document)
    now = assess(
        dispute_id=kept["dispute_id"],
        as_of=as_of,
        recorded_at=recorded_at,
        document=document,
        narrative=narrative,
        case=None if version is None else load(version).case(row),
        model_version=version,
        # of these two the answer itself is the record
        duplicates=then["duplicates"],
        before=None if then["added"] is None else parse_instant(then["added"]["since"]),
    )
    differing = {name: list(_differing(then.get(name), now.get(name), name)) for name in {**then, **now}}
    return Replayed(
        model_version=version,
        altered=content_id(then) != assessment_id or then["assessment_id"] != assessment_id,
        numbers=[f"{path}: {a} then, {b} now" for name in NUMBERS for path, a, b in differing[name]],
        words=[
            path
            for name, found in differing.items()
            if name not in (*NUMBERS, "assessment_id")
            for path, _, _ in found
        ],
        identical=now["assessment_id"] == assessment_id,
    )


def kept_row(conn: sa.Connection, kept: sa.RowMapping) -> pd.DataFrame:
    """What any version reads of an assessed case: the features kept with it, the texts known then.

    Parameters
    ----------
    kept
        A row of `assessments`.

    Returns
    -------
    DataFrame
        The catalogue's columns and `text`, one row.

    Raises
    ------
    NoSuchAssessmentError
        If its dispute isn't there any more.
    """
    tables = held_about(conn, kept["dispute_id"], int(kept["created_at"]), kept["seen"])
    if tables["disputes"].num_rows == 0:
        raise NoSuchAssessmentError(f"dispute {kept['dispute_id']} is not in the store any more")
    return _row(kept, _document(tables, kept))


def _document(tables: Mapping[str, pa.Table], kept: sa.RowMapping) -> Document:
    with closing(DuckSource(_Held(tables), threads=1)) as source:
        (document,) = documents(source, [kept["dispute_id"]], np.array([kept["as_of"]], np.int64))
    return document


def _row(kept: sa.RowMapping, document: Document) -> pd.DataFrame:
    features = pd.DataFrame([json.loads(kept["features"])])
    frame = features.reindex(columns=list(COLUMNS)).astype(np.float64)
    return frame.assign(text=pd.Series([document.text], dtype="str"))


@dataclass(frozen=True)
class _Held:
    """As much of a snapshot as a source needs."""

    tables: Mapping[str, pa.Table]


def _narrative(conn: sa.Connection, disputes: pa.Table, dispute_id: str, as_of: int) -> tuple[int, Prepared]:
    """When the dispute was first recorded, and the narrative known then."""
    versions = disputes.to_pylist()
    for row in versions:
        until = row["superseded_at"]
        if live(row["recorded_at"], NEVER if until is None else until, as_of):
            try:
                raw = original(conn, "disputes", dispute_id, row["recorded_at"])
            except KeyError as error:
                raise NoSuchAssessmentError(f"the narrative of {dispute_id} is gone") from error
            return min(int(one["recorded_at"]) for one in versions), prepare(raw)
    raise NoSuchAssessmentError(f"dispute {dispute_id} is not in the store as it was then")


def _differing(then: Any, now: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ; numbers may by 1e-9."""
    if isinstance(then, dict) and isinstance(now, dict):
        for name in {**then, **now}:
            yield from _differing(then.get(name), now.get(name), f"{path}.{name}")
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for place, (one, other) in enumerate(zip(then, now, strict=True)):
            yield from _differing(one, other, f"{path}[{place}]")
    elif isinstance(then, float) and isinstance(now, float):
        if not math.isclose(then, now, rel_tol=0.0, abs_tol=_SAME):
            yield path, then, now
    elif then != now:
        yield path, then, now
