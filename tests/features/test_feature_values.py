"""Values that a person can check, and keys that hold everything."""

from __future__ import annotations

import math
import time
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest
from made_districts import (
    START,
    Rows,
    add_dispute,
    add_event,
    add_grid,
    add_outcome,
    empty,
    snapshot,
)

from docket.snapshot import Snapshot
from docket.times import DAY, HOUR, LOCAL, to_micros
from features.catalogue import BY_NAME
from features.contributions import arrange
from features.declarations import Aggregate, Entity, Measure
from features.engine import compute
from features.expansion import Expansion, request_of
from features.measures import Asked, measured
from features.portable import LOOKUP, transpile
from features.sources import DuckSource
from features.streams import STREAMS


def value(rows: Rows, name: str, dispute: str, day: float) -> float:
    moments = np.array([START + int(day * DAY)])
    return float(
        compute(DuckSource(snapshot(rows)), [dispute], moments, features=[BY_NAME[name]])[name].item()
    )


def two_neighbours() -> Rows:
    """The same two, in turn applicant and respondent, in three disputes 100 days apart."""
    rows = empty()
    add_grid(rows, "g0")
    for number in range(3):
        sides = ["p0", "p1"] if number != 1 else ["p1", "p0"]
        at = START + number * 100 * DAY
        add_dispute(rows, f"d{number}", at, at, [(sides[0], "applicant"), (sides[1], "respondent")])
    return rows


def test_a_pair_is_one_pair_whoever_complains() -> None:
    rows = two_neighbours()
    assert value(rows, "pair_disputes_ever", "d2", 200) == 2
    assert value(rows, "pair_disputes_90d", "d2", 200) == 0
    assert value(rows, "pair_disputes_365d", "d2", 365 + 99) == 1
    assert value(rows, "pair_days_since_dispute", "d2", 200) == 100
    assert value(rows, "respondent_accused_ever", "d2", 200) == 1  # p1, in d0


def test_a_window_closes_at_its_very_end() -> None:
    rows = two_neighbours()
    assert value(rows, "pair_disputes_365d", "d2", 365 - 1e-9) == 2
    assert value(rows, "pair_disputes_365d", "d2", 365) == 1


def test_a_late_outcome_counts_from_when_it_was_recorded_and_fades_from_when_it_happened() -> None:
    rows = two_neighbours()
    add_outcome(rows, "o0", "d0", START + 5 * DAY, START + 370 * DAY, severity=4)
    assert value(rows, "pair_harm_ever", "d2", 369.9) == 0
    assert value(rows, "pair_harm_ever", "d2", 370) == 1
    assert value(rows, "pair_harm_recent", "d2", 370) == pytest.approx(4 / 2)
    assert value(rows, "pair_days_since_harm", "d2", 370) == 365


def test_what_was_learned_after_its_window_had_passed_never_counts() -> None:
    rows = two_neighbours()
    add_event(rows, "e0", "d0", START, START + 366 * DAY, "police_call")
    for day in (365, 366, 367, 900):
        assert value(rows, "pair_police_calls_365d", "d2", day) == 0
    assert value(rows, "police_calls", "d0", 366) == 1


def test_the_dispute_itself_is_no_history_of_its_parties() -> None:
    rows = two_neighbours()
    add_outcome(rows, "o2", "d2", START + 201 * DAY, START + 201 * DAY)
    assert value(rows, "harm_in_dispute", "d2", 201) == 1
    assert value(rows, "pair_harm_ever", "d2", 201) == 0
    assert value(rows, "pair_harm_ever", "d1", 201) == 1


def test_the_most_worrying_of_several_respondents_stands() -> None:
    rows = two_neighbours()
    add_dispute(rows, "d3", START, START, [("p2", "respondent")])
    at = START + 300 * DAY
    add_dispute(
        rows,
        "d4",
        at,
        at,
        [("p9", "applicant"), ("p2", "respondent"), ("p1", "respondent"), ("p7", "respondent")],
    )
    assert value(rows, "respondent_disputes_ever", "d4", 300) == 3
    assert value(rows, "respondent_days_since_dispute", "d4", 300) == 100


