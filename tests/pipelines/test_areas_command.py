"""`anlan areas`: a district's own outlines and population, checked by feature, and given out again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from mapped_district import district, square
from shapely.geometry import mapping

from docket.store import Store
from pipelines.cli import run


@pytest.fixture
def bare(store_url: str, tmp_path: Path) -> Iterator[Store]:
    made = district(
        store_url, tmp_path / "records", {("g1", "debt", 0): 6}, boundaries=False, population=False
    )
    yield made
    made.close()


def known(store: Store) -> dict[str, tuple[str | None, int | None]]:
    with store.snapshot() as conn:
        rows = conn.execute(sa.text("SELECT grid_id, boundary, population FROM known_grids"))
        return {row[0]: (row[1], row[2]) for row in rows}


def feature(grid: str | None, geometry: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"grid_id": grid, **more}, "geometry": geometry}


def write(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_outlines_and_population_come_from_a_file_and_go_into_one(bare: Store, tmp_path: Path) -> None:
    shape = shapely.from_wkt(square(0))
    given = write(
        tmp_path / "given.geojson",
        feature("g1", mapping(shape), population=1200, owner="map office"),
        feature("g2", None, population=0),
    )
    assert run(["areas", "load", str(given), "--store", bare.url]) == 0
    held = known(bare)
    assert shapely.from_wkt(held["g1"][0]).equals(shape) and held["g1"][1] == 1200
    assert held["g2"] == (None, 0) and held["g3"] == (None, None) and len(held) == 12
    out = tmp_path / "out.geojson"
    assert run(["areas", "export", str(out), "--store", bare.url]) == 0
    told = json.loads(out.read_text(encoding="utf-8"))["features"]
    assert [one["properties"]["outline"] for one in told].count("boundary") == 1 and len(told) == 12
    # what was given out is taken back as it is, cells and all
    assert run(["areas", "load", str(out), "--store", bare.url]) == 0
    assert all(boundary is not None for boundary, _ in known(bare).values()) and known(bare)["g1"][1] == 1200


def test_every_feature_at_fault_is_named_and_nothing_is_changed(
    bare: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = mapping(shapely.from_wkt(square(0)))
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    metres = {"type": "Polygon", "coordinates": [[[0, 0], [5e5, 0], [5e5, 4e6], [0, 0]]]}
    path = write(
        tmp_path / "bad.geojson",
        feature("g1", good),
        feature("g99", good),
        feature("g1", good),
        feature(None, good),
        feature("g2", bow),
        feature("g3", {"type": "Point", "coordinates": [1, 1]}),
        feature("g4", metres),
        feature("g5", good, population=-1),
        feature("g6", good, population="many"),
        feature("g7", {"type": "Polygon", "coordinates": "x"}),
        "g8",
    )
    assert run(["areas", "load", str(path), "--store", bare.url]) == 2
    said = capsys.readouterr().err.splitlines()
    for line, start in zip(
        said,
        (
            "bad.geojson,2,grid_id,", "bad.geojson,3,grid_id,", "bad.geojson,4,grid_id,", "bad.geojson,5,geometry,",
            "bad.geojson,6,geometry,", "bad.geojson,7,geometry,", "bad.geojson,8,population,",
            "bad.geojson,9,population,", "bad.geojson,10,geometry,", "bad.geojson,11,grid_id,",
        ),
        strict=True,
    ):  # fmt: skip
        assert line.startswith(start), line
    assert "dangling reference" in said[0] and "duplicate id" in said[1] and "Self-intersection" in said[3]
    assert "a Point" in said[4] and "were metres meant" in said[5] and "below zero" in said[6]
    assert set(known(bare).values()) == {(None, None)}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "Feature"}'])
def test_what_is_no_feature_collection_is_refused(
    bare: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "x.geojson"
    path.write_text(text)
    assert run(["areas", "load", str(path), "--store", bare.url]) == 2
    assert "x.geojson: " in capsys.readouterr().err
