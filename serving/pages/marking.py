"""A narrative with the words marked that reasons rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any


def numbered(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The reasons, each that stands in the narrative with a number, from 1 in the order of the narrative."""
    placed = sorted(
        (reason["start"], place) for place, reason in enumerate(reasons) if reason["start"] is not None
    )
    numbers = {place: number for number, (_, place) in enumerate(placed, start=1)}
    return [{**reason, "number": numbers.get(place)} for place, reason in enumerate(reasons)]


def marked(text: str, reasons: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The text in pieces, each with the reasons that rest on it.

    Parameters
    ----------
    reasons
        Of `numbered`; `start` and `end` are code points into the text. Those that lie outside are left out.

    Returns
    -------
    list
        Pieces in order, which together are the text. A reason `ends` with the last piece of its
        span, where its number is shown.
    """
    placed = [one for one in reasons if one["start"] is not None]
    spans = [one for one in placed if 0 <= one["start"] < one["end"] <= len(text)]
    cuts = sorted({0, len(text), *(one["start"] for one in spans), *(one["end"] for one in spans)})
    pieces = []
    for start, end in pairwise(cuts):
        over = [
            {**one, "ends": one["end"] == end} for one in spans if one["start"] <= start and end <= one["end"]
        ]
        pieces.append((text[start:end], over))
    return pieces
