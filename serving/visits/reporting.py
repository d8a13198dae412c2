"""What workers found: kept as visits of the contract; the cases of the visited persons are assessed anew."""

from __future__ import annotations

from docket.keys import Key
from docket.store.locking import beside
from docket.times import now_micros
from serving.access import reaches
from serving.cases import repository as cases
from serving.cases.placing import settle, twice
from serving.cases.service import Answer
from serving.cases.storing import append_rows
from serving.errors import FieldError, Forbidden, Invalid
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.rows import Known, reference_errors, row_errors, stored
from serving.state import State
from serving.visits import repository
from serving.visits.schemas import VisitsIn


def report(state: State, key: Key, ask: Ask, asked: VisitsIn) -> Answer:
    """Keep visits, and assess the cases for which the visited are looked after.

    Raises
    ------
    Forbidden
        If a person lives outside of the key's area.
    Conflict
        If an id stands with other values, or the Idempotency-Key was used before.
    Invalid
        If a field breaks the contract, or a worker's key tells of another's visit.
    """
    now = now_micros()
    rows = [stored(row, now) for row in asked.visits]
    errors = [
        FieldError(field=f"visits[{place}].worker_id", reason="a worker's key tells of its own visits only")
        for place, row in enumerate(rows)
        if key.scope == "worker" and row["worker_id"] != key.worker_id
    ]
    with state.store.begin() as conn:
        beside(conn)
        grids = repository.grids_of(conn, [row["person_id"] for row in rows])
        bound = key.area is not None or key.worker_id is not None
        for row in rows:
            grid = grids.get(row["person_id"])
            if bound and (grid is None or not reaches(conn, key, grid)):
                raise Forbidden("A person lives outside of the key's area.")
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            errors += row_errors("visits", rows, now, "visits[{}]")
            errors += reference_errors(Known(conn), "visits", rows, "visits[{}]", {})
            errors += twice(rows, ("visit_id",), "visits[{}]")
            if errors:
                raise Invalid(errors)
            settle(conn, "visits", rows, asked.visits, owner="person_id")
            new = append_rows(conn, "visits", rows, now, "visits[{}]")
            latest = max(row["recorded_at"] for row in rows)
            touched = repository.cases_of(conn, grids, now)
            work = [(name, max(latest, cases.latest_as_of(conn, name))) for name in touched]
            reached = [name for name in touched if reaches(conn, key, cases.last_grid(conn, name))]
            answer = {"visits": [row["visit_id"] for row in rows], "cases": reached}
            taken = note(conn, ask, new=bool(new), assess=work, answer=answer)
    return answered(state, key, taken)
