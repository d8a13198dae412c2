"""Holding a query to areas: the same in every list."""

from __future__ import annotations

from collections.abc import Sequence

from docket.keys import Area


def within_areas(areas: Sequence[Area]) -> tuple[str, dict[str, str]]:
    """Conditions that a grid `g` lies in all of the areas, to be added to a WHERE, and their values."""
    conditions = (f" AND g.{area.column} = :area{number}" for number, area in enumerate(areas))
    return "".join(conditions), {f"area{number}": area.id for number, area in enumerate(areas)}
