"""What happens in a case: stored beside it, then the case is assessed anew."""

from __future__ import annotations

from docket.keys import Key
from docket.times import now_micros
from serving.cases import repository
from serving.cases.placing import located, moment, other_case, settle, strangers, twice
from serving.cases.schemas import HappenedIn, OutcomesIn
from serving.cases.service import Answer
from serving.cases.storing import append_rows
from serving.errors import FieldError, Invalid
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.rows import Known, reference_errors, row_errors, stored
from serving.state import State


def report(state: State, key: Key, ask: Ask, dispute_id: str, happened: HappenedIn) -> Answer:
    """Take events and visits of a case and assess it anew.

    What happened in a case that was merged happened in the one that it was merged into: that one gets the
    rows and is assessed.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Forbidden
        If the case that it was merged into lies outside of the key's area.
    Conflict
        If an id stands with other values, or the Idempotency-Key was used before.
    Invalid
        If a field breaks the contract, or there is no row at all.
    """
    now = now_micros()
    events = [{**stored(row, now), "dispute_id": dispute_id} for row in happened.events]
    visits = [stored(row, now) for row in happened.visits]
    errors = other_case(happened.events, dispute_id, "events[{}]")
    if not events and not visits:
        errors.append(FieldError(field="events", reason="missing value", expected="an event or a visit"))
    with state.store.begin() as conn:
        place = located(conn, key, dispute_id, now)
        earlier = found(conn, ask)
        if earlier is None:
            errors += row_errors("events", events, now, "events[{}]")
            errors += row_errors("visits", visits, now, "visits[{}]")
            errors += reference_errors(Known(conn), "visits", visits, "visits[{}]", {})
            errors += twice(events, ("event_id",), "events[{}]")
            errors += twice(visits, ("visit_id",), "visits[{}]")
            parties = repository.parties_of(conn, place.home) | repository.parties_of(conn, dispute_id)
            errors += strangers(visits, parties, "visits[{}]")
            if errors:
                raise Invalid(errors)
            settle(conn, "events", events, happened.events, owner="dispute_id", home=place.home)
            settle(conn, "visits", visits, happened.visits, owner="person_id")
            as_of = moment(conn, place, (events, visits))
            new = append_rows(conn, "events", events, now, "events[{}]")
            new += append_rows(conn, "visits", visits, now, "visits[{}]")
            taken = note(conn, ask, new=bool(new), assess=[(place.home, as_of)])
        else:
            taken = Taken(earlier, new=False)
    return answered(state, key, taken)


def harm(state: State, key: Key, ask: Ask, dispute_id: str, came: OutcomesIn) -> Answer:
    """Take outcomes of a case and assess it anew; as `report`."""
    now = now_micros()
    rows = [{**stored(row, now), "dispute_id": dispute_id} for row in came.outcomes]
    errors = other_case(came.outcomes, dispute_id, "outcomes[{}]")
    with state.store.begin() as conn:
        place = located(conn, key, dispute_id, now)
        earlier = found(conn, ask)
        if earlier is None:
            errors += row_errors("outcomes", rows, now, "outcomes[{}]")
            errors += twice(rows, ("outcome_id",), "outcomes[{}]")
            if errors:
                raise Invalid(errors)
            settle(conn, "outcomes", rows, came.outcomes, owner="dispute_id", home=place.home)
            as_of = moment(conn, place, (rows,))
            new = append_rows(conn, "outcomes", rows, now, "outcomes[{}]")
            taken = note(conn, ask, new=bool(new), assess=[(place.home, as_of)])
        else:
            taken = Taken(earlier, new=False)
    return answered(state, key, taken)
