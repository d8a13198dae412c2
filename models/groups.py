"""Who and what a case is about, for the audit alone: no model reads sex, age, or which street it was.

Nothing here reaches a scorer: these columns are made beside its inputs, and only counts and rates of groups
are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docket.times import from_micros

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

ATTRIBUTES: Final = (
    "respondent_sex",
    "applicant_sex",
    "respondent_age",
    "applicant_age",
    "street",
    "source",
    "kind",
)
"""What cases are grouped by."""
UNKNOWN: Final = "unknown"
_BANDS: Final = (18, 35, 50, 65)
_NAMES: Final = ("under 18", "18-34", "35-49", "50-64", "65 and over")


def groups_of(snapshot: Snapshot, dispute_ids: Sequence[str], as_of: NDArray[np.int64]) -> pd.DataFrame:
    """The group of each case by each attribute, as the records stood at the snapshot's end.

    Parameters
    ----------
    as_of
        The moments, from whose year ages are counted.

    Returns
    -------
    DataFrame
        `ATTRIBUTES`, strings. Where the persons of one role are of several groups it is `several`; where
        there is none, `unknown`.
    """
    tables = snapshot.tables
    disputes = _latest(
        tables["disputes"].select(["dispute_id", "recorded_at", "source", "kind", "grid_id"]).to_pandas()
    )
    street = tables["grids"].select(["grid_id", "street_id"]).to_pandas().set_index("grid_id")["street_id"]
    own = disputes.reindex(list(dispute_ids))
    years = np.array([from_micros(int(moment)).year for moment in as_of])
    query = pd.DataFrame({"dispute_id": list(dispute_ids), "row": np.arange(len(years)), "year": years})
    people = tables["persons"].select(["person_id", "recorded_at", "sex", "birth_year"]).to_pandas()
    people = people.sort_values("recorded_at", kind="stable").drop_duplicates("person_id", keep="last")
    parties = tables["parties"].select(["dispute_id", "person_id", "role"]).to_pandas().drop_duplicates()
    joined = query.merge(parties, on="dispute_id").merge(people, on="person_id")
    joined["age"] = [
        UNKNOWN if pd.isna(age) else _NAMES[int(np.searchsorted(_BANDS, age, side="right"))]
        for age in joined["year"] - joined["birth_year"]
    ]
    columns = {}
    for role in ("respondent", "applicant"):
        of_role = joined[joined["role"] == role]
        for column in ("sex", "age"):
            told = of_role.groupby("row")[column].agg(lambda v: v.iloc[0] if v.nunique() == 1 else "several")
            columns[f"{role}_{column}"] = (
                told.reindex(query["row"]).fillna(UNKNOWN).astype(str).to_numpy(object)
            )
    columns["street"] = street.reindex(own["grid_id"]).fillna(UNKNOWN).astype(str).to_numpy(object)
    for column in ("source", "kind"):
        columns[column] = own[column].fillna(UNKNOWN).astype(str).to_numpy(object)
    return pd.DataFrame(columns)[list(ATTRIBUTES)]


def _latest(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values("recorded_at", kind="stable").drop_duplicates("dispute_id", keep="last")
    return rows.set_index("dispute_id")
