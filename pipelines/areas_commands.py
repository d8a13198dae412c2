"""`anlan areas`: words and exit codes; light, nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

areas = typer.Typer(
    help="Where the grids lie, and how many live there.", no_args_is_help=True, rich_markup_mode=None
)
_Store = Annotated[
    str | None, typer.Option("--store", help="Record store; else $ANLAN_STORE, else sqlite:///var/anlan.db.")
]


@areas.command("load")
def load(
    path: Annotated[
        Path,
        typer.Argument(metavar="GEOJSON", help="A feature a grid, with grid_id and, if known, population."),
    ],
    store: _Store = None,
) -> None:
    """Take outlines and population of grids from GeoJSON; one fault and nothing is changed."""
    from pipelines.areas import take  # noqa: PLC0415

    take(path, store)


@areas.command("export")
def export(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="GeoJSON.")],
    store: _Store = None,
) -> None:
    """Write the grids as the map draws them: their boundaries, and Voronoi cells where there are none."""
    from pipelines.areas import give  # noqa: PLC0415

    give(out, store)
