"""Merging cases and parting them again: who may, and what is told of a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

import sqlalchemy as sa
import structlog

from docket import audit
from docket.keys import Key
from docket.store.locking import BusyError, alone
from docket.store.merged import Merge, history, merge_of
from docket.store.merging import MergeRefusedError, merge, unmerge
from docket.text import prepare
from docket.times import now_micros, rfc3339
from models.duplicates import probability_of
from serving.access import reaches
from serving.cases import repository, together
from serving.cases import service as cases
from serving.cases.assessing import assess_and_keep
from serving.cases.schemas import CaseIn
from serving.cases.service import Answer
from serving.cases.together import Outcome
from serving.errors import FieldError, Invalid, MergeRefused, NotFound, Unavailable
from serving.logs import log_failure
from serving.merges.schemas import MergeIn, UnmergeIn
from serving.queue.board import URGENCY, goes_by
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.state import State
from serving.unscored import repository as unscored

_log = structlog.get_logger("anlan.merges")
RULE: Final = "rule"
"""Who merged where nobody did."""

URGENT: Final = (
    "A person decided that the case is more urgent than the other one stands: raise that one first."
)
LESS_URGENT: Final = "less urgent than the case"
ITSELF: Final = "the case itself"
MERGED: Final = "was merged before"
NO_AUTHORITY: Final = "isn't with an authority"
NOT_MERGED: Final = "isn't merged"
FURTHER: Final = "what it was merged into was merged since"
# Without ids: the case that another was merged into may lie outside of the caller's area.
_REFUSALS: Final = {
    "itself": ("A case can't be merged into itself.", ITSELF, "into"),
    "unknown": ("There is no such case.", "dangling reference", "into"),
    "merged": (
        "One of the two was merged before: merge the case that it was merged into, or part it first.",
        MERGED,
        "into",
    ),
    "authority": (
        "The case is with an authority and the other isn't: correct the parties first.",
        NO_AUTHORITY,
        "into",
    ),
    "not_merged": ("The case isn't merged into another.", NOT_MERGED, "dispute_id"),
    "merged_further": (
        "The case that it was merged into was merged itself since: part that one first.",
        FURTHER,
        "dispute_id",
    ),
}
"""What is told of each refusal: a sentence, what is wrong with which field."""


def submit(state: State, key: Key, case: CaseIn, idempotency_key: str | None) -> Answer:
    """`serving.cases.service.submit`; then, where the setting says so, merge by rule.

    The answer is the case's own, made before: it names the case that it is now part of among `duplicates`.
    """
    answer = cases.submit(state, key, case, idempotency_key)
    _merge_new(state, case, answer)
    return answer


def submit_together(state: State, key: Key, batch: Sequence[CaseIn]) -> list[Outcome]:
    """`serving.cases.together.submit_together`; then merge by rule as `submit` does."""
    outcomes = together.submit_together(state, key, batch)
    for case, outcome in zip(batch, outcomes, strict=True):
        if isinstance(outcome, Answer):
            _merge_new(state, case, outcome)
    return outcomes


def _merge_new(state: State, case: CaseIn, answer: Answer) -> None:
    if not answer.new or state.settings.merge_above is None:
        return
    try:
        _by_rule(state, case.dispute.dispute_id, state.settings.merge_above)
    except Exception as error:  # noqa: BLE001 - the case is taken and answered; a person can still merge it
        log_failure(_log, "merge_by_rule_failed", error)


def _by_rule(state: State, dispute_id: str, least: float) -> None:
    with state.store.snapshot() as conn:
        told = repository.latest_answer(conn, dispute_id)
    found = [] if told is None else json.loads(told)["duplicates"]
    if not found or found[0]["probability"] < least:
        return
    best = found[0]
    with state.store.begin() as conn:
        done = merge(
            conn,
            dispute_id,
            best["dispute_id"],
            by=RULE,
            reason=best["why"],
            now=now_micros(),
            probability=best["probability"],
        )
        unscored.note(conn, done.into_id, done.recorded_at)
        _record(conn, "merge", done, RULE)
    assess_and_keep(state, done.into_id, done.recorded_at)


def join(state: State, key: Key, ask: Ask, dispute_id: str, asked: MergeIn) -> Answer:
    """Merge a case into another and assess that one anew.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Invalid
        If there is no such case to merge it into in the key's area.
    MergeRefused
        If the two can't be one.
    Unavailable
        If somebody else is merging or loading.
    """
    now = now_micros()
    with state.store.begin() as conn:
        _see(conn, key, dispute_id)
        earlier = found(conn, ask)
        if earlier is None:
            if not _reached(conn, key, asked.into):
                expected = "a case in the key's area"
                raise Invalid([FieldError(field="into", reason="dangling reference", expected=expected)])
            with _refusals(dispute_id):
                alone(conn)
                standing = merge_of(conn, dispute_id)
                said = (asked.into, prepare(asked.reason).text)
                new = standing is None or (standing.into_id, standing.reason) != said
                if new or standing is None:
                    _hold(conn, dispute_id, asked.into)
                    standing = merge(
                        conn,
                        dispute_id,
                        asked.into,
                        by=key.key_id,
                        reason=asked.reason,
                        now=now,
                        probability=probability_of(conn, dispute_id, asked.into, now),
                    )
            work = [(standing.into_id, standing.recorded_at)]
            taken = note(conn, ask, new=new, assess=work, answer=_told(standing))
            if new:
                _record(conn, "merge", standing, key.key_id)
        else:
            taken = Taken(earlier, new=False)
    return answered(state, key, taken)


def part(state: State, key: Key, ask: Ask, dispute_id: str, asked: UnmergeIn) -> Answer:
    """Part a case from the one that it was merged into and assess it anew.

    Raises
    ------
    NotFound
        If there is no such case in the key's area, or the one that it was merged into lies outside of it.
    MergeRefused
        If it isn't merged, or the other was merged itself since.
    Unavailable
        If somebody else is merging or loading.
    """
    with state.store.begin() as conn:
        _see(conn, key, dispute_id)
        standing = merge_of(conn, dispute_id)
        if standing is not None:
            _see(conn, key, standing.into_id)
        earlier = found(conn, ask)
        if earlier is None:
            with _refusals(dispute_id):
                alone(conn)
                before = history(conn, dispute_id)
                undone = before[-1] if before and before[-1].undone_at is not None else None
                new = undone is None or undone.undone_reason != prepare(asked.reason).text
                if new or undone is None:
                    undone = unmerge(conn, dispute_id, by=key.key_id, reason=asked.reason, now=now_micros())
            work = [(dispute_id, undone.undone_at or undone.recorded_at)]
            taken = note(conn, ask, new=new, assess=work, answer=_told(undone))
            if new:
                _record(conn, "unmerge", undone, key.key_id)
        else:
            taken = Taken(earlier, new=False)
    return answered(state, key, taken)


def _hold(conn: sa.Connection, dispute_id: str, into: str) -> None:
    """Refuse to put aside, by a merge, what a person holds to be more urgent than the other case stands."""
    here, there = (goes_by(conn, name) for name in (dispute_id, into))
    if here is not None and here[1] and (there is None or URGENCY[here[0]] < URGENCY[there[0]]):
        raise MergeRefused(URGENT, errors=[FieldError(field="into", reason=LESS_URGENT)])


def _record(conn: sa.Connection, action: Literal["merge", "unmerge"], done: Merge, by: str) -> None:
    detail = {"into": done.into_id, "by": by}
    audit.record(conn, action, case=done.dispute_id, subject=done.merge_id, detail=detail)


@contextmanager
def _refusals(dispute_id: str) -> Iterator[None]:
    """Tell of a refusal which of the two is at fault, `dispute_id` being the path's."""
    try:
        yield
    except MergeRefusedError as error:
        detail, reason, field = _REFUSALS[error.code]
        if error.about is not None:
            field = "dispute_id" if error.about == dispute_id else "into"
        raise MergeRefused(detail, errors=[FieldError(field=field, reason=reason)]) from error
    except BusyError as error:
        raise Unavailable(_BUSY) from error


_BUSY: Final = "Somebody else is merging or loading. Send the same request again."


def _reached(conn: sa.Connection, key: Key, dispute_id: str) -> bool:
    return repository.is_stored(conn, dispute_id) and reaches(
        conn, key, repository.last_grid(conn, dispute_id)
    )


def _see(conn: sa.Connection, key: Key, dispute_id: str) -> None:
    if not _reached(conn, key, dispute_id):
        raise NotFound()


def _told(done: Merge) -> dict[str, Any]:
    """The answer but for the assessment. If assessing fails now, the case stands noted as unscored."""
    return {
        "merge_id": done.merge_id,
        "dispute_id": done.dispute_id,
        "into_id": done.into_id,
        "probability": done.probability,
        "recorded_at": rfc3339(done.recorded_at),
        "undone_at": None if done.undone_at is None else rfc3339(done.undone_at),
        "assessment": None,
    }
