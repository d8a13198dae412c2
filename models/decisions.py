"""What a person's decision about a colour is worth once the case is assessed anew."""

from __future__ import annotations

from models.policy import COLOURS


def standing(recommended: str, then: str, decided: str) -> tuple[str, bool]:
    """The colour of a case, and whether it is the person's.

    A decision stands until the service recommends something more urgent than what the person decided on and
    than what the person chose. What was decided urgent stays so when the score falls: only a person lowers
    it.

    Parameters
    ----------
    recommended
        The latest recommendation.
    then
        What was recommended when the person decided.
    decided
        What the person chose.
    """
    rank = COLOURS.index
    if rank(recommended) > max(rank(then), rank(decided)):
        return recommended, False
    return decided, True
