"""What happens in a case: stored beside it, then the case is assessed anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from pydantic import BaseModel

from docket import audit
from docket.contract import BY_NAME
from docket.keys import Key
from docket.store.locking import beside
from docket.store.merged import home_of, merge_of
from docket.times import now_micros
from serving.access import reaches
from serving.cases import repository
from serving.cases.schemas import HappenedIn
from serving.cases.service import Answer, append_rows, assess_and_keep, twice
from serving.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from serving.merges.proposing import shown_to
from serving.rows import Rows, reference_errors, row_errors, stored
from serving.state import State
from serving.webhooks import service as webhooks

_ELSEWHERE: Final = "The case was merged into one that lies outside of the key's area: tell the centre."


def report(state: State, key: Key, dispute_id: str, happened: HappenedIn) -> Answer:
    """Take events and visits of a case and assess it anew, as of the latest of them.

    What happened in a case that was merged happened in the one that it was merged into: that one gets the
    rows and is assessed.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Forbidden
        If the case that it was merged into lies outside of the key's area.
    Conflict
        If an id stands with other values.
    Invalid
        If a field breaks the contract, or there is no row at all.
    """
    now = now_micros()
    events = [{**stored(row, now), "dispute_id": dispute_id} for row in happened.events]
    visits = [stored(row, now) for row in happened.visits]
    errors = [
        FieldError(field=f"events[{place}].dispute_id", reason="not the case of this path")
        for place, row in enumerate(happened.events)
        if row.dispute_id not in (None, dispute_id)
    ]
    if not events and not visits:
        errors.append(FieldError(field="events", reason="missing value", expected="an event or a visit"))
    with state.store.begin() as conn:
        # From here on nobody merges: where the case counts now is where the rows go.
        beside(conn)
        merge = merge_of(conn, dispute_id)
        home = dispute_id if merge is None else home_of(conn, dispute_id)
        known = repository.dispute(conn, home, now)
        if merge is not None:
            if not reaches(conn, key, repository.last_grid(conn, dispute_id)):
                raise NotFound()
            if known is not None and not reaches(conn, key, known.grid_id):
                raise Forbidden(_ELSEWHERE)
        if known is None or not reaches(conn, key, known.grid_id):
            raise NotFound()
        errors += row_errors("events", events, now, "events[{}]")
        errors += row_errors("visits", visits, now, "visits[{}]")
        errors += reference_errors(conn, "visits", visits, "visits[{}]", {})
        errors += twice(events, ("event_id",), "events[{}]")
        errors += twice(visits, ("visit_id",), "visits[{}]")
        parties = repository.parties_of(conn, home) | repository.parties_of(conn, dispute_id)
        errors += [
            FieldError(field=f"visits[{place}].person_id", reason="not a party to the case")
            for place, row in enumerate(visits)
            if row["person_id"] not in parties
        ]
        if errors:
            raise Invalid(errors)
        # The same report may come twice at this moment: the second finds what the first has stored.
        repository.take_turns(conn, [row["event_id"] for row in events] + [row["visit_id"] for row in visits])
        _settle(conn, "events", events, happened.events, owner="dispute_id", home=home)
        _settle(conn, "visits", visits, happened.visits, owner="person_id")
        since = known.first_recorded if merge is None else max(known.first_recorded, merge.recorded_at)
        as_of = max([since, *(row["recorded_at"] for row in (*events, *visits))])
        new = append_rows(conn, "events", events, now, "events[{}]")
        new += append_rows(conn, "visits", visits, now, "visits[{}]")
        if new:
            webhooks.happened(conn, home)
        earlier = None if new else repository.latest_answer(conn, home, as_of)
        if earlier is not None:
            audit.record(conn, "view", case=home)
    if earlier is not None:
        return Answer(shown_to(state, key, earlier), new=False)
    answer = assess_and_keep(state, home, as_of, intake=False)
    return Answer(shown_to(state, key, answer.text), new=True)


def _settle(
    conn: sa.Connection,
    table: str,
    rows: Rows,
    said: Sequence[BaseModel],
    *,
    owner: str,
    home: str | None = None,
) -> None:
    """Hold rows against what stands under their ids.

    A row that says no `recorded_at` and is otherwise the one that stands there is that row again, sent anew
    because the answer was lost: it takes that row's `recorded_at`. A row that belongs to somebody else is a
    conflict; a correction never moves it. A row of a merged case may stand as one of its `home` by now.
    """
    key = BY_NAME[table].key[0]
    standing = repository.latest_rows(conn, table, [row[key] for row in rows])
    for row, sent in zip(rows, said, strict=True):
        before = standing.get(row[key])
        if before is None:
            continue
        if before[owner] not in (row[owner], home):
            raise Conflict(f"{key} was used before, for something else.")
        same = {**before, "recorded_at": None} == {**row, owner: before[owner], "recorded_at": None}
        if same and sent.model_dump()["recorded_at"] is None:
            row |= {"recorded_at": before["recorded_at"], owner: before[owner]}
