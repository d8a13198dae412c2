"""The peace map: the same numbers on the map, in the table and by the API, and none of them about few people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from browser import DESK, PHONE, chromium, desk
from browsing import person, service
from fastapi.testclient import TestClient
from mapped_district import SQUARE, district, last_quarter, square
from playwright.sync_api import Browser, expect
from served import listening
from shapely.geometry import shape
from small_district import case, key_of

from docket.store import Store
from docket.times import parse_instant
from serving.map.periods import Period, finished
from serving.pages.map import breaks, class_of

DEBT = (9, 7, 6, 12, 2, 11, 30, 6, 20, 8, 7, 9)
FAMILY = (6, 6, 6, 6, 0, 6, 6, 6, 3, 6, 6, 6)
MANY = {
    **{(f"g{place}", "debt", 0): count for place, count in enumerate(DEBT, start=1)},
    **{(f"g{place}", "family", 0): count for place, count in enumerate(FAMILY, start=1)},
    ("g1", "debt", 1): 12,
    ("g7", "debt", 1): 8,
}
"""Of the last quarter and the one before. Small are all of g5, and g9's family matters."""


@pytest.fixture
def mapped(store_url: str, tmp_path: Path) -> Iterator[Store]:
    made = district(store_url, tmp_path / "records", MANY)
    yield made
    made.close()


@pytest.fixture
def client(mapped: Store) -> Iterator[TestClient]:
    with service(mapped) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


def told(client: TestClient, store: Store, own: str | None = None, **asked: str) -> dict[str, Any]:
    answer = client.get("/v1/map", params=asked, headers=key_of(store, "centre", area=own))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def counts(answer: dict[str, Any]) -> dict[str, int | None]:
    return {row["area"]: row["count"] for row in answer["areas"]}


def test_counts_are_those_of_the_store_at_every_level(client: TestClient, mapped: Store) -> None:
    assert counts(told(client, mapped, level="street")) == {"s1": 77, "s2": 113}
    assert counts(told(client, mapped, level="community")) == {"c1": 40, "c2": 37, "c3": 71, "c4": 42}
    grids = counts(told(client, mapped, level="grid"))
    assert (grids["g1"], grids["g2"], grids["g3"], grids["g7"]) == (15, 13, 12, 36)
    # what is small is hidden, and one beside it, or the community's count would tell it; nothing else is
    assert {name for name, count in grids.items() if count is None} == {"g5", "g6"}
    whole = told(client, mapped)["whole"]
    assert (whole["name"], whole["count"], whole["population"]) == ("全区", 190, 12_000)


def test_rates_and_trends_are_told_of_what_is_shown(client: TestClient, mapped: Store) -> None:
    rows = {row["area"]: row for row in told(client, mapped, level="grid")["areas"]}
    assert rows["g1"]["rate"] == 15.0  # of a thousand people
    # 15 after 12 is chance, 36 after 8 is not
    assert (rows["g1"]["before"], rows["g1"]["trend"]) == (12, "same")
    assert (rows["g7"]["before"], rows["g7"]["trend"]) == (8, "up")
    assert rows["g7"]["ratio_low"] > 1.5 and rows["g1"]["ratio_low"] < 1 < rows["g1"]["ratio_high"]
    assert (rows["g5"]["rate"], rows["g5"]["trend"], rows["g5"]["ratio_low"]) == (None, None, None)


def test_kinds_and_colours_add_up_and_tell_nothing_more(client: TestClient, mapped: Store) -> None:
    assert counts(told(client, mapped, level="street", by="debt")) == {"s1": 47, "s2": 80}
    family = counts(told(client, mapped, level="grid", by="family"))
    debt = counts(told(client, mapped, level="grid", by="debt"))
    # g9 has 23 in all: its debt would tell its family matters, and so would theirs of the grids beside it
    assert family["g9"] is None and debt["g9"] is None
    assert sum(family[name] is None for name in ("g7", "g8")) >= 1
    assert family["g5"] == 0 and counts(told(client, mapped, by="family"))["c3"] == 15
    assert set(counts(told(client, mapped, level="street", by="red")).values()) == {0}
    assert counts(told(client, mapped, level="street", by="unscored")) == {"s1": 77, "s2": 113}


