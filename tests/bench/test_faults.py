"""Faults under load, few and small: nothing is lost, doubled or wrong, and what is would be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from model_versions import make_registry

from bench.faults.plan import FAULTS
from bench.faults.processes import Process
from bench.faults.registry import Registry
from bench.faults.running import Fault, Row, run
from bench.faults.world import Plan, World

SMALL = Plan(rate=20, callers=4, before=30, during=4, after=30, hasten=True, replays=15)
Runs = Callable[[Fault, str], Row]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Runs a fault on a small model, which workers take straight out of MLflow's database."""
    made = make_registry(tmp_path_factory.mktemp("versions"))

    @contextmanager
    def registry(folder: Path) -> Iterator[Registry]:
        yield Registry(folder, made.tracking, Process(["true"], {}, folder))

    with made.used():
        yield lambda fault, store: run(fault, store, SMALL, registry)


@pytest.mark.parametrize(
    ("name", "store"), [("killed", "sqlite"), ("restarted", "postgresql"), ("raced", "postgresql")]
)
def test_nothing_is_lost_doubled_or_wrong(runs: Runs, name: str, store: str) -> None:
    row = runs(FAULTS[name], store)
    assert row.made and row.sent > 60 and row.taken > 60
    assert (row.counted.lost, row.counted.doubled, row.counted.wrong) == ([], [], [])


def test_what_is_lost_doubled_or_wrong_is_found(runs: Runs) -> None:
    gone: dict[str, str] = {}

    def sabotage(world: World) -> str:
        store = world.store()
        with store.begin() as conn:

            def first(query: str) -> str:
                return str(conn.execute(sa.text(query)).scalar_one())

            gone["event"] = first("SELECT event_id FROM events WHERE via = 'api' ORDER BY row_no LIMIT 1")
            gone["told"] = first("SELECT about FROM outbox WHERE event = 'colour' ORDER BY seq LIMIT 1")
            gone["twice"] = first(
                "SELECT event_id FROM events WHERE via = 'api' ORDER BY row_no DESC LIMIT 1"
            )
            gone["altered"] = first(
                "SELECT assessment_id FROM intakes WHERE assessment_id IS NOT NULL ORDER BY ingested_at LIMIT 1"
            )
            for change in (
                "DELETE FROM events WHERE event_id = :event",
                "DELETE FROM outbox WHERE about = :told",
                "UPDATE assessments SET answer = replace(answer, '\"risk\"\\:0', '\"risk\"\\:1') "
                "WHERE assessment_id = :altered",
                "CREATE TEMP TABLE copied AS SELECT * FROM events WHERE event_id = :twice",
                "UPDATE copied SET row_no = NULL, recorded_at = recorded_at + 1",
                "INSERT INTO events SELECT * FROM copied",
            ):
                named = {name: value for name, value in gone.items() if f" :{name}" in change}
                conn.execute(sa.text(change), named)
        store.close()
        return "by hand"

    counted = runs(Fault("by-hand", "somebody alters the database", sabotage), "sqlite").counted
    assert f"event {gone['event']}: answered and not stored" in counted.lost
    assert f"webhook {gone['told']}: never put" in counted.lost
    assert f"event {gone['twice']}" in counted.doubled
    assert any("isn't the one that was given" in wrong for wrong in counted.wrong)
