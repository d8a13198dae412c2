"""`anlan areas`: outlines and population of grids into the store, and out of it."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa

from docket.faults import BadInput
from docket.geojson import read_grids
from docket.load import load_folder
from docket.outlines import outlines
from docket.store import Store, open_store
from docket.times import now_micros
from pipelines.defaults import store_url
from pipelines.writing import whole_file

_GRIDS = """
SELECT grid_id, grid_name, community_id, community_name, street_id, street_name,
       lon, lat, population, boundary
FROM known_grids ORDER BY grid_id
"""


def take(path: Path, store: str | None) -> None:
    """Give the grids of the store the outlines and the population of a file; the others keep theirs.

    Raises
    ------
    BadInput, RecordFaults
        If the file can't be used; then nothing is changed.
    """
    opened = open_store(store_url(store))
    grids = _grids(opened)
    told = {feature.grid_id: feature for feature in read_grids(path, {grid["grid_id"] for grid in grids})}
    for grid in grids:
        feature = told.get(grid["grid_id"])
        if feature is not None:
            grid["boundary"] = feature.boundary or grid["boundary"]
            grid["population"] = grid["population"] if feature.population is None else feature.population
    frame = pd.DataFrame(grids).astype({"population": "Int64"})
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "grids.csv", index=False)
        report = load_folder(Path(folder), opened, ingested_at=now_micros())
    opened.close()
    changed = report.corrected["grids"] + report.inserted["grids"]
    outlined, peopled = (sum(grid[name] is not None for grid in grids) for name in ("boundary", "population"))
    sys.stdout.write(
        f"{len(grids):,} grids: {changed:,} changed; {outlined:,} have a boundary, {peopled:,} a population\n"
    )


def give(out: Path, store: str | None) -> None:
    """Write the grids as the map draws them: boundaries, and cells where there are none.

    Raises
    ------
    BadInput
        If the store has no grids.
    """
    opened = open_store(store_url(store))
    grids = _grids(opened)
    opened.close()
    lon, lat = (np.array([float(grid[name]) for grid in grids]) for name in ("lon", "lat"))
    found = outlines(lon, lat, [grid["boundary"] for grid in grids])
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "properties": {
                "grid_id": grid["grid_id"],
                "grid_name": grid["grid_name"],
                "population": grid["population"],
                "outline": "boundary" if given else "cell",
            },
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for grid, shape, given in zip(grids, found.shapes, found.given, strict=True)
    ]
    with whole_file(out) as draft:
        text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
        draft.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{out}: {len(features):,} grids, {int(np.sum(~found.given)):,} of them as cells\n")


def _grids(store: Store) -> list[dict[str, Any]]:
    with store.snapshot() as conn:
        rows = [dict(row) for row in conn.execute(sa.text(_GRIDS)).mappings()]
    if not rows:
        raise BadInput("the store has no grids: load records first")
    return rows
