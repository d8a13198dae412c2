"""Trouble: what counts, when it is known, and that following it keeps the hazard's rules."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from made_up_district import CUT, District

from docket.snapshot import Snapshot
from docket.times import DAY, parse_instant
from models import trouble
from models.blocks import STARTS, Points
from models.design import Column
from models.hazard import TEXT_COLUMNS, EscalationHazard
from models.hazard_settings import HazardSettings
from models.rows import HazardRows


def with_events(district: District, folder: Path, rows: list[tuple[str, str, str, str]]) -> Snapshot:
    """The district with these events alone: dispute, kind, when, when recorded."""
    events = pd.DataFrame(
        [
            (f"e{i}", d, kind, pd.Timestamp(at, tz="Asia/Shanghai"), pd.Timestamp(known, tz="Asia/Shanghai"))
            for i, (d, kind, at, known) in enumerate(rows)
        ],
        columns=["event_id", "dispute_id", "kind", "at", "recorded_at"],
    )
    return Snapshot.from_folder(district.with_tables(events=events).write(folder))


def test_trouble_is_counted_once_within_90_days_and_if_known(small: District, tmp_path: Path) -> None:
    a, b = small.tables["disputes"]["dispute_id"].iloc[[0, 1]]
    snapshot = with_events(
        small,
        tmp_path / "records",
        [
            (a, "police_call", "2023-01-10", "2023-01-10"),
            (a, "contacted", "2023-01-11", "2023-01-11"),
            (a, "repeat_report", "2023-01-01", "2023-01-01"),
            (a, "police_call", "2023-04-02", "2023-04-02"),
            (b, "agreement_breached", "2023-01-20", "2023-07-01"),
        ],
    )
    as_of = np.full(2, parse_instant("2023-01-01"))
    counts, seen = trouble.troubles(snapshot, [a, b], as_of, CUT)
    assert counts.tolist() == [1, 0]
    assert seen.tolist() == [1, 1]
    assert trouble.troubles(snapshot, [a, b], as_of, CUT + DAY)[0].tolist() == [1, 1]


def rows_of(n: int) -> tuple[np.ndarray, HazardRows, np.ndarray]:
    rng = np.random.default_rng(0)
    table = rng.integers(0, 5, (n, 3)).astype(float)
    event = (rng.random(n) < 0.01 * (1 + table[:, 0])).astype(float)
    return table, HazardRows(np.arange(n), np.full(n, 2), event), np.ones(n)


def fitted(lead: trouble.Lead | None) -> EscalationHazard:
    table, rows, weight = rows_of(4_000)
    columns = [Column(name, "plain", sign) for name, sign in (("a", 1), ("b", 1), ("c", 0))]
    return EscalationHazard.fit(
        table, np.zeros((len(table), 0)), np.zeros((len(table), len(TEXT_COLUMNS))), rows, weight, columns=columns,
        cue_names=(), cue_signs=(), cue_points=np.zeros(0), settings=HazardSettings(threads=1, trees=0),
        seed=0, lead=lead,
    )  # fmt: skip


def test_a_lead_that_agrees_with_the_harms_is_followed_and_one_that_does_not_is_not() -> None:
    table, _, _ = rows_of(4_000)
    alone = fitted(None)
    x = alone.design(table)
    right = fitted(trouble.Lead(x @ np.array([1.0, 0, 0]), np.array([1.0, 0, 0]), 1))
    wrong = fitted(trouble.Lead(x @ np.array([-1.0, 0, 0]), np.array([-1.0, 0, 0]), 1))
    assert right.coefficients[0] > 1.5 * alone.coefficients[0] > 0
    assert np.allclose(wrong.coefficients, alone.coefficients, atol=1e-3)


def test_following_a_lead_leaves_the_mean_hazard_alone() -> None:
    table, rows, _ = rows_of(4_000)
    x = fitted(None).design(table)
    led = fitted(trouble.Lead(x @ np.array([1.0, 0, 0]) + 5.0, np.array([1.0, 0, 0]), 1))
    found = led.hazards(table, np.zeros((len(table), 0)), np.zeros((len(table), len(TEXT_COLUMNS))))[:, 2]
    assert np.isclose(found.mean(), rows.event.mean(), rtol=0.05)


def test_a_row_has_no_score_from_its_own_time(snapshot: Snapshot, district: District) -> None:
    disputes = district.tables["disputes"].sort_values("recorded_at")
    ids = disputes["dispute_id"].tolist()
    as_of = disputes["recorded_at"].astype("datetime64[us, UTC]").astype(np.int64).to_numpy()
    early = as_of < CUT
    ids, as_of = [one for one, kept in zip(ids, early, strict=True) if kept], as_of[early]
    x = np.random.default_rng(0).normal(size=(len(ids), 4))

    def column(known: Snapshot) -> np.ndarray:
        signs = np.zeros(4, dtype=np.int64)
        lead = trouble.learned(Points(known, ids, as_of, np.ones(len(ids))), x, signs, 3, CUT)
        assert lead is not None
        return lead.column

    edge = int(np.quantile(as_of, STARTS[-1], method="lower"))
    whole, before = column(snapshot), column(snapshot.until(edge))
    assert np.isnan(whole[as_of < np.quantile(as_of, STARTS[0], method="lower")]).all()
    assert np.isfinite(whole[as_of >= edge]).all()
    assert np.array_equal(whole, before, equal_nan=True)
