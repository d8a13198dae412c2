"""Stability reports: the numbers are the store's, and not every wiggle is news."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
import typer
from browsing import person, service
from docx import Document
from fastapi.testclient import TestClient
from pypdf import PdfReader
from small_district import count, key_of
from typer.testing import CliRunner
from walking import decide, issued, seed, urged

from docket.demo import generate
from docket.faults import BadInput
from docket.keys import Area
from docket.load import load_folder
from docket.store import Store, open_store
from docket.store.desk import REPORTS
from docket.times import HOUR, local_day, now_micros, parse_instant
from serving.app import create_app
from serving.pages.paper import as_html
from serving.reports import figures, repository
from serving.reports.commands import report as command
from serving.reports.periods import Period
from serving.reports.service import made
from serving.reports.writing import Writer, due
from serving.settings import Settings

END = date(2026, 3, 31)
TODAY = local_day(now_micros()).isoformat()
MARCH = Period.of("month", END)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo district of three years."""
    folder = tmp_path_factory.mktemp("reported")
    generate(folder, end=date(2026, 4, 1), disputes=1_500, seed=5)
    return folder


@pytest.fixture
def district(records: Path, store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    load_folder(records, opened, ingested_at=now_micros())
    yield opened
    opened.close()


def told(store: Store, period: Period = MARCH, area: Area | None = None) -> dict[str, Any]:
    with store.snapshot() as conn:
        return made(conn, period, area, now_micros())


def ask(store: Store, sql: str, **more: Any) -> Any:
    since, until = MARCH.micros
    with store.snapshot() as conn:
        found = conn.execute(sa.text(sql), {"since": since, "until": until, **more})
        return found.scalar_one()


# Each row of a table as its last version says it; no view of the store's is used.
LAST = """{0} AS x WHERE x.withdrawn IS NOT TRUE AND NOT EXISTS (
    SELECT 1 FROM {0} AS y WHERE y.{1} = x.{1} AND y.recorded_at > x.recorded_at
)"""
ALIVE = LAST.format("disputes", "dispute_id")
EVENTS = LAST.format("events", "event_id") + f" AND x.dispute_id IN (SELECT x.dispute_id FROM {ALIVE})"


def test_the_numbers_are_those_that_plain_sql_counts(district: Store) -> None:
    report = told(district)
    first = "(SELECT MIN(f.recorded_at) FROM disputes AS f WHERE f.dispute_id = x.dispute_id)"
    came = f"SELECT COUNT(*) FROM {ALIVE} AND {first} >= :since AND {first} < :until"
    changes = {(one["what"], one["code"]): one for one in report["changes"]}
    assert changes["cases", None]["count"] == ask(district, came) > 20
    kinds = {code: one["count"] for (what, code), one in changes.items() if what == "kind"}
    for kind, n in kinds.items():
        assert n == ask(district, came + " AND x.kind = :kind", kind=kind)
    assert sum(kinds.values()) == changes["cases", None]["count"]
    year = MARCH.baseline()
    begin, end = year[-1].micros[0], year[0].micros[1]
    before = ask(district, came.replace(":since", ":begin").replace(":until", ":end"), begin=begin, end=end)
    days = sum(one.days for one in year)
    assert changes["cases", None]["usual"] == pytest.approx(before / days * 31)
    harms = "SELECT COUNT(*) FROM outcomes AS x WHERE x.at >= :since AND x.at < :until"
    assert changes["harms", None]["count"] == ask(district, harms)
    assert sum(one["count"] for one in report["doors"]) == changes["cases", None]["count"]

    within = "x.at >= :since AND x.at < :until"
    court = "EXISTS (SELECT 1 FROM events AS c WHERE c.dispute_id = x.dispute_id AND c.kind = 'court_filing'"
    ends = f"SELECT COUNT(*) FROM {EVENTS} AND {within} AND NOT {court} AND c.at < x.at) AND x.kind "
    mediation = report["indicators"]["mediation"]
    assert mediation["hits"] == ask(district, ends + "= 'agreement'") > 0
    assert mediation["n"] == ask(district, ends + "IN ('agreement', 'mediation_failed')")
    filed = f"SELECT COUNT(DISTINCT x.dispute_id) FROM {EVENTS} AND x.kind = 'court_filing' AND {within}"
    filed += f" AND NOT {court} AND c.at < :since)"
    assert report["indicators"]["court"]["filed"] == ask(district, filed)
    visits = f"SELECT COUNT(*) FROM visits AS x WHERE {within}"
    assert report["indicators"]["visits_paid"] == ask(district, visits) > 0

    met = """SELECT COUNT(*) FROM (
        SELECT x.dispute_id FROM {alive} AND {first} >= :since AND {first} < :until AND EXISTS (
            SELECT 1 FROM events AS e WHERE e.dispute_id = x.dispute_id AND e.kind IN ({kinds})
            AND e.recorded_at <= {first} + :time
        )) AS t"""
    kinds_of = "'mediation_session', 'counselling', 'legal_aid', 'handover', 'mediation_failed', 'agreement', 'closed'"
    sql = met.format(alive=ALIVE, first=first, kinds=kinds_of)
    classified = report["indicators"]["classify"]
    assert classified["hits"] == ask(district, sql, time=24 * HOUR)
    assert classified["n"] == changes["cases", None]["count"]


def test_the_parts_make_the_whole(district: Store) -> None:
    report = told(district)
    assert len(report["rounds"]) > 1
    for name in ("cases", "open", "overdue"):
        whole = sum(one[name] for one in report["rounds"])
        assert whole == (
            report["changes"][0]["count"] if name == "cases"
            else sum(one["cases" if name == "open" else name] for one in report["open"]["by_colour"])
        )  # fmt: skip
    for name in ("mediation", "respond", "classify", "visits"):
        assert sum(one[name]["n"] for one in report["rounds"]) == report["indicators"][name]["n"]
        assert sum(one[name]["hits"] for one in report["rounds"]) == report["indicators"][name]["hits"]
    for part in report["rounds"]:
        alone = told(district, area=Area.parse(part["area"]))
        assert alone["changes"][0]["count"] == part["cases"]
        assert alone["indicators"]["mediation"] == part["mediation"]


def test_rates_are_by_people_where_every_grid_says_how_many(district: Store) -> None:
    assert told(district)["indicators"]["court"]["rate"] is None
    with district.begin() as conn:
        conn.execute(sa.text("UPDATE grids SET population = 1000 + LENGTH(grid_id)"))
    people = ask(district, "SELECT CAST(SUM(population) AS INTEGER) FROM grids WHERE replaced_at IS NULL")
    report = told(district)
    court = report["indicators"]["court"]
    assert court["population"] == people and report["hot"]["by"] == "population"
    assert court["rate"] == pytest.approx(court["filed"] / 31 * 365.25 / people * 10_000) and court["filed"]
    assert court["low"] < court["rate"] < court["high"]
    with district.begin() as conn:
        conn.execute(
            sa.text("UPDATE grids SET population = NULL WHERE grid_id = (SELECT MIN(grid_id) FROM grids)")
        )
    report = told(district)
    assert report["indicators"]["court"]["rate"] is None and report["hot"]["by"] == "earlier"


def test_a_time_before_the_records_is_no_quiet_time_and_half_a_period_no_half_rate(district: Store) -> None:
    first = local_day(ask(district, "SELECT MIN(recorded_at) FROM disputes"))
    second = Period.of("month", first).after()
    (cases, *_) = told(district, second)["changes"]
    assert cases["count"] > 10 and cases["usual"] is None and not cases["news"]
    with district.snapshot() as conn:
        half = made(conn, MARCH, None, parse_instant("2026-03-16T12:00:00+08:00"))
    whole = told(district)["changes"][0]
    assert not half["complete"] and half["changes"][0]["count"] < whole["count"]
    assert half["changes"][0]["usual"] == pytest.approx(whole["usual"] / 2, rel=0.1)


# What is news.


def test_intervals_hold_the_true_ratio_and_few_wiggles_are_news() -> None:
    draw = np.random.default_rng(3)
    wrong = covered = 0
    rounds, earlier = 400, [31.0] * 12
    for _ in range(rounds):
        rate = draw.uniform(0.05, 3)
        counts = draw.poisson(rate * 31, size=13)
        one = figures.change(int(counts[0]), 31.0, counts[1:].tolist(), earlier)
        wrong += one.p <= figures.LEVEL
        covered += one.low is None or (one.low <= 1 and (one.high is None or one.high >= 1))
    assert wrong <= 0.07 * rounds and covered >= 0.93 * rounds


def test_a_district_whose_weeks_always_jump_is_not_news_each_time() -> None:
    draw = np.random.default_rng(4)
    exact = spread = 0
    for _ in range(300):
        counts = draw.negative_binomial(3, 3 / 43, size=9)  # mean 40, variance 573
        calm = figures.change(int(counts[0]), 7.0, [int(counts[1:].sum())], [56.0])
        one = figures.change(int(counts[0]), 7.0, counts[1:].tolist(), [7.0] * 8)
        exact, spread = exact + (calm.p <= 0.05), spread + (one.p <= 0.05)
    assert exact > 130 and spread < 60


def test_a_real_rise_is_told_and_what_it_was_beside_others() -> None:
    rise = figures.change(40, 7.0, [12, 9, 11, 10, 8, 12, 10, 9], [7.0] * 8)
    assert rise.low is not None and rise.low > 2 and rise.ratio == pytest.approx(40 / 10.125)
    same = [figures.change(10, 7.0, [12, 9, 11, 10], [7.0] * 4)] * 19
    assert figures.news([rise, *same]) == [True] + [False] * 19
    first = figures.change(3, 7.0, [0] * 8, [7.0] * 8)
    assert first.ratio is None and first.p < 0.05
    alone = figures.change(5, 7.0, [], [])
    assert (alone.usual, alone.ratio, alone.p) == (None, None, 1.0)
    assert figures.change(0, 7.0, [0] * 8, [7.0] * 8).p == 1.0 and figures.news([]) == []


def test_one_small_grid_with_two_cases_is_not_hot_and_a_large_one_with_many_is() -> None:
    expected = [0.2] + [5.0] * 60
    draw = np.random.default_rng(5)
    counts = [2, *draw.poisson(5.0, size=59).tolist(), 40]
    found = figures.heats(counts, expected)
    assert found[0].ratio < 3 and found[0].hot < 0.95  # ten times what is expected, of next to nothing
    assert found[-1].hot > 0.999 and 4 < found[-1].ratio < 8.1
    hot = sum(one.hot >= 0.95 for one in figures.heats(draw.poisson(5.0, size=200).tolist(), [5.0] * 200))
    assert hot <= 2  # where all are alike none stands out
    assert all(one.hot == 0 for one in figures.heats([0, 0], [1.0, 1.0])) and figures.heats([], []) == []


# Periods, writing, paper.


def test_periods_follow_the_calendar() -> None:
    assert Period.of("week", date(2026, 1, 1)).begin == date(2025, 12, 29)
    assert MARCH.before().end == date(2026, 3, 1) and MARCH.after().days == 30
    assert Period.of("year", END).days == 365 and len(MARCH.baseline()) == 12
    mondays = Period.of("day", date(2026, 3, 30)).baseline()
    assert {one.begin.weekday() for one in mondays} == {0} and len(mondays) == 8
    now = parse_instant("2026-03-02T07:00:00+08:00")
    assert [one.begin.isoformat() for one in due(now) if one.kind != "day"] == [
        "2026-02-23", "2026-02-16", "2026-02-09", "2026-02-02", "2026-02-01", "2026-01-01", "2025-01-01"
    ]  # fmt: skip
    early = due(parse_instant("2026-03-02T05:00:00+08:00"))
    assert early[0].begin == date(2026, 2, 28)  # the night's late records are still to come


def test_each_report_is_written_once_and_stays_as_it_was(store: Store) -> None:
    app = create_app(Settings(store=store.url, model=""))
    with TestClient(app) as client:
        client.headers.update(key_of(store, "centre"))
        now = now_micros()
        writer = Writer(client.app.state.anlan)  # type: ignore[attr-defined]
        ended = len(due(now))
        assert writer.write(now) == 3 * ended == count(store, "reports")  # the district and two streets
        assert Writer(client.app.state.anlan).write(now + HOUR) == 0  # type: ignore[attr-defined]
        first = client.get("/v1/reports?period=week").json()
        assert first["written"] and first["complete"]
        with store.begin() as conn:
            wide = sa.func.replace(REPORTS.c.content, '"count":0', '"count":7')
            conn.execute(sa.update(REPORTS).values(content=wide))
        assert client.get("/v1/reports?period=week").json()["changes"][0]["count"] == 7
        today = client.get("/v1/reports", params={"date": TODAY}).json()
        assert not today["written"] and not today["complete"]
        west = key_of(store, "centre", area="street:s2")
        assert client.get("/v1/reports?period=week", headers=west).json()["area_name"] == "西街"
        for area in ("street:s1", "grid:g1", "street:s9"):
            asked = client.get("/v1/reports", params={"area": area}, headers=west)
            assert asked.status_code == 404, area
        assert client.get("/v1/reports?area=community:c2", headers=west).json()["area_name"] == "乙社区"
        assert client.get("/v1/reports?period=moon").status_code == 422
        assert client.get("/v1/reports?date=2026-02-30").status_code == 422


def test_of_two_writers_one_writes(store: Store) -> None:
    report = {**told(store, Period.of("day", date(2026, 3, 1))), "written": True}
    with store.begin() as conn:
        assert repository.keep(conn, report, None, now=1)
        assert not repository.keep(conn, {**report, "doors": [{"code": "walk_in", "count": 3}]}, None, now=2)
        assert repository.kept(conn, "day", "2026-03-01", None) == json.loads(json.dumps(report))


def test_on_paper_and_in_word_it_says_the_same_and_names_nobody(district: Store) -> None:
    asked = {"period": "month", "date": END.isoformat()}
    with service(district) as client:
        staff = person(client, district, "centre")
        answer = staff.http.get("/reports/pdf", params=asked)
        taken = staff.http.get("/reports/docx", params=asked)
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
        page = staff.get("/reports", period="month", date=END.isoformat())
    pdf = PdfReader(io.BytesIO(answer.content))
    text = "".join(one.extract_text() for one in pdf.pages)
    assert "稳定专报（月报）" in text and "诉前调解成功率" in text and "万人成讼率" in text
    fonts = [
        font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        for one in pdf.pages
        for font in (ref.get_object() for ref in one["/Resources"]["/Font"].values())
    ]
    assert fonts and all({"/FontFile2", "/FontFile3"} & font.keys() for font in fonts)
    assert {"NotoSansCJK" in str(font["/FontName"]).replace("-", "") for font in fonts} == {True}
    report = told(district)
    total = report["changes"][0]["count"]
    assert f"本期受理纠纷 <b>{total}</b> 件" in page.text
    word = Document(io.BytesIO(taken.content))
    changes, *_, rounds = word.tables
    assert [int(row.cells[1].text) for row in changes.rows[1:]] == [one["count"] for one in report["changes"]]
    assert [row.cells[0].text for row in rounds.rows[1:]] == [one["name"] for one in report["rounds"]]
    written = "\n".join(one.text for one in word.paragraphs)
    assert "稳定专报（月报）" in written and f"本期受理纠纷 {total} 件" in written
    text += written + "".join(cell.text for table in word.tables for row in table.rows for cell in row.cells)
    with district.snapshot() as conn:
        people = set(conn.execute(sa.text("SELECT DISTINCT person_id FROM persons")).scalars())
    assert not any(name in page.text or name in text for name in people)


def test_a_report_loads_nothing_and_a_note_in_it_is_no_markup(store: Store) -> None:
    report = told(store, Period.of("day", date(2026, 3, 1)))
    report |= {"written": False, "area_name": None}
    report["area_name"] = '<img src="file:///etc/passwd"><script>'
    html = as_html(report)
    assert "<script>" not in html and "<img" not in html


def test_the_command_writes_what_it_is_asked_for(store: Store, tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(command)

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, [*words, "--store", store.url])

    for name, begins in (("a.pdf", b"%PDF"), ("a.docx", b"PK"), ("a.html", b"<!DOCTYPE"), ("a.json", b"{")):
        done = run("--out", str(tmp_path / name), "--period", "week", "--date", "2026-03-04")
        assert done.exit_code == 0, done.output
        assert (tmp_path / name).read_bytes().startswith(begins)
    assert json.loads((tmp_path / "a.json").read_text())["begin"] == "2026-03-02"
    for words in (
        ("--period", "moon", "--out", "x.pdf"),
        ("--out", "x.doc"),
        ("--out", "x.pdf", "--date", "yesterday"),
        ("--out", "x.pdf", "--area", "street:s9"),
    ):
        assert isinstance(run(*words).exception, BadInput), words


def test_overdue_urgings_and_red_slips_are_those_of_the_store(store: Store) -> None:
    with TestClient(create_app(Settings(store=store.url, model=""))) as client:
        seed(client, store)
        client.headers.update(key_of(store, "centre"))
        decide(client, "x1", "red")
        slip = client.post("/v1/cases/x1/slips", json={"unit": "东街派出所"}).json()["slip_id"]
        report = client.get("/v1/reports", params={"date": TODAY}).json()
        assert (report["red_slips"]["issued"], report["red_slips"]["open"]) == (1, 1)
        (open_one,) = report["red_slips"]["slips"]
        assert (open_one["slip_id"], open_one["state"], open_one["unit"]) == (slip, "issued", "东街派出所")
        by_colour = {one["colour"]: one["cases"] for one in report["open"]["by_colour"]}
        assert by_colour == {"red": 2, "yellow": 1, "blue": 0, "none": 0}
        assert report["urged"]["grid"] == len(urged) == 1 and issued
        for state, note in (
            ("acknowledged", ""),
            ("handled", "已上门"),
            ("reviewed", "属实"),
            ("closed", ""),
        ):
            body = {"state": state} | ({"note": note} if note else {})
            assert client.post(f"/v1/slips/{slip}/steps", json=body).status_code == 201
        slips = client.get("/v1/reports", params={"date": TODAY}).json()["red_slips"]
        assert (slips["issued"], slips["closed"], slips["open"], slips["slips"]) == (1, 1, 0, [])
        assert slips["hours_to_acknowledge"] < 1
