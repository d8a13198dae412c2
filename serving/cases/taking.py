"""The parts of a batch: what becomes of each case of it, as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from pydantic import ValidationError

from docket.keys import Key
from serving import errors
from serving.bodies import text_errors
from serving.cases.schemas import CaseIn
from serving.cases.service import Answer
from serving.handling import problem_of
from serving.logs import log_failure
from serving.merges import service as merges
from serving.shapes import field_errors
from serving.state import State

_log = structlog.get_logger("anlan.cases")
CHUNK: Final = 250
"""Cases that are stored and kept together. On SQLite others wait as long to write."""


@dataclass(frozen=True)
class Result:
    """One case's status and text, in which the assessment stands as kept; headers for the whole answer."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


def take(state: State, key: Key, bodies: Sequence[dict[str, Any]], request_id: str | None) -> list[Result]:
    """Take the cases of a batch, each on its own, in order."""
    read = [_read(body, place) for place, body in enumerate(bodies)]
    found: list[Result] = []
    lost: errors.Problem | None = None
    for first in range(0, len(read), CHUNK):
        part = read[first : first + CHUNK]
        sound = [case for case in part if isinstance(case, CaseIn)]
        # Once the store is gone the others needn't each wait for it as long.
        outcomes = iter([None] * len(sound) if lost is not None else _together(state, key, sound))
        for case in part:
            outcome = next(outcomes) or lost or _alone(state, key, case) if isinstance(case, CaseIn) else case
            if isinstance(outcome, errors.Unavailable):
                lost = outcome
            found.append(_result(outcome, request_id))
    return found


def _read(body: dict[str, Any], place: int) -> CaseIn | errors.Problem:
    unstorable = text_errors(body, ("cases", place))
    if unstorable:
        return errors.Invalid(unstorable)
    try:
        return CaseIn.model_validate(body)
    except ValidationError as error:
        return errors.Invalid(
            field_errors(error.errors(include_url=False, include_input=False), ("cases", place))
        )


def _together(state: State, key: Key, cases: Sequence[CaseIn]) -> Sequence[Answer | errors.Problem | None]:
    if len(cases) > 1:
        try:
            return merges.submit_together(state, key, cases)
        except Exception as error:  # noqa: BLE001 - alone it shows whose failure it is
            log_failure(_log, "batch_failed", error)
    return [None] * len(cases)


def _alone(state: State, key: Key, case: CaseIn) -> Answer | errors.Problem:
    try:
        return merges.submit(state, key, case, None)
    except errors.Problem as problem:
        return problem
    except Exception as error:  # noqa: BLE001 - one case's failure is not the others'
        log_failure(_log, "case_of_batch_failed", error)
        return problem_of(error)


def _result(outcome: Answer | errors.Problem, request_id: str | None) -> Result:
    if isinstance(outcome, Answer):
        status = 201 if outcome.new else 200
        return Result(status, f'{{"status":{status},"assessment":{outcome.text}}}')
    said = json.dumps(outcome.body(request_id), ensure_ascii=False)
    headers = outcome.headers if isinstance(outcome, errors.Unavailable) else {}
    return Result(outcome.status, f'{{"status":{outcome.status},"problem":{said}}}', headers)
