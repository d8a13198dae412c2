"""Assessing a stored case and keeping the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
import sqlalchemy as sa
import structlog

from docket import audit
from docket.store.clock import database_now
from docket.store.seeing import mark
from docket.text import Prepared, prepare
from docket.times import now_micros
from docket.tracing import span
from features.documents import Document, Part, documents
from features.online.facts import CaseFacts
from features.sources import StoreSource
from models.assessment import assess
from models.weighing import Weighed
from serving.cases import repository
from serving.errors import NotFound, Problem
from serving.logs import log_failure
from serving.merges.proposing import proposed_of
from serving.models.service import Current
from serving.queue.board import show_on_board
from serving.state import State
from serving.unscored import repository as unscored
from serving.urgings.following import follow
from serving.webhooks import service as webhooks

_log = structlog.get_logger("anlan.cases")
Then = Callable[[sa.Connection, Mapping[str, tuple[str, str]]], None]
"""Does more in the transaction that keeps assessments: by dispute the assessment's id and text."""


@dataclass(frozen=True)
class Read:
    """What an assessment of a stored case is made of, as one state of the store has it."""

    dispute_id: str
    as_of: int
    first_recorded: int
    facts: CaseFacts
    narrative: Prepared
    duplicates: Sequence[Mapping[str, Any]]
    before: int | None

    def assessed(
        self, current: Current | None, weighed: Weighed | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The assessment, and the feature values it rests on.

        Parameters
        ----------
        weighed
            As the model has read it among others; None: it is read now, if there is a model.
        """
        case = None if weighed is None else weighed.case
        if case is None and current is not None:
            with span("model", version=current.version):
                case = current.scorer.case(self.facts.frame)
        answer = assess(
            dispute_id=self.dispute_id,
            as_of=self.as_of,
            recorded_at=self.first_recorded,
            document=self.facts.document,
            narrative=self.narrative,
            case=case,
            model_version=None if current is None else current.version,
            duplicates=self.duplicates,
            before=self.before,
            weighed=weighed,
        )
        values = zip(self.facts.names, self.facts.values.tolist(), strict=True)
        return answer, {name: value for name, value in values if not isnan(value)}


@dataclass(frozen=True)
class Sight:
    """What a snapshot showed that an assessment is made of.

    Attributes
    ----------
    revision
        What stood noted of the case (`serving.unscored.repository`).
    mark
        Of the records (`docket.store.seeing`).
    """

    revision: int | None
    mark: str


@dataclass(frozen=True)
class Made:
    """An assessment to be kept.

    Attributes
    ----------
    answer, features
        The assessment, and the feature values it rests on.
    as_of
        Its moment.
    seen
        What the snapshot showed that it is made of.
    """

    answer: Mapping[str, Any]
    features: Mapping[str, Any]
    as_of: int
    seen: Sight


def assess_and_keep(state: State, dispute_id: str, as_of: int, *, then: Then | None = None) -> str:
    """Assess a stored case as of a moment and keep the answer.

    Parameters
    ----------
    then
        What else is done in the transaction that keeps it.
    """
    current = state.models.current
    with state.store.snapshot() as conn:
        try:
            answer, features = assessed(conn, state, current, dispute_id, as_of)
        except Exception as error:  # noqa: BLE001 - whatever ails a model, the rules answer
            answer, features = after(error, conn, dispute_id, as_of), {}
        seen = sight(conn, dispute_id)
    (text,) = keep(state, [Made(answer, features, as_of, seen)], then)
    return text


def sight(conn: sa.Connection, dispute_id: str) -> Sight:
    """What this snapshot shows."""
    return sights(conn, [dispute_id])[dispute_id]


def sights(conn: sa.Connection, dispute_ids: Collection[str]) -> dict[str, Sight]:
    """`sight` of each of some cases."""
    revisions, seen = unscored.revisions(conn, dispute_ids), mark(conn)
    return {name: Sight(revisions.get(name), seen) for name in dispute_ids}


def after(
    error: Exception, conn: sa.Connection, dispute_id: str, as_of: int, event: str = "scoring_failed"
) -> dict[str, Any]:
    """The assessment by floors and rules after another failed; what is no failure of scoring is raised again.

    No answer without the records: then the caller is told to come again.

    Parameters
    ----------
    event
        What the failure is logged as.
    """
    if isinstance(error, (sa.exc.SQLAlchemyError, Problem)):
        raise error
    log_failure(_log, event, error)
    return by_rules(conn, dispute_id, as_of)


def keep(state: State, made: Sequence[Made], then: Then | None = None) -> list[str]:
    """Keep assessments with the values they rest on, in one transaction; their texts.

    Parameters
    ----------
    made
        Each of another case.
    then
        What else is done in that transaction.
    """
    texts = [
        json.dumps(one.answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False) for one in made
    ]
    if not made:
        return texts
    with state.store.begin() as conn:
        new = _keep(conn, state, made, texts)
        if then is not None:
            kept = {
                one.answer["dispute_id"]: (one.answer["assessment_id"], text)
                for one, text in zip(made, texts, strict=True)
            }
            then(conn, kept)
        audit.record_all(conn, [_told(one.answer, new) for one in made])
    for one in made:
        if one.answer["assessment_id"] not in new:
            continue
        state.metrics.assessments.labels(one.answer["colour"]).inc()
        if one.answer["degraded"]:
            state.metrics.degraded.inc()
    return texts


def _keep(conn: sa.Connection, state: State, made: Sequence[Made], texts: Sequence[str]) -> set[str]:
    """Keep them and all that follows from it; the ids of those that weren't there."""
    now = now_micros()
    names = [one.answer["dispute_id"] for one in made]
    earlier = webhooks.before(conn, names)
    at = repository.kept_at(conn, names, now)
    new = repository.keep_assessments(
        conn,
        [
            repository.Kept(one.answer, text, one.as_of, one.features, at[name], one.seen.mark)
            for name, one, text in zip(names, made, texts, strict=True)
        ],
    )
    webhooks.assessed(conn, [one.answer for one in made if one.answer["assessment_id"] in new], earlier)
    moment = database_now(conn)
    follow(conn, state.settings.ladder, show_on_board(conn, names, moment), now=moment)
    scored = [
        unscored.Scored(name, one.seen.revision, one.answer["degraded"])
        for name, one in zip(names, made, strict=True)
    ]
    unscored.settle(conn, scored, now=now)
    return new


def _told(answer: Mapping[str, Any], new: Collection[str]) -> audit.Event:
    dispute_id, assessment_id = answer["dispute_id"], answer["assessment_id"]
    if assessment_id not in new:  # somebody else came to the same at this moment, and has logged it
        return audit.Event("view", dispute_id, assessment_id)
    told = {name: answer[name] for name in ("colour", "model_version", "degraded", "as_of")}
    return audit.Event("score", dispute_id, assessment_id, told)


def assessed(
    conn: sa.Connection, state: State, current: Current | None, dispute_id: str, as_of: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The assessment of a stored case on one state of the store, and the feature values it rests on."""
    return read(conn, state, {dispute_id: as_of})[dispute_id].assessed(current)


def read(conn: sa.Connection, state: State, as_of: Mapping[str, int]) -> dict[str, Read]:
    """Read all that assessments are made of: of some cases, each as of a moment.

    Raises
    ------
    serving.errors.NotFound
        If one of the cases wasn't known then.
    """
    with span("facts"):
        facts = state.one_case.facts_of(conn, as_of)  # first, see there
    known = repository.disputes(conn, as_of)
    if len(known) < len(as_of):
        raise NotFound()
    narratives = repository.narratives(conn, {name: one.recorded_at for name, one in known.items()})
    duplicates = proposed_of(conn, as_of)
    before = repository.assessed_before(conn, as_of)
    return {
        name: Read(
            name,
            moment,
            known[name].first_recorded,
            facts[name],
            prepare(narratives[name]),
            duplicates[name],
            before.get(name),
        )
        for name, moment in as_of.items()
    }


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
        document=document,
        narrative=narrative,
        case=None,
        model_version=None,
    )