def test_earlier_periods_can_be_looked_at_and_the_running_one_can_not(
    client: TestClient, mapped: Store
) -> None:
    answer = told(client, mapped, level="street")
    assert len(answer["periods"]) == 2  # none before the first dispute
    assert answer["period"] == answer["periods"][-1] == last_quarter()
    before = told(client, mapped, level="street", period=answer["periods"][-2])
    assert counts(before) == {"s1": 12, "s2": 8} and before["until"] == answer["since"]
    centre = key_of(mapped, "centre")
    assert client.post("/v1/cases", json=case("now", "刚发生的纠纷。"), headers=centre).status_code == 201
    assert counts(told(client, mapped, level="street")) == {"s1": 77, "s2": 113}
    for wrong in ("2019-Q1", "2026-13", "x"):
        refused = client.get("/v1/map", params={"period": wrong}, headers=centre)
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "period"


def test_the_course_of_an_area_hides_what_the_map_hides(client: TestClient, mapped: Store) -> None:
    course = told(client, mapped, level="grid", area="grid:g7")["course"]
    assert [one["count"] for one in course["counts"]] == [8, 36]
    hidden = told(client, mapped, level="grid", area="grid:g5")["course"]
    assert hidden["counts"][-1]["count"] is None
    centre = key_of(mapped, "centre", area="street:s2")
    assert client.get("/v1/map?area=grid:g7", headers=centre).status_code == 200
    assert client.get("/v1/map?area=grid:g1", headers=centre).status_code == 404


def test_a_key_sees_its_own_area_and_compares_to_no_gain(client: TestClient, mapped: Store) -> None:
    everything = counts(told(client, mapped, level="grid"))
    parts: dict[str, int | None] = {}
    for street in ("s1", "s2"):
        mine = told(client, mapped, f"street:{street}", level="grid")
        assert mine["whole"]["area"] == street
        parts |= counts(mine)
    assert (
        parts == everything
    )  # the same is hidden from all: two who lay their maps side by side learn nothing
    assert counts(told(client, mapped, "community:c2", level="street")) == {}
    assert counts(told(client, mapped, "community:c2", level="grid")).keys() == {"g4", "g5", "g6"}


def test_outlines_are_the_boundaries_and_wider_areas_are_made_of_them(
    client: TestClient, mapped: Store
) -> None:
    headers = key_of(mapped, "centre")
    grids = client.get("/v1/map/areas?level=grid", headers=headers).json()
    assert grids["type"] == "FeatureCollection" and len(grids["features"]) == 12
    numbers = {row["number"]: row["area"] for row in told(client, mapped, level="grid")["areas"]}
    for feature in grids["features"]:
        name = feature["properties"]["area"]
        assert numbers[feature["id"]] == name
        assert shape(feature["geometry"]).equals(shapely.from_wkt(square(int(name[1:]) - 1)))
    streets = client.get("/v1/map/areas?level=street", headers=headers).json()["features"]
    assert [one["geometry"]["type"] for one in streets] == ["Polygon", "Polygon"]
    assert sum(shape(one["geometry"]).area for one in streets) == pytest.approx(12 * SQUARE**2)
    own = client.get("/v1/map/areas?level=grid", headers=key_of(mapped, "centre", area="community:c4")).json()
    assert {one["properties"]["area"] for one in own["features"]} == {"g10", "g11", "g12"}


def test_without_boundaries_cells_are_drawn_and_said_to_be(store_url: str, tmp_path: Path) -> None:
    made = district(store_url, tmp_path / "records", MANY, boundaries=False, population=False)
    with made.begin() as conn:  # what isn't an area is no boundary
        conn.execute(sa.text("UPDATE grids SET boundary = 'POINT (1 1)' WHERE grid_id = 'g2'"))
    with service(made) as client:
        answer = told(client, made, level="grid")
        assert answer["drawn"] == 12 and all(row["rate"] is None for row in answer["areas"])
        features = client.get("/v1/map/areas?level=grid", headers=key_of(made, "centre")).json()["features"]
        cells = {one["properties"]["area"]: shape(one["geometry"]) for one in features}
        for place in range(12):
            middle = shapely.Point(103.805 + place * SQUARE, 36.005)
            assert [name for name, cell in cells.items() if cell.contains(middle)] == [f"g{place + 1}"]
        page = person(client, made, "centre").get("/map").text
        assert "有 12 个网格没有边界数据" in page and "没有人口数据" in page and "每千人</th>" not in page
    made.close()


