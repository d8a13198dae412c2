"""Taking a request once: what was stored is noted with it, and every repeat gets the first answer's bytes.

A service stores rows and calls `note` in one transaction; `answered` then assesses, and whoever finishes
first has given the answer. A repeat is known by its Idempotency-Key, or because nothing that it says is new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import Header, Request
from pydantic import BaseModel

from docket.keys import Key
from docket.store.locking import take_turns
from docket.times import now_micros
from docket.vault import keyed_digest
from serving.audit.service import viewed
from serving.cases import repository as cases
from serving.cases.assessing import assess_and_keep
from serving.cases.service import Answer
from serving.errors import Conflict
from serving.merges.proposing import reached
from serving.repeats import repository
from serving.repeats.repository import Noted
from serving.shapes import LONGEST_ID
from serving.state import State
from serving.unscored import repository as unscored

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=LONGEST_ID,
        pattern=r"^[!-~]( *[!-~])*$",
        description="Of the caller's making, one a request: the same again answers the same.",
    ),
]
_COMPACT: Final = (",", ":")


@dataclass(frozen=True)
class Ask:
    """A request that changes something.

    Attributes
    ----------
    caller
        The key's id.
    target
        Method and path.
    digest
        Of what the body says, whatever its spacing or the order of its fields. Keyed: nobody with the
        database alone can try out what a narrative says.
    idempotency_key
        None where the caller gave none.
    """

    caller: str
    target: str
    digest: str
    idempotency_key: str | None


def ask_of(key: Key, request: Request, body: BaseModel, idempotency_key: str | None) -> Ask:
    """What a request asks for."""
    said = json.dumps(body.model_dump(mode="json", exclude_unset=True), sort_keys=True)
    target = f"{request.method} {request.url.path}"
    return Ask(key.key_id, target, keyed_digest("requests", said.encode()), idempotency_key)


def found(conn: sa.Connection, ask: Ask) -> Noted | None:
    """The request that its Idempotency-Key says it repeats. Ask after the caller's area has been checked.

    Raises
    ------
    Conflict
        If the caller used the key for something else.
    """
    if ask.idempotency_key is None:
        return None
    take_turns(conn, [f"{ask.caller} {ask.idempotency_key}"])
    earlier = repository.by_key(conn, ask.caller, ask.idempotency_key)
    if earlier is None and not repository.key_of_a_case(conn, ask.idempotency_key):
        return None
    if earlier is None or (earlier.target, earlier.body_digest) != (ask.target, ask.digest):
        raise Conflict("The Idempotency-Key was used before, for another request.")
    return earlier


@dataclass(frozen=True)
class Taken:
    """A request and whether it was taken just now."""

    noted: Noted
    new: bool


def note(
    conn: sa.Connection,
    ask: Ask,
    *,
    new: bool,
    assess: Sequence[tuple[str, int]] = (),
    answer: Mapping[str, Any] | None = None,
) -> Taken:
    """Note what was stored for a request, in the transaction that stores it.

    Parameters
    ----------
    new
        Whether anything was. If not, the request that stored it is looked for and answers.
    assess
        Cases, and the moments (µs) as of which they are to be assessed.
    answer
        What is answered; None: the last of the assessments. An `assessment` in it is filled with that.
    """
    now = now_micros()
    earlier = None if new else repository.of_body(conn, ask.target, ask.digest)
    if earlier is not None and ask.idempotency_key is None:
        return Taken(earlier, new=False)
    work: Mapping[str, Any] = (
        {"assess": [list(one) for one in assess], "answer": answer} if earlier is None else earlier.work
    )
    for dispute_id, _ in assess if new else ():
        unscored.note(conn, dispute_id, now)
    noted = repository.add(
        conn,
        caller=ask.caller,
        idempotency_key=ask.idempotency_key,
        target=ask.target,
        body_digest=ask.digest,
        work=work,
        now=now,
        like=earlier,
    )
    if not work["assess"] and not noted.finished:
        noted = repository.finish(conn, noted.request_no, None, _text(work["answer"]), now)
    return Taken(noted, new)


def answered(state: State, key: Key, taken: Taken) -> Answer:
    """The answer to a request that was taken: as it was given, or made now."""
    noted = taken.noted
    if noted.finished:
        if not taken.new:
            seen = [dispute_id for dispute_id, _ in noted.work["assess"]]
            viewed(state, seen, noted.assessment_id)
        return Answer(_shown(state, key, noted), taken.new)
    *others, (dispute_id, as_of) = noted.work["assess"]
    for other, moment in others:
        assess_and_keep(state, other, moment)

    def finish(conn: sa.Connection, kept: Mapping[str, tuple[str, str]]) -> None:
        assessment_id, text = kept[dispute_id]
        said = noted.work["answer"]
        if said is not None and "assessment" in said:
            said = said | {"assessment": json.loads(text)}
        repository.finish(
            conn, noted.request_no, assessment_id, None if said is None else _text(said), now_micros()
        )

    assess_and_keep(state, dispute_id, as_of, then=finish)
    with state.store.snapshot() as conn:
        noted = repository.by_number(conn, noted.request_no)
    return Answer(_shown(state, key, noted), taken.new)


def once(state: State, ask: Ask, make: Callable[[], tuple[str, bool]]) -> str:
    """What `make` answers, kept under the Idempotency-Key; a repeat gets the text of the first.

    Parameters
    ----------
    make
        The answer, and whether it may be kept; may run again where it wasn't, or where two come at once.

    Raises
    ------
    Conflict
        If the caller used the key for something else.
    """
    if ask.idempotency_key is None:
        return make()[0]
    with state.store.begin() as conn:
        noted = found(conn, ask)
        if noted is None:
            noted = repository.add(
                conn,
                caller=ask.caller,
                idempotency_key=ask.idempotency_key,
                target=ask.target,
                body_digest=ask.digest,
                work={"assess": []},
                now=now_micros(),
            )
    if noted.answer is not None:
        viewed(state, ())
        return noted.answer
    text, kept = make()
    if not kept:
        return text
    with state.store.begin() as conn:
        return repository.finish(conn, noted.request_no, None, text, now_micros()).answer or text


def _text(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=_COMPACT, allow_nan=False)


def _shown(state: State, key: Key, noted: Noted) -> str:
    """The answer as kept, without proposals outside of the key's area; else its very bytes."""
    with state.store.snapshot() as conn:
        text = noted.answer if noted.answer is not None else cases.answer_of(conn, str(noted.assessment_id))
        if key.area is None:
            return text
        answer = json.loads(text)
        told = answer if noted.answer is None else answer.get("assessment")
        if told is None:
            return text
        shown = reached(conn, key, told["duplicates"])
        if len(shown) == len(told["duplicates"]):
            return text
        told["duplicates"] = shown
        return _text(answer)
