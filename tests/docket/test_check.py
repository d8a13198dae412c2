"""What `check` finds in a folder, and how it names it."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from docket.check import check_folder
from docket.faults import RecordFaults, write_report
from docket.rejects import sound, write_rejects
from docket.times import to_micros

Write = Callable[..., Path]


def _found(folder: Path) -> list[tuple[str, str, str, str, str]]:
    return [fault.as_row() for fault in check_folder(folder).faults]


def test_sound_district_has_no_fault(district: Any, write_folder: Write) -> None:
    checked = check_folder(write_folder(district))
    assert checked.faults == []
    assert checked.counts["parties"] == 4
    assert not any(refused.any() for refused in checked.refused.values())


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "reason"),
    [
        ("disputes", 0, "kind", "quarrel", "unknown enumeration value"),
        ("disputes", 1, "source", "110", "unknown enumeration value"),
        ("events", 0, "at", "昨天下午", "unparsable time"),
        ("events", 1, "at", "2024-02-30", "unparsable time"),
        ("events", 1, "at", "2024", "unparsable time"),
        ("registry", 0, "left_at", "soon", "unparsable time"),
        ("visits", 0, "recorded_at", "2024-02-09 08:59:59", "recorded before it happened"),
        ("disputes", 1, "amount_cny", "-0.01", "below zero"),
        ("disputes", 1, "amount_cny", "nan", "not a number"),
        ("disputes", 1, "amount_cny", "两千", "not a number"),
        ("workers", 1, "daily_visits", "-1", "below zero"),
        ("workers", 1, "daily_visits", "2.5", "not an integer"),
        ("outcomes", 0, "severity", "0", "out of 1-5"),
        ("outcomes", 0, "severity", "6", "out of 1-5"),
        ("persons", 1, "birth_year", "1899", "out of range"),
        ("persons", 2, "birth_year", "2025", "out of range"),
        ("grids", 1, "lon", "181", "out of range"),
        ("grids", 1, "lat", "-90.5", "out of range"),
        ("events", 1, "event_id", "e1", "duplicate id"),
        ("disputes", 2, "text", "", "empty narrative"),
        ("disputes", 2, "text", " \n\u3000", "empty narrative"),
        ("visits", 0, "contact", "maybe", "not a boolean"),
        ("visits", 0, "worker_id", "w9", "dangling reference"),
        ("parties", 3, "person_id", "nobody", "dangling reference"),
        ("parties", 3, "relation", "", "missing value"),
        ("grids", 1, "grid_name", "a\x00b", "not text"),
    ],
)
def test_each_fault_is_named_where_it_stands(
    district: Any, write_folder: Write, table: str, row: int, column: str, value: str, reason: str
) -> None:
    district[table][row][column] = value
    found = _found(write_folder(district))
    assert (f"{table}.csv", str(row + 2), column, value, reason) in found
    others = [fault for fault in found if not fault[4].startswith("dangling reference:")]
    assert len(others) == 1


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", "no guardian informed: true expected of whoever may be under 14"),
        ("no", "no guardian informed: true expected of whoever may be under 14"),
        ("perhaps", "not a boolean"),
        ("yes", None),
    ],
)
def test_nobody_under_14_enters_without_a_guardian_who_knows(
    district: Any, write_folder: Write, said: str, found: str | None
) -> None:
    (grown,) = district["registry"]
    child = grown | {"entry_id": "r2", "person_id": "p3", "dispute_id": "d3", "guardian_informed": said}
    district["registry"] = [grown | {"guardian_informed": ""}, child]
    fault = ("registry.csv", "3", "guardian_informed", said, found)
    assert _found(write_folder(district)) == ([] if found is None else [fault])


def test_second_party_row_of_the_same_part_is_a_duplicate(district: Any, write_folder: Write) -> None:
    district["parties"].append(district["parties"][0] | {"relation": "family"})
    assert _found(write_folder(district)) == [("parties.csv", "6", "role", "applicant", "duplicate id")]


def test_same_person_in_two_parts_is_no_duplicate(district: Any, write_folder: Write) -> None:
    district["parties"].append(district["parties"][0] | {"role": "affected"})
    assert _found(write_folder(district)) == []


def test_rows_that_depend_on_a_refused_row_are_refused_with_it(district: Any, write_folder: Write) -> None:
    district["grids"][0]["lat"] = "north"
    found = _found(write_folder(district))
    reasons = {(fault[0], fault[1]): fault[4] for fault in found}
    assert reasons["grids.csv", "2"] == "not a number"
    assert reasons["persons.csv", "2"] == "dangling reference: grids.csv record 2 was refused"
    assert reasons["outcomes.csv", "2"] == "dangling reference: disputes.csv record 2 was refused"
    assert ("workers.csv", "3") not in reasons


def test_record_numbers_count_records_not_lines(district: Any, write_folder: Write) -> None:
    district["disputes"][0]["text"] = '第一行\n第二行,"引号"\r\n\n第三行'
    district["disputes"][1]["kind"] = "x"
    found = _found(write_folder(district))
    assert ("disputes.csv", "3", "kind", "x", "unknown enumeration value") in found


def test_parquet_rows_are_numbered_and_shown_like_csv(district: Any, write_folder: Write) -> None:
    folder = write_folder(district)
    (folder / "outcomes.csv").unlink()
    recorded = dt.datetime(2024, 3, 4, 1, 0, tzinfo=dt.UTC)
    rows = [
        {"outcome_id": f"o{n}", "dispute_id": "d1", "at": at, "recorded_at": recorded, "kind": "violence",
         "severity": severity}
        for n, at, severity in ((1, recorded, 3), (2, recorded + dt.timedelta(seconds=1), 9))
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / "outcomes.parquet")
    assert _found(folder) == [
        ("outcomes.parquet", "3", "recorded_at", "2024-03-04 01:00:00Z", "recorded before it happened"),
        ("outcomes.parquet", "3", "severity", "9", "out of 1-5"),
    ]


@pytest.mark.parametrize(
    "cells",
    [
        pa.array(["2024-02-06 09:00:00"]).cast(pa.timestamp("s")),
        pa.array(["2024-02-06 09:00:00"]).cast(pa.timestamp("ns")),
        pa.array([dt.datetime(2024, 2, 6, 1, tzinfo=dt.UTC)], pa.timestamp("ms", "UTC")),
        pa.array([dt.datetime(2024, 2, 6, 1, tzinfo=dt.UTC)], pa.timestamp("ns", "Asia/Shanghai")),
        pa.array([dt.datetime(2024, 2, 6, 1, tzinfo=dt.UTC)], pa.timestamp("us", "Europe/Berlin")),
        pa.array(["2024-02-06T09:00:00"]),
        pa.array(["2024-02-06 09:00:00.000000+0800"]).dictionary_encode(),
        pa.array(["2024-02-06T01:00Z"], pa.large_string()),
    ],
    ids=str,
)
def test_parquet_times_of_every_type_are_the_same_instant(
    district: Any, write_folder: Write, cells: Any
) -> None:
    folder = write_folder(district)
    (folder / "events.csv").unlink()
    event = pa.table(
        {"event_id": pa.array([7]), "dispute_id": pa.array(["d1"]), "at": cells, "recorded_at": cells,
         "kind": pa.array(["closed"]).dictionary_encode(), "text": pa.nulls(1)}
    )  # fmt: skip
    pq.write_table(event, folder / "events.parquet")
    checked = check_folder(folder)
    assert checked.faults == []
    [row] = checked.tables["events"].to_pylist()
    assert row["at"] == to_micros(dt.datetime(2024, 2, 6, 9, tzinfo=ZoneInfo("Asia/Shanghai")))
    assert row["event_id"] == "7"


def test_parquet_numbers_that_pandas_widened_are_integers(district: Any, write_folder: Write) -> None:
    folder = write_folder(district)
    (folder / "persons.csv").unlink()
    persons = pa.Table.from_pylist(
        [
            row | {"birth_year": year}
            for row, year in zip(district["persons"], (1980.0, None, 2024.0), strict=True)
        ]
    )
    pq.write_table(persons, folder / "persons.parquet")
    checked = check_folder(folder)
    assert checked.faults == []
    assert checked.tables["persons"]["birth_year"].to_pylist() == [1980, None, 2024]


def test_byte_order_mark_and_windows_line_ends_are_read(district: Any, write_folder: Write) -> None:
    folder = write_folder(district)
    path = folder / "workers.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert _found(folder) == []


def _break_utf8(folder: Path) -> None:
    (folder / "events.csv").write_bytes(b"event_id,dispute_id\n\xff\xfe,d1\n")


def _break_parquet(folder: Path) -> None:
    (folder / "events.csv").unlink()
    (folder / "events.parquet").write_bytes(b"PAR1 not really")


def _leave_out(folder: Path) -> None:
    (folder / "events.csv").unlink()


def _write_twice(folder: Path) -> None:
    (folder / "events.parquet").write_bytes(b"")


def _name_twice(folder: Path) -> None:
    (folder / "events.csv").write_text("event_id,dispute_id,event_id\ne1,d1,e1\n")


@pytest.mark.parametrize(
    ("harm", "file", "reason"),
    [
        (_break_utf8, "events.csv", "unreadable"),
        (_break_parquet, "events.parquet", "unreadable"),
        (_leave_out, "events.csv", "missing file"),
        (_write_twice, "events.csv", "two files for one table"),
        (_name_twice, "events.csv", "unreadable: the column event_id stands twice"),
    ],
)
def test_file_at_fault_is_one_fault_and_can_not_be_rejected_by_row(
    district: Any, write_folder: Write, harm: Callable[[Path], None], file: str, reason: str
) -> None:
    folder = write_folder(district)
    harm(folder)
    checked = check_folder(folder)
    [fault] = checked.faults
    assert (fault.file, fault.row) == (file, None)
    assert fault.reason.startswith(reason)
    with pytest.raises(RecordFaults):
        sound(checked)


def test_missing_table_that_others_refer_to_is_named_once(district: Any, write_folder: Write) -> None:
    del district["workers"]
    assert _found(write_folder(district)) == [("workers.csv", "", "", "", "missing file")]


def test_missing_columns_are_named_once_and_not_row_by_row(district: Any, write_folder: Write) -> None:
    for row in district["disputes"]:
        del row["kind"], row["text"], row["amount_cny"]
    assert _found(write_folder(district)) == [
        ("disputes.csv", "1", "kind", "", "missing column"),
        ("disputes.csv", "1", "text", "", "missing column"),
    ]


def test_record_of_another_length_is_refused_alone(district: Any, write_folder: Write) -> None:
    folder = write_folder(district)
    path = folder / "workers.csv"
    path.write_text(path.read_text().replace("w2,g2,mediator,0", "w2,g2,mediator"))
    checked = check_folder(folder)
    [fault] = checked.faults
    assert (fault.row, fault.value) == (3, "w2,g2,mediator")
    assert sound(checked)["workers"]["worker_id"].to_pylist() == ["w1"]


def test_columns_and_files_outside_the_contract_are_reported_and_not_read(
    district: Any, write_folder: Write
) -> None:
    for row in district["disputes"]:
        row["final_disposition"] = "closed"
    folder = write_folder(district)
    (folder / "truth.parquet").write_bytes(b"never opened")
    checked = check_folder(folder)
    assert checked.faults == []
    assert checked.extras == [("disputes.csv", "final_disposition"), ("truth.parquet", "")]
    assert "final_disposition" not in checked.tables["disputes"].column_names


def test_annotations_beyond_their_own_start_are_out_of_range(district: Any, write_folder: Write) -> None:
    label = {"dispute_id": "d1", "cue": "threat", "present": "true", "recorded_at": "2024-03-01"}
    district["annotations"] = [
        label | {"annotation_id": "a1", "start": "2", "end": "4"},
        label | {"annotation_id": "a2", "start": "4", "end": "3"},
        label | {"annotation_id": "a3", "start": "", "end": ""},
    ]
    assert _found(write_folder(district)) == [("annotations.csv", "3", "end", "3", "out of range")]


def test_rejects_file_holds_each_refused_row_whole(
    district: Any, write_folder: Write, tmp_path: Path
) -> None:
    district["disputes"][1]["kind"] = "quarrel"
    checked = check_folder(write_folder(district))
    write_rejects(checked, checked.faults, tmp_path / "out" / "rejects.csv")
    with (tmp_path / "out" / "rejects.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["row"]) for row in rows] == [("disputes.csv", "3"), ("parties.csv", "4")]
    assert json.loads(rows[0]["record"])["text"] == "楼上漏水，双方争吵"
    assert sound(checked)["parties"].num_rows == 3


def test_all_faults_of_the_broken_district_are_named_in_one_pass(shared_data: Path, tmp_path: Path) -> None:
    checked = check_folder(shared_data / "district_b" / "broken")
    write_report(checked.faults, tmp_path / "report.csv")
    with (shared_data / "district_b" / "faults.csv").open(encoding="utf-8", newline="") as file:
        planted = [tuple(row) for row in csv.reader(file)]
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        reported = [tuple(row) for row in csv.reader(file)]
    assert reported[0] == planted[0]
    assert set(planted) <= set(reported)
    assert len(planted) == 15
    beside = {row for row in reported if row not in planted}
    # d3_000061 was overwritten by the duplicate id; everything else dangles because a row was refused.
    assert all("was refused" in row[4] or row[3] == "d3_000061" for row in beside)


def test_clean_district_passes_with_its_leaking_column_reported(shared_data: Path) -> None:
    checked = check_folder(shared_data / "district_b" / "clean")
    assert checked.faults == []
    assert checked.extras == [("disputes.parquet", "final_disposition")]
    assert checked.counts["disputes"] == 1800
