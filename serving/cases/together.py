"""Taking many cases at once: each as `serving.cases.service.submit` would, and all of them sooner.

They are stored in one transaction, each behind a savepoint so that one that is refused takes no other with
it; read one by one; scored together; and kept in one transaction. Whatever fails of this, the cases are then
taken alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
import structlog

from docket import audit
from docket.keys import Key
from docket.tracing import span
from models.explaining import OneCase
from serving.cases import repository
from serving.cases.assessing import Made, Read, Sight, after, keep, read, sight
from serving.cases.schemas import CaseIn
from serving.cases.service import Answer, link, store, take_turns_to_store
from serving.errors import Problem
from serving.logs import log_failure
from serving.merges.proposing import shown_to
from serving.models.service import Current
from serving.state import State

_log = structlog.get_logger("anlan.cases")
Outcome = Answer | Problem | None
"""None: to be taken alone."""
_Unmade = tuple[Read, Sight]
"""What an assessment is made of, and what the snapshot showed."""


def submit_together(state: State, key: Key, cases: Sequence[CaseIn]) -> list[Outcome]:
    """Take some cases; what became of each, in their order.

    Whatever it raises, each of them may then be taken alone: what is stored by then is found there.
    """
    outcomes: list[Outcome] = [None] * len(cases)
    new = _store(state, key, cases, outcomes)
    current = state.models.current
    with state.store.snapshot() as conn:
        moments = {dispute_id: repository.first_recorded(conn, dispute_id) for dispute_id in new}
    parts = [_part(state, current, dispute_id, as_of) for dispute_id, as_of in moments.items()]
    made = [part for part in parts if isinstance(part, Made)]
    made += _scored(state, current, [part for part in parts if not isinstance(part, Made)])
    # in one order everywhere, so that no two batches wait for each other
    keep(state, sorted(made, key=lambda one: str(one.answer["dispute_id"])), then=link)
    with state.store.snapshot() as conn:
        answers = {place: repository.first_answer(conn, dispute_id) for dispute_id, place in new.items()}
    for place, text in answers.items():
        outcomes[place] = Answer(shown_to(state, key, text), new=True)
    return outcomes


def _store(state: State, key: Key, cases: Sequence[CaseIn], outcomes: list[Outcome]) -> dict[str, int]:
    """Store what is new, and say what became of the rest; ids and places of the new ones."""
    new: dict[str, int] = {}
    repeats: dict[int, str] = {}
    logged: list[audit.Event] = []
    with state.store.begin() as conn:
        take_turns_to_store(conn, cases)
        for place, case in enumerate(cases):
            try:
                with conn.begin_nested():
                    earlier = store(conn, key, case, None)
            except Problem as problem:
                outcomes[place] = problem
            else:
                if earlier is None:
                    # of one that comes twice the second waits for the answer to the first
                    new.setdefault(case.dispute.dispute_id, place)
                else:
                    repeats[place] = earlier.text
                    logged.append(earlier.view)
        audit.record_all(conn, logged)
    for place, text in repeats.items():
        outcomes[place] = Answer(shown_to(state, key, text), new=False)
    return new


def _part(state: State, current: Current | None, dispute_id: str, as_of: int) -> Made | _Unmade:
    """What the case's assessment is made of; the assessment itself where it is the rules' to make."""
    with state.store.snapshot() as conn:  # one each: features are read fastest where they are read first
        try:
            found = read(conn, state, dispute_id, as_of)
            answered = None if current is not None else found.assessed(None)
        except Exception as error:  # noqa: BLE001 - whatever ails the features, the rules answer
            answered = after(error, conn, dispute_id, as_of), {}
        seen = sight(conn, dispute_id)
    return (found, seen) if answered is None else Made(*answered, as_of, seen)


def _scored(state: State, current: Current | None, parts: Sequence[_Unmade]) -> Iterator[Made]:
    if current is None or not parts:
        return
    cases: Sequence[OneCase | None]
    try:
        with span("model", version=current.version):
            cases = current.scorer.cases(pd.concat([one.facts.frame for one, _ in parts], ignore_index=True))
    except Exception as error:  # noqa: BLE001 - one that can't be scored is not the others: see below which
        log_failure(_log, "batch_not_scored", error)
        cases = [None] * len(parts)
    for (one, seen), case in zip(parts, cases, strict=True):
        try:
            yield Made(*one.assessed(current, case), one.as_of, seen)
        except Exception as error:  # noqa: BLE001 - whatever ails a model, the rules answer
            with state.store.snapshot() as conn:
                yield Made(after(error, conn, one.dispute_id, one.as_of), {}, one.as_of, seen)
