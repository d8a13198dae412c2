"""Which earlier reports may be of the same dispute, with a probability each. A person decides.

A logistic regression over `models.likeness`, fitted by ``bench/duplicates.py --fit`` on demo districts whose
second records were blurred; the coefficients and where they come from stand in ``duplicates.json``. Nothing
here says anything of risk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from scipy.special import expit

from docket.candidates import Record, candidates
from models.likeness import COMPARISONS, compare, gap_days, text_likeness

Array = NDArray[np.float64]

WEIGHTS: Final = Path(__file__).with_name("duplicates.json")
PROPOSED: Final = 0.2
"""Less probable ones aren't proposed: a person looks at five to find one that is, at worst."""
AT_MOST: Final = 5
"""So many are proposed of one dispute."""

_ROOM: Final = 1e-5
"""More than what rounding can add to a probability."""
_LIKE_TEXT: Final = 0.2
"""From here on texts are called alike; of different matters fewer than one pair in a hundred is (.13)."""
_TOLD: Final = {
    "shared_applicant": "同一申请人",
    "shared_respondent": "同一被申请人",
    "swapped": "双方互为申请人和被申请人",
    "same_grid": "同一网格",
    "same_kind": "同类纠纷",
    "amount_equal": "金额相同",
}


@dataclass(frozen=True)
class Weights:
    """The fitted regression.

    Attributes
    ----------
    intercept, coefficients
        Shape () and (comparisons,).
    origin
        What it was fitted on.
    """

    intercept: float
    coefficients: Array
    origin: dict[str, Any]


@dataclass(frozen=True)
class Proposal:
    """A dispute that another may be.

    Attributes
    ----------
    dispute_id
        Which one.
    probability
        That both are one dispute.
    why
        In plain Chinese.
    """

    dispute_id: str
    probability: float
    why: str

    def as_dict(self) -> dict[str, Any]:
        """JSON types, as the API answers it."""
        return {"dispute_id": self.dispute_id, "probability": self.probability, "why": self.why}


@cache
def weights() -> Weights:
    """The regression in use.

    Raises
    ------
    ValueError
        If it was fitted to other comparisons than there are.
    """
    held = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    if tuple(held["coefficients"]) != COMPARISONS:
        raise ValueError(f"{WEIGHTS.name} isn't of these comparisons: fit it anew")
    return Weights(held["intercept"], np.array(list(held["coefficients"].values())), held["origin"])


def probabilities(comparisons: Array) -> Array:
    """That two records are of one dispute, shape (n,), for comparisons of shape (n, 13)."""
    fitted = weights()
    return np.asarray(expit(fitted.intercept + comparisons @ fitted.coefficients))


def propose(conn: sa.Connection, dispute_id: str, as_of: int, *, above: float = PROPOSED) -> list[Proposal]:
    """The disputes that one may be, as known at a moment, the most probable first.

    Parameters
    ----------
    conn
        On a store.
    as_of
        µs. Nothing recorded later is read, and no dispute that is merged by then.
    above
        The least probability.

    Returns
    -------
    list of Proposal
        At most `AT_MOST`; none if the dispute wasn't known then.
    """
    found = candidates(conn, dispute_id, as_of)
    return [] if found is None else among(*found, above=above)


def probability_of(conn: sa.Connection, dispute_id: str, other_id: str, as_of: int) -> float | None:
    """That two disputes are one; None where they are so far apart that nobody would compare them."""
    found = candidates(conn, dispute_id, as_of)
    others = [] if found is None else [other for other in found[1] if other.dispute_id == other_id]
    if found is None or not others:
        return None
    return float(np.round(probabilities(compare(found[0], others[0])[None, :]), 6)[0])


def among(own: Record, others: Sequence[Record], *, above: float = PROPOSED) -> list[Proposal]:
    """Those of `others` that `own` may be; see `propose`."""
    if not others:
        return []
    # The texts, which take longest to compare, only where they could make it probable.
    compared = np.stack([compare(own, other, text=1.0) for other in others])
    hopeful = np.flatnonzero(probabilities(compared) >= above - _ROOM)
    if not len(hopeful):
        return []
    others, compared = [others[place] for place in hopeful.tolist()], compared[hopeful]
    compared[:, COMPARISONS.index("text")] = [text_likeness(own.text, other.text) for other in others]
    # Six digits: databases and processors then tell the same.
    chances = np.round(probabilities(compared), 6)
    order = sorted(range(len(others)), key=lambda place: (-chances[place], others[place].dispute_id))
    return [
        Proposal(others[place].dispute_id, float(chances[place]), why(own, others[place], compared[place]))
        for place in order[:AT_MOST]
        if chances[place] >= above
    ]


def why(own: Record, other: Record, compared: Array) -> str:
    """What speaks for it, such as ``同一申请人、同一网格、相隔2天、文字相近``."""
    values = dict(zip(COMPARISONS, compared.tolist(), strict=True))
    told = [words for name, words in _TOLD.items() if values[name]]
    days = round(gap_days(own, other))
    told.append("同日登记" if days == 0 else f"相隔{days}天")
    if values["text"] >= _LIKE_TEXT:
        told.append("文字相近")
    if values["other_door"]:
        told.append("来自不同渠道")
    return "、".join(told)
