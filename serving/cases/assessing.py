"""Assessing a stored case and keeping the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
import structlog

from docket import audit
from docket.text import prepare
from docket.times import now_micros
from features.documents import Document, Part, documents
from features.sources import StoreSource
from models.assessment import assess
from serving.cases import repository
from serving.errors import NotFound, Problem
from serving.handling import log_failure
from serving.merges.proposing import proposed
from serving.models.service import Current
from serving.queue.board import show_on_board
from serving.state import State
from serving.unscored import repository as unscored
from serving.webhooks import service as webhooks

_log = structlog.get_logger("anlan.cases")
Then = Callable[[sa.Connection, str, str], None]


def assess_and_keep(state: State, dispute_id: str, as_of: int, *, then: Then | None = None) -> str:
    """Assess a stored case as of a moment and keep the answer.

    Parameters
    ----------
    then
        What else is done in the transaction that keeps it, with the assessment's id and text.
    """
    current = state.models.current
    with state.store.snapshot() as conn:
        try:
            answer, features = assessed(conn, state, current, dispute_id, as_of)
        except sa.exc.SQLAlchemyError:
            raise  # no answer without the records: the caller is told to come again
        except Problem:
            raise
        except Exception as error:  # noqa: BLE001 - whatever ails a model, the rules answer
            log_failure(_log, "scoring_failed", error)
            answer, features = by_rules(conn, dispute_id, as_of), {}
        seen = unscored.revision(conn, dispute_id)
    return keep(state, answer, features, as_of, seen, then)


def keep(
    state: State,
    answer: Mapping[str, Any],
    features: Mapping[str, Any],
    as_of: int,
    seen: int | None,
    then: Then | None = None,
) -> str:
    """Keep an assessment with the values it rests on; its text.

    Parameters
    ----------
    seen
        What stood noted of the case in the snapshot that it is made of (`serving.unscored.repository`).
    then
        As in `assess_and_keep`.
    """
    dispute_id, now = answer["dispute_id"], now_micros()
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    with state.store.begin() as conn:
        earlier = webhooks.before(conn, dispute_id)
        if repository.keep_assessment(conn, answer, text, as_of, features, now):
            notice = state.settings.webhook_notice_minutes
            webhooks.assessed(conn, answer, earlier, notice_minutes=notice)
        show_on_board(conn, dispute_id)
        unscored.settle(conn, dispute_id, seen, degraded=answer["degraded"], now=now)
        if then is not None:
            then(conn, answer["assessment_id"], text)
        told = {name: answer[name] for name in ("colour", "model_version", "degraded", "as_of")}
        audit.record(conn, "score", case=dispute_id, subject=answer["assessment_id"], detail=told)
    state.metrics.assessments.labels(answer["colour"]).inc()
    if answer["degraded"]:
        state.metrics.degraded.inc()
    return text


def assessed(
    conn: sa.Connection, state: State, current: Current | None, dispute_id: str, as_of: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The assessment of a stored case on one state of the store, and the feature values it rests on."""
    facts = state.one_case.facts(conn, dispute_id, as_of)  # first, see there
    known = repository.dispute(conn, dispute_id, as_of)
    if known is None:
        raise NotFound()
    answer = assess(
        dispute_id=dispute_id,
        as_of=as_of,
        recorded_at=known.first_recorded,
        frame_row=facts.frame,
        document=facts.document,
        narrative=prepare(repository.narrative(conn, dispute_id, known.recorded_at)),
        scorer=None if current is None else current.scorer,
        model_version=None if current is None else current.version,
        duplicates=proposed(conn, dispute_id, as_of),
        before=repository.assessed_before(conn, dispute_id, as_of),
    )
    values = facts.frame.drop(columns="text").iloc[0].dropna()
    return answer, {str(name): float(value) for name, value in values.items()}


def by_rules(conn: sa.Connection, dispute_id: str, as_of: int) -> dict[str, Any]:
    """The assessment by floors and cue rules, of the narrative alone where not even the texts can be read."""
    known = repository.dispute(conn, dispute_id, as_of)
    if known is None:
        raise NotFound()
    narrative = prepare(repository.narrative(conn, dispute_id, known.recorded_at))
    try:
        (document,) = documents(StoreSource(conn), [dispute_id], np.array([as_of], dtype=np.int64))
    except sa.exc.SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - see below
        # A stated danger must show whatever else fails.
        log_failure(_log, "texts_failed", error)
        document = Document((Part("narrative", known.recorded_at, known.recorded_at, narrative.text),))
    return assess(
        dispute_id=dispute_id,
        as_of=as_of,
        recorded_at=known.first_recorded,
        frame_row=pd.DataFrame(),
        document=document,
        narrative=narrative,
        scorer=None,
        model_version=None,
    )