def test_hour_and_weekday_are_those_of_the_district() -> None:
    rows = empty()
    add_grid(rows, "g0")
    # START is Wednesday 2023-03-01 09:30 in Asia/Shanghai; 15 hours on it is past midnight there.
    add_dispute(rows, "d0", START + 15 * HOUR, START + 20 * HOUR)
    assert value(rows, "opened_hour", "d0", 1) == 0
    assert value(rows, "opened_weekday", "d0", 1) == 3
    assert value(rows, "report_delay_days", "d0", 1) == pytest.approx(5 / 24)


def test_a_small_place_is_shrunk_to_the_rate_of_its_street() -> None:
    rows = empty()
    add_grid(rows, "g0", "c0", "s0")
    add_grid(rows, "g1", "c1", "s0")
    for number in range(81):
        add_dispute(rows, f"d{number:02d}", START, START, grid="g0" if number == 1 else "g1")
        if 2 <= number < 42:
            add_outcome(rows, f"o{number}", f"d{number:02d}", START, START)
    # d00 stands in g1 and is left out: 40 of the street's 80 came to harm, none of g0's one.
    street = (40 + 20 * 0.02) / (80 + 20)
    # Of the street's 79 * 78 pairs within a grid 40 * 39 came to harm both, hardly more than chance has it.
    strength = min(500, 0.5 * 0.5 / (40 * 39 / (79 * 78) - 0.5**2) - 1)
    add_dispute(rows, "new", START + DAY, START + DAY, grid="g0")
    rows["disputes"] = [row for row in rows["disputes"] if row["dispute_id"] != "d00"]
    assert value(rows, "street_harm_rate", "new", 2) == pytest.approx(street)
    assert value(rows, "grid_harm_rate", "new", 2) == pytest.approx(strength * street / (1 + strength))
    assert value(rows, "grid_harm_rate", "new", 400) == pytest.approx(0.02)


def test_a_place_is_shrunk_the_less_the_more_places_differ() -> None:
    """Two grids of 40: alike, and nothing of their own is believed; apart, and most of it is."""

    def rates(first: int, second: int) -> tuple[float, float]:
        rows = empty()
        for place, harmed in enumerate((first, second)):
            add_grid(rows, f"g{place}", "c0", "s0")
            for number in range(40):
                add_dispute(rows, f"d{place}{number:02d}", START, START, grid=f"g{place}")
                if number < harmed:
                    add_outcome(rows, f"o{place}{number}", f"d{place}{number:02d}", START, START)
        add_dispute(rows, "new", START + DAY, START + DAY, grid="g0")
        return value(rows, "grid_harm_rate", "new", 2), value(rows, "street_harm_rate", "new", 2)

    alike, street = rates(10, 10)
    assert street == pytest.approx((20 + 0.4) / 100)
    assert alike == pytest.approx((10 + 500 * street) / (40 + 500))
    apart, street = rates(15, 5)
    both = (15 * 14 + 5 * 4) / (2 * 40 * 39)
    strength = 0.25 * 0.75 / (both - 0.25**2) - 1
    assert 5 < strength < 50
    assert apart == pytest.approx((15 + strength * street) / (40 + strength))


def test_a_firm_in_thousands_of_disputes_reaches_only_those_it_last_met() -> None:
    rows = empty()
    add_grid(rows, "g0")
    for number in range(60):
        at = START + number * DAY
        sides = [(f"p{number:02d}", "applicant"), ("firm", "respondent")]
        add_dispute(rows, f"d{number:02d}", at, at, sides, relation="business")
        add_dispute(rows, f"e{number:02d}", at, at, [(f"p{number:02d}", "respondent")])
    source = DuckSource(snapshot(rows))
    request = request_of(source, ["d59", "d59"], np.array([START + 100 * DAY, START + 59 * DAY]))
    found = request.expansions[Entity.CONTACT]
    names = found.names.take(pa.array(found.key)).to_pylist()
    assert sorted(names) == sorted(2 * [f"p{number}" for number in range(35, 59)])
    assert request.expansions[Entity.RELATIVE].key.size == 0


