"""The calendar of `models.splits`, and labels that have matured."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from docket.snapshot import Snapshot
from docket.times import DAY, from_micros, parse_instant
from models import examples, splits, targets
from models.splits import ImpossibleSplitError

T = parse_instant("2024-01-01")
DELAY = 10 * DAY


def labels_with(conftest_district, folder, outcomes, ids, as_of, cut):
    """Labels of query points in a district whose outcomes are these."""
    tables = dict(conftest_district.tables)
    columns = ["outcome_id", "dispute_id", "at", "recorded_at", "kind", "severity"]
    tables["outcomes"] = pd.DataFrame(
        [
            (
                f"x{i}",
                d,
                pd.Timestamp(at, tz="Asia/Shanghai"),
                pd.Timestamp(known, tz="Asia/Shanghai"),
                kind,
                2,
            )
            for i, (d, at, known, kind) in enumerate(outcomes)
        ],
        columns=columns,
    )
    snapshot = Snapshot.from_folder(type(conftest_district)(tables, conftest_district.truth).write(folder))
    moments = np.array([parse_instant(t) for t in as_of])
    return targets.labels(snapshot, ids, moments, parse_instant(cut), delay=DELAY)


def test_the_calendar_of_an_origin() -> None:
    known_from = parse_instant("2021-01-05")
    origins = splits.rolling_origins(known_from, parse_instant("2024-07-10"), DELAY, start=T)
    assert origins == [splits.Origin(T, T, parse_instant("2024-04-01"))]
    with pytest.raises(ImpossibleSplitError, match=r"mature on 2024-07-10.*records end on 2024-07-09"):
        splits.rolling_origins(known_from, parse_instant("2024-07-10") - 1, DELAY, start=T)


def test_origins_are_quarters_after_a_year_of_records() -> None:
    origins = splits.rolling_origins(parse_instant("2022-01-01"), parse_instant("2024-01-01"), DELAY)
    days = [(from_micros(o.cut) + timedelta(hours=8)).date().isoformat() for o in origins]
    # the quarter from 2023-07-01 would mature on 2024-01-09
    assert days == ["2023-01-01", "2023-04-01"]
    mid = splits.rolling_origins(
        parse_instant("2022-01-01"), parse_instant("2024-01-01"), DELAY, start=parse_instant("2023-02-10")
    )
    assert mid[0].cut == parse_instant("2023-04-01")


def test_the_validation_quarter_of_the_calendar() -> None:
    found = splits.validation(T, parse_instant("2021-01-05"), DELAY)
    assert found == splits.Validation(parse_instant("2023-06-24"), parse_instant("2023-09-23"))
    short = splits.validation(T, parse_instant("2023-07-25"), DELAY)
    assert short.begin == parse_instant("2023-08-24") and short.end == found.end
    with pytest.raises(ImpossibleSplitError, match="no label of 90 days has matured by 2024-01-01"):
        splits.validation(T, parse_instant("2023-09-23"), DELAY)


def test_no_training_before_the_first_record() -> None:
    with pytest.raises(ImpossibleSplitError, match="no training"):
        splits.rolling_origins(T, parse_instant("2026-01-01"), DELAY, start=T)


def test_a_dispute_in_both_parts_is_refused_by_name() -> None:
    splits.refuse_overlap(["d1"], ["d2"])
    with pytest.raises(ImpossibleSplitError, match="d2, d3"):
        splits.refuse_overlap(["d1", "d2", "d3"], ["d3", "d2", "d4"])


def test_what_each_example_of_the_calendar_teaches(district, tmp_path) -> None:
    ids = ["d000001", "d000002", "d000003"]
    found = labels_with(district, tmp_path, [], ids, ["2023-12-01", "2023-10-20", "2023-09-23"], "2024-01-01")
    assert found.intervals_observed.tolist() == [1, 2, 3]
    assert np.isnan(found.within("escalation", 90)).tolist() == [True, True, False]
    assert found.within("escalation", 90)[2] == 0
    assert found.within("escalation", 30).tolist()[1:] == [0, 0]


def test_an_outcome_recorded_at_or_after_the_cut_is_not_seen(district, tmp_path) -> None:
    late = [("d000001", "2023-09-25", "2024-01-01", "violence")]
    found = labels_with(district, tmp_path / "a", late, ["d000001"], ["2023-09-01"], "2024-01-01")
    assert found.within("violence", 90).tolist() == [0]
    in_time = [("d000001", "2023-09-25", "2023-12-31", "violence")]
    found = labels_with(district, tmp_path / "b", in_time, ["d000001"], ["2023-09-01"], "2024-01-01")
    assert found.within("violence", 90).tolist() == [1]
    assert found.within("escalation", 90).tolist() == [1]
    assert found.within("self_harm", 90).tolist() == [0]
    assert found.interval[0].tolist() == [1, 4, 4, 1]


def test_a_harm_known_before_its_horizon_matured_is_unknown_not_positive(district, tmp_path) -> None:
    known = [("d000001", "2023-12-10", "2023-12-11", "extreme_act")]
    found = labels_with(district, tmp_path, known, ["d000001"], ["2023-12-01"], "2024-01-01")
    assert np.isnan(found.within("escalation", 30)).all()


def test_harm_at_or_before_the_moment_is_no_label(district, tmp_path) -> None:
    before = [
        ("d000001", "2023-09-01", "2023-09-02", "self_harm"),
        ("d000001", "2023-10-01", "2023-10-02", "extreme_act"),
    ]
    found = labels_with(
        district, tmp_path, before, ["d000001", "d000001"], ["2023-09-01", "2023-08-31"], "2024-01-01"
    )
    days = found.first[:, targets.TARGETS.index("self_harm")] / DAY
    assert days.tolist() == [30, 1]


def test_the_delay_is_that_of_outcomes_known_by_the_cut(district, tmp_path) -> None:
    snapshot = Snapshot.from_folder(district.write(tmp_path))
    cut = parse_instant("2024-01-01")
    delay = targets.reporting_delay(snapshot, cut)
    known = targets.known_outcomes(snapshot, cut)
    settled = known[known["at"] < cut - 180 * DAY]
    assert (settled["learned"] - settled["at"] <= delay).mean() == pytest.approx(0.95, abs=0.02)
    assert (known["learned"] < cut).all()
    early = parse_instant("2022-02-01")
    assert len(targets.known_outcomes(snapshot, early)) < targets.FEW_OUTCOMES
    assert targets.reporting_delay(snapshot, early) >= targets.FALLBACK_DELAY


@pytest.fixture(scope="module")
def points(district_folder) -> tuple[Snapshot, pd.DataFrame]:
    snapshot = Snapshot.from_folder(district_folder)
    return snapshot, examples.sample(snapshot, T, seed=3)


def test_points_are_few_and_weighted_so_that_no_dispute_dominates(points) -> None:
    _, found = points
    assert found.groupby("dispute_id").size().max() <= 5
    weight = found.groupby("dispute_id")["weight"].sum()
    assert weight.max() <= 2.5 and weight.min() >= 1
    assert set(found["point"]) == {"intake", "event", "quiet"}


def test_points_lie_between_intake_and_cut_and_the_seed_fixes_them(points) -> None:
    snapshot, found = points
    intake = examples.intakes(snapshot, T).set_index("dispute_id")["intake"]
    assert (found["as_of"] >= found["dispute_id"].map(intake)).all()
    assert (found["as_of"] < T).all()
    assert found.equals(examples.sample(snapshot, T, seed=3))
    assert not found.equals(examples.sample(snapshot, T, seed=4))


def test_event_points_are_moments_of_records(points) -> None:
    snapshot, found = points
    events = snapshot.tables["events"].to_pandas()
    own = set(zip(events["dispute_id"], events["recorded_at"], strict=True))
    after = found[found["point"] == "event"]
    from_events = [pair in own for pair in zip(after["dispute_id"], after["as_of"], strict=True)]
    assert 0.5 < np.mean(from_events) <= 1


def test_quiet_days_lie_in_open_time_only(points) -> None:
    snapshot, found = points
    segments = examples.open_segments(snapshot, T)
    quiet = found[found["point"] == "quiet"].merge(segments, on="dispute_id")
    inside = (quiet["as_of"] >= quiet["begin"]) & (quiet["as_of"] < quiet["end"])
    assert inside.groupby([quiet["dispute_id"], quiet["as_of"]]).any().all()


def test_a_closed_dispute_is_not_open_until_reopened(district, tmp_path) -> None:
    stamp = lambda day: pd.Timestamp(day, tz="Asia/Shanghai")  # noqa: E731
    tables = dict(district.tables)
    first = (
        tables["disputes"].iloc[[0]].assign(recorded_at=stamp("2022-01-10"), opened_at=stamp("2022-01-09"))
    )
    tables["disputes"] = first
    name = first["dispute_id"].iloc[0]
    tables["parties"] = tables["parties"][tables["parties"]["dispute_id"] == name]
    tables["outcomes"] = tables["outcomes"].iloc[:0]
    tables["events"] = pd.DataFrame(
        [
            ("a", name, stamp("2022-02-01"), stamp("2022-02-02"), "closed", None),
            ("b", name, stamp("2022-03-01"), stamp("2022-03-02"), "reopened", None),
        ],
        columns=["event_id", "dispute_id", "at", "recorded_at", "kind", "text"],
    )
    snapshot = Snapshot.from_folder(type(district)(tables, district.truth).write(tmp_path))
    found = examples.open_segments(snapshot, parse_instant("2023-01-01"))
    spans = [(b, e) for b, e in zip(found["begin"], found["end"], strict=True)]
    day = parse_instant
    assert spans == [
        (day("2022-01-10"), day("2022-02-02")),
        (day("2022-03-02"), day("2022-03-02") + 180 * DAY),
    ]
