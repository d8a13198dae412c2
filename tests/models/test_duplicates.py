"""Proposals: what is compared, what is told, and the same pairs from a store and from a whole caseload."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docket.candidates import MOST, NEAR, Record, candidates
from docket.demo import generate
from docket.load import load_folder
from docket.snapshot import Snapshot
from docket.store import Store, open_store
from docket.store.merging import merge
from docket.times import DAY, now_micros
from models.duplicate_pairs import near_pairs, proposals, records_of
from models.duplicates import AT_MOST, PROPOSED, among, probabilities, propose, weights
from models.likeness import COMPARISONS, compare, text_likeness

TEXT = "楼上卫生间漏水把天花板泡坏，双方多次协商赔偿未果"
BASE = Record(
    "a", "walk_in", "neighbour", "g1", TEXT, 1200.0, 100 * DAY, frozenset({"p1"}), frozenset({"p2"})
)


def told(one: Record, other: Record) -> dict[str, float]:
    return dict(zip(COMPARISONS, compare(one, other).tolist(), strict=True))


def test_what_is_compared() -> None:
    twin = replace(BASE, dispute_id="b", source="police_110", first_recorded=102 * DAY)
    assert told(BASE, twin) == {
        "shared_applicant": 1, "shared_respondent": 1, "shared_both": 1, "swapped": 0, "other_applicant": 0,
        "other_respondent": 0, "same_kind": 1, "same_grid": 1, "log_gap_days": pytest.approx(np.log(3)), "text": 1,
        "amount_equal": 1, "amount_differs": 0, "other_door": 1,
    }  # fmt: skip
    turned = replace(twin, applicants=BASE.respondents, respondents=BASE.applicants)
    assert told(BASE, turned)["swapped"] == 1 and told(BASE, turned)["other_applicant"] == 0
    stranger = replace(twin, applicants=frozenset({"p8"}), respondents=frozenset(), amount_cny=None, text="")
    seen = told(BASE, stranger)
    assert (seen["other_applicant"], seen["other_respondent"], seen["text"]) == (1, 0, 0)
    assert (seen["amount_equal"], seen["amount_differs"]) == (0, 0)


records = st.builds(
    Record,
    st.sampled_from("abc"),
    st.sampled_from(["walk_in", "police_110"]),
    st.sampled_from(["debt", "neighbour"]),
    st.sampled_from(["g1", "g2"]),
    st.text("漏水争吵赔偿", max_size=12),
    st.none() | st.sampled_from([1.0, 2.0]),
    st.integers(0, 40 * DAY),
    st.frozensets(st.sampled_from(["p1", "p2", "p3"]), max_size=2),
    st.frozensets(st.sampled_from(["p1", "p2", "p3"]), max_size=2),
)


@given(records, records)
def test_likeness_is_the_same_in_either_order_and_says_nothing_new_of_a_later_gap(
    one: Record, other: Record
) -> None:
    assert compare(one, other).tolist() == compare(other, one).tolist()
    later = replace(other, first_recorded=max(one.first_recorded, other.first_recorded) + 50 * DAY)
    near, far = (probabilities(compare(one, record)[None, :])[0] for record in (other, later))
    assert far <= near  # waiting never makes two reports more alike


def test_texts_are_alike_by_what_they_say_and_not_by_their_marks() -> None:
    assert text_likeness(TEXT, TEXT.replace("，", "。 ")) == 1.0
    assert text_likeness(TEXT, "借款到期不还，多次催要无果") == 0.0
    assert 0.3 < text_likeness(TEXT, "来电称卫生间漏水把天花板泡坏，多次协商未果") < 1
    assert text_likeness("", TEXT) == text_likeness("水", "水") == 0.0


def test_proposals_are_few_ordered_and_say_why() -> None:
    others = [
        replace(BASE, dispute_id=f"x{n}", source="police_110", first_recorded=(100 + n) * DAY)
        for n in range(9)
    ]
    far = replace(BASE, dispute_id="far", applicants=frozenset({"p7"}), respondents=frozenset({"p8"}), text="",
                  grid_id="g2", kind="debt", amount_cny=7.0)  # fmt: skip
    found = among(BASE, [*others, far])
    assert len(found) == AT_MOST and all(one.probability >= PROPOSED for one in found)
    assert [one.probability for one in found] == sorted((one.probability for one in found), reverse=True)
    assert (
        found[0].why
        == "同一申请人、同一被申请人、同一网格、同类纠纷、金额相同、同日登记、文字相近、来自不同渠道"
    )
    assert "相隔2天" in found[2].why
    assert among(BASE, [far]) == among(BASE, []) == []


def test_weights_say_where_they_come_from_and_point_the_right_way() -> None:
    held = weights()
    assert "bench/duplicates.py" in held.origin["command"] and held.origin["of one dispute"] > 100
    sign = dict(zip(COMPARISONS, held.coefficients.tolist(), strict=True))
    assert min(sign["text"], sign["same_grid"], sign["shared_applicant"], sign["amount_equal"]) >= 0
    assert max(sign["log_gap_days"], sign["other_applicant"], sign["other_respondent"]) <= 0


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("district") / "records"
    generate(folder, end=date(2026, 1, 31), disputes=900, seed=5)
    (folder / "truth.parquet").unlink()
    return folder


@pytest.fixture
def store(store_url: str, district: Path) -> Iterator[Store]:
    opened = open_store(store_url)
    load_folder(district, opened, ingested_at=now_micros())
    yield opened
    opened.close()


def first_moments(district: Path) -> dict[str, int]:
    disputes = pd.read_parquet(district / "disputes.parquet")
    moments = disputes["recorded_at"].astype("datetime64[us, UTC]").astype("int64")
    return dict(zip(disputes["dispute_id"], moments, strict=True))


def test_a_case_at_intake_is_proposed_what_the_whole_caseload_says(store: Store, district: Path) -> None:
    """As of intake, so that what a store knows later (parties put on record late) isn't in the way."""
    first = first_moments(district)
    snapshot = Snapshot.from_folder(district)
    some = [*sorted(first)[400:430], *proposals(snapshot, above=PROPOSED)["dispute_id"].unique()[:20]]
    looked = 0
    for name in some:
        whole = proposals(snapshot.until(first[name] + 1), above=PROPOSED)
        batch = whole.loc[whole["dispute_id"] == name, ["into_id", "probability", "why"]]
        with store.snapshot() as conn:
            alone = [(one.dispute_id, one.probability, one.why) for one in propose(conn, name, first[name])]
        assert alone == [tuple(row) for row in batch.head(AT_MOST).to_numpy().tolist()]
        looked += len(alone)
    assert looked > 5


