"""Proposals in answers: looked for in the whole district, shown as far as a key's area reaches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from docket.candidates import candidates_of
from docket.keys import Key
from models.duplicates import among
from serving.access import reaches
from serving.cases import repository
from serving.logs import log_failure
from serving.state import State

_log = structlog.get_logger("anlan.merges")
Proposed = Sequence[Mapping[str, Any]]
_Named = TypeVar("_Named", bound=Mapping[str, Any])


def proposed(conn: sa.Connection, dispute_id: str, as_of: int) -> list[dict[str, Any]]:
    """The disputes that one may be, as known at a moment; none where looking for them fails.

    A case is never held up for want of a proposal.
    """
    return proposed_of(conn, {dispute_id: as_of})[dispute_id]


def proposed_of(conn: sa.Connection, as_of: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
    """`proposed` of each of some disputes, as known at its moment."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in as_of}
    try:
        near = candidates_of(conn, as_of)
    except sa.exc.SQLAlchemyError:
        raise  # without the records there is no answer at all
    except Exception as error:  # noqa: BLE001 - see above
        log_failure(_log, "proposing_failed", error)
        return found
    for name, records in near.items():
        try:
            found[name] = [proposal.as_dict() for proposal in among(*records)]
        except Exception as error:  # noqa: BLE001 - see above
            log_failure(_log, "proposing_failed", error)
    return found


def reached(conn: sa.Connection, key: Key, named: Sequence[_Named]) -> list[_Named]:
    """Those of `named` whose `dispute_id` lies in the key's area."""
    if key.area is None:
        return list(named)
    return [one for one in named if reaches(conn, key, repository.last_grid(conn, one["dispute_id"]))]


def within(conn: sa.Connection, key: Key, text: str) -> str:
    """An answer as kept, without proposals outside of the key's area; else its very bytes."""
    if key.area is None:
        return text
    answer = json.loads(text)
    shown = reached(conn, key, answer["duplicates"])
    if len(shown) == len(answer["duplicates"]):
        return text
    return json.dumps(
        answer | {"duplicates": shown}, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def shown_to(state: State, key: Key, text: str) -> str:
    """`within` on a state of the store of its own."""
    if key.area is None:
        return text
    with state.store.snapshot() as conn:
        return within(conn, key, text)
