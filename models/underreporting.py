"""What becomes of a street's cases if it reports less: the same model, on thinner records.

A street that writes less down has shorter histories, so its cases look calmer than they are. How much is
measured by leaving out a share of what it did report.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from docket.snapshot import Snapshot
from features.frame import feature_frame
from features.sources import DuckSource

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]

SHARE: Final = 0.3
"""How much less is reported."""


def thinned(snapshot: Snapshot, street: str, kept: list[str], seed: int, share: float = SHARE) -> Snapshot:
    """The records as if a street had reported less: disputes, and of those left events and outcomes.

    Parameters
    ----------
    street
        Its `street_id`.
    kept
        Disputes that stay: those that are scored.
    """
    rng = np.random.default_rng(seed)
    tables = dict(snapshot.tables)
    grids = tables["grids"].filter(pc.equal(tables["grids"]["street_id"], street))["grid_id"].combine_chunks()
    disputes = tables["disputes"]
    there = pc.is_in(disputes["grid_id"], value_set=grids)
    theirs = pc.unique(disputes.filter(there)["dispute_id"])
    may_go = theirs.filter(pc.invert(pc.is_in(theirs, value_set=pa.array(kept, theirs.type))))
    gone = may_go.filter(pa.array(rng.random(len(may_go)) < share))
    tables["disputes"] = disputes.filter(pc.invert(pc.is_in(disputes["dispute_id"], value_set=gone)))
    for name in ("events", "outcomes"):
        rows = tables[name]
        lost = pa.array(rng.random(rows.num_rows) < share)
        tables[name] = rows.filter(pc.invert(pc.and_(pc.is_in(rows["dispute_id"], value_set=theirs), lost)))
    return Snapshot(tables, snapshot.originals)


def sensitivity(
    snapshot: Snapshot,
    street: NDArray[np.object_],
    dispute_ids: NDArray[np.object_],
    as_of: NDArray[np.int64],
    risk: Array,
    selected: NDArray[np.bool_],
    score: Callable[[pd.DataFrame], tuple[Array, NDArray[np.bool_]]],
    seed: int = 0,
) -> dict[str, Any] | None:
    """The street with most cases, scored as it reported and as if it had reported less.

    Parameters
    ----------
    street, dispute_ids, as_of, risk, selected
        Shape (n,), of the cases.
    score
        From features to risk and selection.

    Returns
    -------
    dict or None
        None where there is no case.
    """
    if len(street) == 0:
        return None
    names, counts = np.unique(street.astype(str), return_counts=True)
    name = str(names[np.argmax(counts)])
    own = street.astype(str) == name
    ids = dispute_ids[own].tolist()
    less = thinned(snapshot, name, ids, seed)
    frame = feature_frame(DuckSource(less), ids, as_of[own])
    then, chosen = score(frame)
    return {
        "street": name,
        "less": SHARE,
        "cases": int(own.sum()),
        "risk": float(risk[own].mean()),
        "risk_then": float(then.mean()),
        "selected": int(selected[own].sum()),
        "selected_then": int(chosen.sum()),
        "left_out": int((selected[own] & ~chosen).sum()),
    }
