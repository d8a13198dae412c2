"""Staff's labels on narratives, as the tagger learns from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docket.asof import NEVER, live
from docket.snapshot import Snapshot
from docket.text import Prepared, prepare
from features.cues.tagging import clauses, mentions
from models.lessons import StaffLabel


def staff_labels(known: Snapshot, as_of: int) -> list[StaffLabel]:
    """What staff had said of clauses by a moment (microseconds), in the order in which they said it.

    A label with a span speaks of the clauses under it. One without speaks of those in which a rule mentions
    the cue; that a cue is somewhere in a narrative in which no rule finds it teaches nothing, because nobody
    says where.
    """
    labels = []
    for row in known.tables["annotations"].sort_by("recorded_at").to_pylist():
        ended = row["superseded_at"]
        if not live(row["recorded_at"], NEVER if ended is None else ended, as_of):
            continue
        narrative = known.originals(row["dispute_id"], row["recorded_at"])
        if narrative:
            prepared = prepare(narrative)
            labels += [
                StaffLabel(clause, row["cue"], bool(row["present"])) for clause in _meant(prepared, row)
            ]
    return labels


def _meant(prepared: Prepared, row: dict[str, Any]) -> Iterator[str]:
    if row["start"] is None or row["end"] is None:
        for _, clause in clauses(prepared.text):
            if any(mention.cue == row["cue"] for mention in mentions(clause)):
                yield clause
        return
    span = prepared.locate(row["start"], row["end"])
    if span is None:
        return
    for begin, clause in clauses(prepared.text):
        if begin < span[1] and span[0] < begin + len(clause):
            yield clause
