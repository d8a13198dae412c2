"""What visiting does is found where it is known: in made-up data, by lot, and on the demo district."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from small_district import EMPTY, GRIDS, WORKERS

from docket.demo import generate, law
from docket.snapshot import Snapshot
from docket.times import DAY, HOUR, parse_instant
from models.effects.days import District, district, local_days
from models.effects.estimating import Occasions, doubly_robust, imbalance, unweighted, weighted
from models.effects.lots import by_lot
from models.effects.visiting import _counted, _Stayed, estimate

CUT = parse_instant("2026-01-01")
_LOCAL = ZoneInfo("Asia/Shanghai")
TRUE = float(np.exp(law.EFFECT["visit"]))
RATIO = 0.6


def _made_up(seed: int, n: int = 4_000) -> tuple[Occasions, np.ndarray, np.ndarray]:
    """Who is in danger is visited more; a visit takes 40 % of what is to come. Also: the danger, and what comes."""
    rng = np.random.default_rng(seed)
    danger = rng.normal(size=n)
    chance = 1 / (1 + np.exp(1.5 - danger))
    expected = np.exp(-1.0 + 0.7 * danger)
    treated = rng.random(n) < chance
    outcome = rng.poisson(expected * np.where(treated, RATIO, 1.0)).astype(float)
    made = Occasions(treated, outcome, chance / (1 - chance), np.ones(n), np.arange(n))
    return made, danger, expected


def test_who_is_visited_is_in_danger_and_weighting_puts_that_right() -> None:
    data, danger, expected = _made_up(1, 40_000)
    assert unweighted(data).ratio > 1.0  # as if visiting did harm
    for effect in (weighted(data), doubly_robust(data, expected)):
        assert effect.ratio_low < RATIO < effect.ratio_high
        assert effect.difference_low < effect.untreated * (1 - RATIO) < effect.difference_high
    before, after = imbalance(data, danger[:, None])
    assert before > 0.5 and after < 0.05


def test_either_model_may_be_wrong_but_not_both() -> None:
    data, danger, expected = _made_up(2, 40_000)
    blind = Occasions(data.treated, data.outcome, np.ones(len(danger)), data.weight, data.cluster)
    wrong = np.full(len(danger), expected.mean())
    assert doubly_robust(data, wrong).ratio == pytest.approx(RATIO, abs=0.05)
    assert doubly_robust(blind, expected).ratio == pytest.approx(RATIO, abs=0.05)
    assert doubly_robust(blind, wrong).ratio > 0.9


@pytest.mark.parametrize("estimator", ["weighted", "doubly robust"])
def test_intervals_hold_the_truth_as_often_as_they_say(estimator: str) -> None:
    held = 0
    for seed in range(300):
        data, _, expected = _made_up(1_000 + seed)
        effect = weighted(data) if estimator == "weighted" else doubly_robust(data, expected)
        held += effect.ratio_low <= RATIO <= effect.ratio_high
    assert 0.92 <= held / 300 <= 0.98


def test_what_one_cluster_says_twice_counts_once() -> None:
    data, _, _ = _made_up(3)
    twice = Occasions(
        *(np.tile(getattr(data, name), 2) for name in ("treated", "outcome", "odds", "weight", "cluster"))
    )
    one, two = weighted(data), weighted(twice)
    assert two.ratio == pytest.approx(one.ratio)
    assert (two.ratio_low, two.ratio_high) == pytest.approx((one.ratio_low, one.ratio_high))


def _at(day: int, hour: int = 9) -> str:
    """So many days before the cut."""
    return (datetime(2026, 1, 1, hour, tzinfo=_LOCAL) - timedelta(days=day)).isoformat()


Records = Callable[..., Snapshot]


@pytest.fixture
def records(tmp_path: Path) -> Records:
    def made(**tables: list[dict[str, object]]) -> Snapshot:
        GRIDS.to_csv(tmp_path / "grids.csv", index=False)
        WORKERS.to_csv(tmp_path / "workers.csv", index=False)
        for name, columns in EMPTY.items():
            pd.DataFrame(tables.get(name, []), columns=columns).to_csv(tmp_path / f"{name}.csv", index=False)
        return Snapshot.from_folder(tmp_path)

    return made


def _dispute(
    name: str, day: int, person: str = "p"
) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    opened = {"dispute_id": name, "opened_at": _at(day), "recorded_at": _at(day), "source": "walk_in",
              "kind": "neighbour", "grid_id": "g1", "text": "协商未果。"}  # fmt: skip
    party = {
        "dispute_id": name,
        "person_id": person,
        "role": "applicant",
        "relation": "neighbour",
        "recorded_at": _at(day),
    }
    who = {"person_id": person, "sex": "male", "grid_id": "g1", "recorded_at": _at(day)}
    return opened, party, who


def _visit(name: str, day: int, *, met: bool = True, recorded: int | None = None) -> dict[str, object]:
    told = _at(day if recorded is None else recorded, 18)
    return {"visit_id": name, "person_id": "p", "worker_id": "w1", "at": _at(day), "recorded_at": told,
            "contact": met, "finding": "calm"}  # fmt: skip


def _call(name: str, dispute: str, day: int) -> dict[str, object]:
    return {
        "event_id": name,
        "dispute_id": dispute,
        "at": _at(day),
        "recorded_at": _at(day, 10),
        "kind": "police_call",
    }


def _days(snapshot: Snapshot, follow: int = 10) -> District:
    return district(snapshot, CUT, follow=follow, delay=0)


def test_a_visit_counts_for_the_dispute_that_came_last_and_from_when_it_was_recorded(
    records: Records,
) -> None:
    first, second = _dispute("d1", 100), _dispute("d2", 50)
    found = _days(
        records(
            disputes=[first[0], second[0]], parties=[first[1], second[1]], persons=[first[2]],
            visits=[_visit("v1", 80, recorded=78), _visit("v2", 40), _visit("v3", 30, met=False)],
        )
    )  # fmt: skip
    today = int(local_days(np.array([CUT]))[0])
    one, two = np.array([0]), np.array([1])
    assert found.visits.on(one, np.array([today - 78])) and not found.visits.on(one, np.array([today - 80]))
    assert found.visits.on(two, np.array([today - 40])) and not found.visits.on(one, np.array([today - 40]))
    assert not found.visits.on(two, np.array([today - 30]))  # nobody was met
    # once the person's second dispute is known, nobody is visited about the first
    assert found.current(one, np.array([today - 51])) == 1 and found.current(one, np.array([today - 50])) == 0
    assert found.current(two, np.array([today - 50])) == 1
    assert found.end == today - 11  # ten days of what follows are seen of each


def test_what_comes_after_the_next_visit_says_nothing_of_being_unvisited(records: Records) -> None:
    opened, party, who = _dispute("d1", 100)
    calls = [_call("e1", "d1", 77), _call("e2", "d1", 75), _call("e3", "d1", 74), _call("e4", "d1", 60)]
    found = _days(
        records(disputes=[opened], parties=[party], persons=[who], events=calls, visits=[_visit("v", 75)])
    )
    dispute, day = found.days
    today = int(local_days(np.array([CUT]))[0])
    chance = np.full(len(day), 0.1)
    stayed = _Stayed(dispute, day, chance)
    rows = np.flatnonzero(np.isin(day, [today - 80, today - 75]))
    unvisited, visited = rows
    counted = _counted(found, found.happened["trouble"], stayed, np.array([visited, unvisited]), 1, 10)
    # After the visit of day 75: the call of day 74. Without one from day 80 on: those of days 77 and 75, each
    # standing for those who were visited before it came, and not that of day 74, for the visit worked by then.
    assert counted[0] == 1.0
    assert counted[1] == pytest.approx(1 / 0.9**2 + 1 / 0.9**4)


def test_nothing_that_was_learned_later_is_in_what_a_day_knew(records: Records) -> None:
    opened, party, who = _dispute("d1", 100)
    late = {"event_id": "e", "dispute_id": "d1", "at": _at(90), "recorded_at": _at(70), "kind": "police_call"}
    snapshot = records(disputes=[opened], parties=[party], persons=[who], events=[late])
    without = records(disputes=[opened], parties=[party], persons=[who])
    today = int(local_days(np.array([CUT]))[0])
    before, after = np.array([today - 70]), np.array([today - 69])
    one = np.array([0])
    knew, knows = _days(snapshot), _days(without)
    assert (knew.columns(one, before) == knows.columns(one, before)).all()
    assert (knew.columns(one, after) != knows.columns(one, after)).any()


def test_places_given_by_lot_tell_of_an_effect_whatever_their_chances(records: Records) -> None:
    rng = np.random.default_rng(5)
    n = 600
    disputes, parties, persons, events, plans = [], [], [], [], []
    today = date(2026, 1, 1)
    for number in range(n):
        opened, party, who = _dispute(f"d{number}", 100, f"p{number}")
        disputes.append(opened)
        parties.append(party)
        persons.append(who)
        danger = rng.random() < 0.5
        chance = 0.6 if danger else 0.1
        listed = rng.random() < chance
        rate = (0.8 if danger else 0.1) * (0.5 if listed else 1.0)
        events += [
            _call(f"e{number}-{k}", f"d{number}", int(rng.integers(45, 55))) for k in range(rng.poisson(rate))
        ]
        plans.append({"date": (today - timedelta(days=60)).isoformat(), "worker_id": "w1", "person_id": f"p{number}",
                      "dispute_id": f"d{number}", "rank": 1 if listed else None, "propensity": chance})  # fmt: skip
    sure = {**plans[0], "person_id": "sure", "rank": 1, "propensity": 1.0}
    late = {**plans[0], "person_id": "late", "date": (today - timedelta(days=3)).isoformat()}
    snapshot = records(disputes=disputes, parties=parties, persons=persons, events=events)
    found = by_lot(snapshot, _days(snapshot, 30), [*plans, sure, late], CUT, follow=30)
    assert found is not None and found.places == n  # neither who was sure nor whose days aren't over
    trouble, harm = found.found
    assert trouble.ratio_low < 0.5 < trouble.ratio_high < 1.0
    assert harm.treated == harm.untreated == 0.0 and np.isnan(harm.ratio)
    assert by_lot(snapshot, _days(snapshot, 30), plans[:20], CUT, follow=30) is None


def test_the_demo_districts_visits_are_found_to_do_what_they_do(tmp_path: Path) -> None:
    folder = tmp_path / "records"
    generate(folder, end=date(2026, 1, 31), disputes=5_000, seed=4)
    snapshot = Snapshot.from_folder(folder)
    found = estimate(district(snapshot, parse_instant("2026-02-01"), follow=30, delay=30 * DAY + HOUR))
    assert found is not None and found.visits > 500
    assert found.imbalance[0] > 0.3 and found.imbalance[1] < 0.15
    trouble = found.found[0]
    assert trouble.unweighted.ratio > 0.9  # to the eye visiting does next to nothing
    for effect in (trouble.weighted, trouble.doubly_robust):
        assert effect.ratio_low < TRUE < effect.ratio_high < 1.1


def test_few_visits_give_no_estimate(records: Records) -> None:
    opened, party, who = _dispute("d1", 100)
    assert (
        estimate(_days(records(disputes=[opened], parties=[party], persons=[who], visits=[_visit("v", 50)])))
        is None
    )