def test_a_relative_is_who_another_dispute_of_the_family_names() -> None:
    rows = empty()
    add_grid(rows, "g0")
    family = [("wife", "applicant"), ("husband", "respondent"), ("child", "affected")]
    add_dispute(rows, "d0", START, START, family, kind="family", relation="spouse")
    add_dispute(rows, "d1", START + DAY, START + DAY, [("child", "applicant"), ("neighbour", "respondent")])
    add_dispute(rows, "d2", START + 2 * DAY, START + 2 * DAY, family[:2], kind="divorce", relation="spouse")
    request = request_of(DuckSource(snapshot(rows)), ["d2"], np.array([START + 2 * DAY]))
    for entity, names in ((Entity.RELATIVE, ["child"]), (Entity.CONTACT, [])):
        found = request.expansions[entity]
        assert found.names.take(pa.array(found.key)).to_pylist() == names


def test_a_deadline_is_missed_a_moment_after_it_and_met_at_it() -> None:
    rows = two_neighbours()
    assert value(rows, "contact_missed_24h", "d0", 1) == 0
    assert value(rows, "contact_missed_24h", "d0", 1 + 1e-10) == 1
    assert value(rows, "contact_wait_days", "d0", 3) == 3
    add_event(rows, "e0", "d0", START + DAY, START + 2 * DAY, "contacted")
    assert value(rows, "contact_missed_24h", "d0", 1.5) == 1  # as far as anybody knew
    assert value(rows, "contact_missed_24h", "d0", 2) == 0
    assert value(rows, "contact_missed_30min", "d0", 2) == 1
    assert value(rows, "contact_wait_days", "d0", 40) == 1


def test_a_pair_has_two_directions() -> None:
    rows = two_neighbours()
    assert value(rows, "pair_reversed_ever", "d2", 200) == 1
    assert value(rows, "pair_same_direction_ever", "d2", 200) == 1
    assert value(rows, "pair_reversed_ever", "d1", 100) == 1
    assert value(rows, "pair_same_direction_ever", "d1", 100) == 0


def test_from_quarrel_to_blows_is_a_rise() -> None:
    rows = two_neighbours()
    rows["disputes"][2]["kind"] = "injury"
    assert value(rows, "pair_kind_rise", "d2", 200) == 1
    assert value(rows, "respondent_kind_rise", "d2", 200) == 1
    assert math.isnan(value(rows, "pair_kind_rise", "d0", 0))
    for number, (kind, severity) in enumerate((("repeat_report", 1), ("police_call", 4))):
        at = START + (201 + number) * DAY
        add_event(rows, f"e{number}", "d2", at, at, kind)
        add_outcome(rows, f"o{number}", "d2", at, at, severity=severity)
    assert value(rows, "step_rise", "d2", 201) == 0
    assert value(rows, "step_rise", "d2", 202) == 2
    assert value(rows, "harm_in_dispute_rise", "d2", 202) == 3
    assert BY_NAME["step_rise"].describe(2.0) == "本纠纷的事态较初期升级"
    assert BY_NAME["step_rise"].describe(-1.0) is None


def test_trouble_after_an_order_is_told_apart_from_trouble_before_it() -> None:
    rows = two_neighbours()
    add_event(rows, "e0", "d0", START + DAY, START + DAY, "police_call")
    add_event(rows, "e1", "d0", START + 3 * DAY, START + 3 * DAY, "protection_order")
    assert value(rows, "trouble_after_order_days", "d0", 5) == -2
    add_event(rows, "e2", "d0", START + 10 * DAY, START + 10 * DAY, "repeat_report")
    assert value(rows, "trouble_after_order_days", "d0", 30) == 7
    feature = BY_NAME["trouble_after_order_days"]
    assert feature.describe(7.0) == "告诫书或保护令发出7天后又有报警、重复报告或违约"
    assert feature.describe(-2.0) is None


def test_doors_are_two_at_most() -> None:
    rows = two_neighbours()
    rows["disputes"][0]["source"] = "hotline_12345"
    assert value(rows, "doors", "d0", 1) == 1
    add_event(rows, "e0", "d0", START + DAY, START + DAY, "repeat_report")
    assert value(rows, "doors", "d0", 2) == 1
    add_event(rows, "e1", "d0", START + 2 * DAY, START + 2 * DAY, "police_call")
    assert value(rows, "doors", "d0", 3) == 2


