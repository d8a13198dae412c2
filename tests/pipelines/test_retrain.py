"""A retraining makes a challenger, compares it, and leaves the champion alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import mlflow
import sqlalchemy as sa
from working_folder import Trained

from docket.store import open_store
from docket.store.metadata import AUDIT_LOG


def test_a_new_version_is_the_challenger_and_is_compared(
    trained: Trained, sqlite_url: str, tmp_path: Path
) -> None:
    trained.anlan("load", trained.records, "--store", sqlite_url)
    uri = trained.anlan("retrain", "--store", sqlite_url).stdout.split()[-1]
    assert list((trained.folder / "var" / "training").iterdir()) == []  # of neither training anything is left
    tracking = trained.environment["MLFLOW_TRACKING_URI"]
    client = mlflow.MlflowClient(tracking, registry_uri=tracking)
    names = {
        alias: str(client.get_model_version_by_alias("anlan", alias).version)
        for alias in ("champion", "challenger")
    }
    assert names == {"champion": "1", "challenger": uri.rsplit("/", 1)[1]}
    runs = client.search_runs(
        [client.get_experiment_by_name("anlan").experiment_id], "tags.kind = 'comparison'"
    )
    assert [(run.data.tags["ours"], run.data.tags["theirs"]) for run in runs] == [(uri, "models:/anlan/1")]
    kept = client.get_run(client.get_model_version("anlan", names["challenger"]).run_id).data.tags
    assert kept["kind"] == "training" and len(kept["lock_digest"]) == 64 and kept["code_version"]
    with closing(open_store(sqlite_url)) as opened, opened.snapshot() as conn:
        log = conn.execute(sa.select(AUDIT_LOG.c.action, AUDIT_LOG.c.subject)).all()
    assert ("promote", uri) in [tuple(row) for row in log]
    # what it says in the shadow is compared as soon as anything has matured, and until then it is said that nothing has
    assert "0 assessments" in trained.anlan("shadow", "--store", sqlite_url).stdout
    nothing = trained.anlan("compare", "challenger", "--shadow", "--store", sqlite_url, code=1)
    assert "has scored in the shadow was taken in until" in nothing.stderr


def test_a_schedule_that_is_none_is_bad_input(trained: Trained, sqlite_url: str) -> None:
    told = trained.anlan("retrain", "--store", sqlite_url, "--schedule", "monthly", code=2).stderr
    assert "--schedule 'monthly': five cron fields were expected" in told