def test_nothing_later_is_read_and_nothing_merged_is_proposed(store: Store, district: Path) -> None:
    first = first_moments(district)
    pair = proposals(Snapshot.from_folder(district)).iloc[0]
    later, earlier = pair["dispute_id"], pair["into_id"]
    with store.snapshot() as conn:
        before = candidates(conn, earlier, first[earlier])
        assert before is not None
        assert all(one.first_recorded <= first[earlier] for one in before[1])
        assert earlier in {one.dispute_id for one in propose(conn, later, first[later])}
        assert propose(conn, later, first[later] - 1) == [] and propose(conn, "nobody", first[later]) == []
    now = max(first.values()) + 400 * DAY
    with store.begin() as conn:
        merge(conn, later, earlier, by="k", reason="", now=now)
    with store.snapshot() as conn:
        assert propose(conn, later, now) == []
        assert later not in {one.dispute_id for one in propose(conn, earlier, now, above=0)}
        assert earlier in {one.dispute_id for one in propose(conn, later, now - 1)}


def test_what_is_compared_of_one_case_is_bounded(store: Store, district: Path) -> None:
    """A firm that is party to everything, in a grid where everything happens."""
    first = first_moments(district)
    late = max(first.values())
    rows: list[dict[str, Any]] = [
        {"dispute_id": f"hot{n:04d}", "opened_at": late, "recorded_at": late + n, "source": "walk_in", "kind": "debt",
         "grid_id": "g0000", "text": "欠款未还", "amount_cny": None}
        for n in range(400)
    ]  # fmt: skip
    from docket.store.writing import append

    person = pd.read_parquet(district / "persons.parquet")["person_id"][0]
    party = {"person_id": person, "role": "respondent", "relation": "business"}
    with store.begin() as conn:
        append(conn, "disputes", rows, ingested_at=late, via="load")
        parties = [
            {**party, "dispute_id": row["dispute_id"], "recorded_at": row["recorded_at"]} for row in rows
        ]
        append(conn, "parties", parties, ingested_at=late, via="load")
    with store.snapshot() as conn:
        found = candidates(conn, "hot0399", late + 399)
    assert found is not None and MOST <= len(found[1]) <= 2 * MOST
    assert all(abs(one.first_recorded - found[0].first_recorded) < NEAR for one in found[1])
    assert "hot0398" in {one.dispute_id for one in found[1]}


def test_pairs_of_a_caseload_grow_with_the_records_even_in_one_grid() -> None:
    many = [replace(BASE, dispute_id=f"d{n:05d}", first_recorded=n) for n in range(2_000)]
    pairs = near_pairs(many, {})
    assert len(pairs) <= MOST * len(many) and (pairs[:, 0] > pairs[:, 1]).all()


def test_the_command_lists_what_is_proposed(district: Path, tmp_path: Path) -> None:
    anlan = Path(sys.executable).with_name("anlan")
    words = [anlan, "duplicates", "--records", district]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    listed = list(csv.DictReader(io.StringIO(done.stdout)))
    expected = proposals(Snapshot.from_folder(district))
    assert [row["dispute_id"] for row in listed] == expected["dispute_id"].tolist() and len(listed) > 5
    assert float(listed[0]["probability"]) == expected["probability"].iloc[0]
    out = tmp_path / "pairs.csv"
    words += ["--out", out, "--above", "0.9", "--until", "2025-06-30"]
    subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert 0 < len(pd.read_csv(out)) < len(listed)
    wrong = subprocess.run(
        [*words[:4], "--until", "soon"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert wrong.returncode == 2 and "--until soon" in wrong.stderr


def test_records_are_those_that_stand(district: Path) -> None:
    found, people = records_of(Snapshot.from_folder(district))
    assert len(found) == len(pd.read_parquet(district / "disputes.parquet"))
    assert all(people[record.dispute_id] >= record.applicants | record.respondents for record in found)