def test_who_holds_two_roles_in_a_dispute_is_told_of_its_harm_once() -> None:
    rows = two_neighbours()
    rows["parties"].append({**rows["parties"][0], "role": "respondent"})
    add_outcome(rows, "o0", "d0", START, START, severity=2)
    assert value(rows, "applicant_harm_recent", "d2", 365) == pytest.approx(1)


@pytest.mark.parametrize(("day", "holiday"), [("2024-02-10", 1), ("2024-02-09", 0), ("2024-02-15", 1)])
def test_holidays_are_those_announced(day: str, holiday: float) -> None:
    rows = empty()
    add_grid(rows, "g0")
    at = to_micros(datetime.fromisoformat(f"{day}T00:30").replace(tzinfo=LOCAL))
    add_dispute(rows, "d0", at, at)
    assert value(rows, "opened_on_holiday", "d0", 1000) == holiday
    assert value(rows, "opened_month", "d0", 1000) == 1


def test_reasons_read_as_a_person_would_say_them() -> None:
    assert BY_NAME["respondent_police_calls_365d"].describe(3.0) == "被申请人近365天内在其他纠纷中3次涉及报警"
    assert BY_NAME["respondent_police_calls_365d"].describe(0.0) is None
    assert BY_NAME["pair_days_since_dispute"].describe(12.7) == "距双方上一起纠纷12天"
    assert BY_NAME["dispute_kind"].describe(3.0) == "纠纷类型为邻里纠纷"
    assert BY_NAME["dispute_kind"].describe(17.0) is None
    assert BY_NAME["closest_relation"].describe(8.0) is None
    assert BY_NAME["log_amount"].describe(math.log1p(3000)) == "涉及金额约3000元"
    assert BY_NAME["from_police"].describe(0.0) is None


@pytest.mark.parametrize("aggregate", [Aggregate.COUNT, Aggregate.DECAYED, Aggregate.SINCE, Aggregate.MAX])
def test_a_key_that_holds_everything_takes_no_square_of_time(aggregate: Aggregate) -> None:
    """Half of the rows have ended by any moment: a scan back for a live one would take hours."""
    size = 200_000
    rng = np.random.default_rng(2)
    at = START + np.sort(rng.integers(0, 900 * DAY, size))
    until = at + 50 * DAY
    disputes = pa.array([f"d{number:05d}" for number in rng.integers(0, 5_000, size)])
    table = pa.table(
        {
            "key": pa.array(["hot"] * size),
            "dispute_id": disputes,
            "item": pa.array([f"i{number:06d}" for number in range(size)]),
            "known": at,
            "at": at,
            "until": until,
            "kind": pa.array(["k"] * size),
            "value": rng.integers(1, 6, size).astype(float),
        }
    )
    rows = arrange(table, pa.array(["hot"]))
    as_of = START + rng.integers(0, 2000 * DAY, size)
    expansion = Expansion(np.arange(size), np.zeros(size, np.int64), pa.array(["hot"]))
    asked = Asked.of(rows, expansion, as_of, rows.places(disputes))
    half_life = 30.0 if aggregate is Aggregate.DECAYED else None
    measure = Measure("person_events", Entity.PERSON, aggregate, half_life=half_life, not_own=True)
    measured(measure, rows, asked)  # compiled by now
    began = time.process_time()
    measured(measure, rows, asked)
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgresql"])
def test_every_stream_has_its_lookup_left_in_every_branch(engine: str) -> None:
    for stream in STREAMS.values():
        assert transpile(stream.sql, engine).count(LOOKUP) == stream.sql.count("SELECT") >= 1


def test_the_other_district_computes(shared_data) -> None:
    made = Snapshot.from_folder(shared_data / "district_b" / "clean")
    disputes = made.tables["disputes"]
    names = disputes["dispute_id"].to_pylist()
    frame = compute(DuckSource(made), names, disputes["recorded_at"].to_numpy())
    assert len(frame) == len(names)
    assert frame["dispute_kind"].notna().all()
    assert (frame["event_count"] == 0).mean() > 0.9
    assert frame["pair_disputes_ever"].max() >= 2
