"""Staff's labels on narratives: kept as rows of the contract; the tagger learns from them."""

from __future__ import annotations

from docket import audit
from docket.keys import Key
from docket.times import now_micros
from serving.annotations.schemas import AnnotationsIn
from serving.cases import repository
from serving.cases.placing import located, other_case, settle, twice
from serving.cases.service import Answer
from serving.cases.storing import append_rows
from serving.errors import FieldError, Invalid
from serving.repeats.service import Ask, Taken, answered, found, note
from serving.rows import row_errors, stored
from serving.state import State


def label(state: State, key: Key, ask: Ask, dispute_id: str, asked: AnnotationsIn) -> Answer:
    """Keep labels on a case's narrative. One of a merged case stays with the narrative that it is on.

    Raises
    ------
    NotFound
        If there is no such case in the key's area.
    Conflict
        If an id stands with other values, or the Idempotency-Key was used before.
    Invalid
        If a field breaks the contract, or a span lies outside of the narrative as known at `recorded_at`.
    """
    now = now_micros()
    rows = [{**stored(row, now), "dispute_id": dispute_id} for row in asked.annotations]
    errors = other_case(asked.annotations, dispute_id, "annotations[{}]")
    with state.store.begin() as conn:
        located(conn, key, dispute_id, now)
        earlier = found(conn, ask)
        if earlier is not None:
            taken = Taken(earlier, new=False)
        else:
            errors += row_errors("annotations", rows, now, "annotations[{}]")
            errors += twice(rows, ("annotation_id",), "annotations[{}]")
            for place, row in enumerate(rows):
                start, end = row["start"], row["end"]
                if start is None and end is None:
                    continue
                known = repository.narrative_at(conn, dispute_id, row["recorded_at"])
                if start is None or end is None or not start < end <= len(known or ""):
                    expected = "start < end, both within the narrative known at recorded_at"
                    errors.append(
                        FieldError(
                            field=f"annotations[{place}].end", reason="out of range", expected=expected
                        )
                    )
            if errors:
                raise Invalid(errors)
            settle(conn, "annotations", rows, asked.annotations, owner="dispute_id")
            new = append_rows(conn, "annotations", rows, now, "annotations[{}]")
            answer = {"annotations": [row["annotation_id"] for row in rows]}
            taken = note(conn, ask, new=bool(new), answer=answer)
            if new:
                audit.record(conn, "annotate", case=dispute_id, detail={"labels": new})
    return answered(state, key, taken)