def test_periods_are_of_the_calendar_here() -> None:
    now = parse_instant("2026-04-01T00:30:00+08:00")  # still March in UTC
    assert [one.name for one in finished("month", now, 3)] == ["2026-01", "2026-02", "2026-03"]
    assert [one.name for one in finished("quarter", now, 2)] == ["2025-Q4", "2026-Q1"]
    assert [one.name for one in finished("year", now, 1)] == ["2025"]
    first = finished("quarter", now, 1)[0]
    assert first.since == parse_instant("2026-01-01") and first.until == parse_instant("2026-04-01")
    assert first.next(-1).until == first.since and first == Period(2026 * 4, 3)


def test_classes_are_told_apart_by_round_numbers() -> None:
    assert breaks([]) == [] and breaks([0, 0]) == []
    steps = breaks([7, 9, 12, 16, 22, 25, 30, 39, 55, 101])
    assert steps == sorted(set(steps)) and len(steps) <= 5 and steps[0] <= 7
    assert [class_of(value, steps) for value in (None, 0, 7, 101)] == [None, 0, 1, len(steps)]
    assert breaks([0.123, 0.234, 5.678])[0] <= 0.123


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_map_shows_what_the_table_says(browser: Browser, mapped: Store, size: tuple[int, int]) -> None:
    with listening(mapped) as base, desk(browser, base, size) as staff:
        page = staff.page
        staff.log_in(key_of(mapped, "centre")["Authorization"].split()[1])
        page.get_by_role("link", name="平安地图").click()
        expect(page.locator("#map[data-ready=yes] canvas")).to_be_visible(timeout=30_000)
        expect(page.locator("#areas tbody tr")).to_have_count(4)
        staff.well()
        page.get_by_label("层级").select_option("grid")
        expect(page.locator("#areas tbody tr")).to_have_count(12)
        row = page.locator("#areas tbody tr", has_text="5网格")
        expect(row).to_contain_text("不公布")
        assert "level=grid" in page.url
        # pointing at a row shows its numbers under the map, by the keyboard too
        page.locator("#areas tbody tr", has_text="7网格").get_by_role("link").focus()
        expect(page.locator("#pointed")).to_contain_text("件数 36")
        # the middle of the map lies between the sixth and the seventh of twelve squares
        page.locator("#map").scroll_into_view_if_needed()
        box = page.locator("#map canvas").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.48, box["y"] + box["height"] / 2)
        expect(page.locator("#pointed")).to_contain_text("6网格")
        slider = page.get_by_label("时间滑块")
        slider.focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#h-numbers")).not_to_contain_text(last_quarter())
        expect(page.locator("#areas tbody tr", has_text="7网格")).to_contain_text("8")
        expect(page.get_by_label("时段")).not_to_have_value(last_quarter())
        page.locator("#areas tbody tr", has_text="7网格").get_by_role("link").click()
        expect(page.locator("#course canvas")).to_be_visible()
        page.get_by_text("各时段数字").click()
        expect(page.locator("#course-table tbody tr")).to_have_count(2)
        staff.well()


def test_without_scripts_and_without_a_map_there_is_the_table(browser: Browser, mapped: Store) -> None:
    with listening(mapped) as base:
        key = key_of(mapped, "centre")["Authorization"].split()[1]
        with desk(browser, base, PHONE, scripts=False) as staff:
            staff.log_in(key)
            staff.go("/map?level=street&measure=rate")
            expect(staff.page.locator("#areas")).to_contain_text("12.83")  # 77 among six thousand
        with desk(browser, base, DESK) as staff:
            staff.page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
            staff.log_in(key)
            staff.go("/map")
            expect(staff.page.locator("#no-map")).to_be_visible()
            expect(staff.page.locator("#areas tbody tr")).to_have_count(4)
