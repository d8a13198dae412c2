"""Proposals over a whole caseload: blocks of records near in time, so that work grows with the records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.candidates import Record, nearest
from models.duplicates import PROPOSED, probabilities, why
from models.likeness import COMPARISONS, compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from docket.snapshot import Snapshot

COLUMNS: Final = ("dispute_id", "into_id", "probability", "why")


def records_of(snapshot: Snapshot) -> tuple[list[Record], dict[str, set[str]]]:
    """The disputes as known last, in order of (first recorded, id), and whoever is a party of each."""
    disputes = snapshot.tables["disputes"].to_pandas()
    first = disputes.groupby("dispute_id")["recorded_at"].min()
    disputes = disputes[disputes["superseded_at"].isna()]
    parties = snapshot.tables["parties"].to_pandas()
    parties = parties[parties["superseded_at"].isna()]
    people: dict[str, set[str]] = defaultdict(set)
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for dispute, person, role in zip(*(parties[c] for c in ("dispute_id", "person_id", "role")), strict=True):
        people[dispute].add(person)
        named[dispute, role].add(person)
    records = [
        Record(
            row.dispute_id,
            row.source,
            row.kind,
            row.grid_id,
            row.text if isinstance(row.text, str) else "",
            None if pd.isna(row.amount_cny) else float(row.amount_cny),
            int(first[row.dispute_id]),
            frozenset(named.get((row.dispute_id, "applicant"), ())),
            frozenset(named.get((row.dispute_id, "respondent"), ())),
        )
        for row in disputes.itertuples(index=False)
    ]
    return sorted(records, key=lambda record: (record.first_recorded, record.dispute_id)), people


def near_pairs(records: Sequence[Record], people: dict[str, set[str]]) -> NDArray[np.int64]:
    """Which records are compared, shape (pairs, 2): positions of the later and of the earlier one.

    Those that share a person or a grid, at most `docket.candidates.MOST` earlier ones of each.
    """
    blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, record in enumerate(records):
        blocks["grid", record.grid_id].append(place)
        for person in people.get(record.dispute_id, ()):
            blocks["person", person].append(place)
    found = {
        (block[later], block[earlier])
        for block in blocks.values()
        for later, earlier in nearest([records[place].first_recorded for place in block])
    }
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)


def compared(records: Sequence[Record], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """The comparisons of pairs, shape (pairs, 13)."""
    rows = [compare(records[later], records[earlier]) for later, earlier in pairs]
    return np.array(rows, dtype=np.float64).reshape(-1, len(COMPARISONS))


def proposals(
    snapshot: Snapshot, *, above: float = PROPOSED, progress: Callable[[str], None] | None = None
) -> pd.DataFrame:
    """The pairs of a caseload that may be one dispute, the most probable first.

    Parameters
    ----------
    snapshot
        What is merged in it already isn't proposed.
    above
        The least probability.
    progress
        Told the name of each piece of work as it begins.

    Returns
    -------
    DataFrame
        `dispute_id` (the later record), `into_id` (the earlier), `probability`, `why`.
    """
    tell = progress if progress is not None else lambda _: None
    tell("reading disputes")
    records, people = records_of(snapshot)
    tell("comparing records that are near")
    pairs = near_pairs(records, people)
    comparisons = compared(records, pairs)
    chances = np.round(probabilities(comparisons), 6)
    rows = [
        (
            records[later].dispute_id,
            records[earlier].dispute_id,
            float(chances[place]),
            why(records[later], records[earlier], comparisons[place]),
        )
        for place, (later, earlier) in enumerate(pairs)
        if chances[place] >= above
    ]
    rows.sort(key=lambda row: (-row[2], row[0], row[1]))
    return pd.DataFrame(rows, columns=list(COLUMNS))
