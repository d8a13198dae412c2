"""The centre's queue as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from docket.keys import Key
from serving.answering import Here
from serving.listing.service import area_of
from serving.pages.access import Page, Who
from serving.pages.rendering import rendered
from serving.pages.words import KINDS
from serving.queue import service
from serving.queue.service import Wanted
from serving.shapes import LONGEST_AREA, PRINTABLE
from serving.state import State

router = APIRouter(route_class=Page)
_LISTED: Final = 50
_LONGEST_WORD: Final = 40
_Word = Annotated[str, Query(max_length=_LONGEST_WORD, pattern=PRINTABLE)]


@router.get("/queue")
def get_queue(
    request: Request,
    key: Who,
    state: Here,
    colour: _Word = "",
    kind: _Word = "",
    area: Annotated[str, Query(max_length=LONGEST_AREA, pattern=PRINTABLE)] = "",
    show: _Word = "",
    cursor: Annotated[str, Query(max_length=1_000, pattern=PRINTABLE)] = "",
) -> Response:
    """Open cases by colour and deadline; a filter that is left empty filters nothing."""
    asked = {"colour": colour, "kind": kind if kind in KINDS else "", "area": area, "show": show}
    wanted = Wanted(
        colour or None, asked["kind"] or None, area or None, show == "overdue", show == "undecided"
    )
    told = service.queue(state, key, wanted, cursor=cursor or None, limit=_LISTED)

    def link(**other: str) -> str:
        said = {name: value for name, value in {**asked, **other}.items() if value}
        return f"/queue?{urlencode(said)}" if said else "/queue"

    return rendered(
        request,
        "queue.html",
        **told,
        asked=asked,
        link=link,
        kinds=KINDS,
        areas=choices(state, key, area),
    )


def choices(state: State, key: Key, chosen: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Streets and communities; grids of the community that is looked at: a district has thousands."""
    communities, grids = service.parts(state, key, area_of(chosen) if chosen else None)
    found = [
        (name, [(f"street:{street}", f"{name}（全部）"), *within.items()])
        for street, (name, within) in by_street(communities).items()
    ]
    inside = [(f"grid:{grid['grid_id']}", grid["grid_name"]) for grid in grids]
    return [*found, ("本社区网格", inside)] if inside else found


def by_street(communities: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, dict[str, str]]]:
    """Streets by id, each with its name and its communities, as `area` names them."""
    streets: dict[str, tuple[str, dict[str, str]]] = {}
    for one in communities:
        _, within = streets.setdefault(one["street_id"], (one["street_name"], {}))
        within[f"community:{one['community_id']}"] = one["community_name"]
    return streets
