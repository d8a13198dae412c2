"""`anlan features build`: the columns that models read, as a folder of Parquet parts."""

from __future__ import annotations

import sys
from pathlib import Path

from docket.snapshot import Clock
from features.catalogue import catalogue_hash
from features.engine import compute
from features.frame import feature_frame
from pipelines.cases_file import read_cases
from pipelines.defaults import Engine
from pipelines.engines import opened, require
from pipelines.feature_parts import Inputs, digest_cases, parts_of
from pipelines.logged import exported
from pipelines.progress import progress, stages
from pipelines.sources import read_records


def run(
    records: Path | None,
    store: str | None,
    *,
    cases: Path,
    out: Path,
    engine: Engine,
    part_rows: int,
    text: bool,
    track: bool,
) -> None:
    """Build what isn't there yet of the features of `cases` in `out`.

    A case is seen as `anlan score` sees it: by what was recorded by its moment. Texts are written only if
    they are asked for: they are copies of narratives outside of the records, if masked ones.

    Raises
    ------
    BadInput, RecordFaults
        If cases or records can't be used, or `out` is of other inputs.
    pipelines.writing.FolderBusyError
        If another build is writing into `out`.
    features.spark.session.EngineMissingError
        If the engine isn't installed.
    """
    require(engine)
    with progress() as report, stages() as tell:
        snapshot = read_records(records, store, Clock.RECORDED, tell)
        wanted = read_cases(cases, snapshot)
        tell("digest of the records")
        total = len(wanted.dispute_ids)
        inputs = Inputs(snapshot.digest, catalogue_hash(), digest_cases(wanted), total, part_rows, text)
        with parts_of(out, inputs) as parts:
            if parts.complete and not parts.wanted():
                sys.stdout.write(f"{out}: {total:,} cases, complete already\n")
                return
            missing = parts.wanted()
            found = done = total - sum(last - first for first, last in missing)
            if missing:
                tell(f"starting {engine}")
                with opened(engine, snapshot) as batch:
                    for first, last in missing:
                        report("features", done, total)
                        part = wanted.part(first, last)
                        made = feature_frame if text else compute
                        frame = made(batch.source, part.dispute_ids, part.as_of)
                        parts.write(first, part, frame)
                        done += last - first
                    report("features", done, total)
            if track:
                tell("logging")
                _log(inputs, engine, found)
            if records is None:
                exported(store, "features", total)
            parts.finish()
    again = f", {found:,} of them from before" if found else ""
    sys.stdout.write(f"{out}: features of {total:,} cases{again}\n")


def _log(inputs: Inputs, engine: Engine, found: int) -> None:
    """A run in MLflow that says what was built from what."""
    import mlflow  # noqa: PLC0415 - only where a run is logged

    from models.registry import experiment, log_records  # noqa: PLC0415

    with mlflow.start_run(experiment_id=experiment(), run_name="features build"):
        told = {"data_digest": inputs.data_digest, "catalogue_hash": inputs.catalogue_hash}
        mlflow.set_tags({"kind": "features", **told})
        log_records(inputs.data_digest, "features")
        mlflow.log_params({"engine": engine.value, "part_rows": inputs.part_rows, "text": inputs.text})
        mlflow.log_param("cases_digest", inputs.cases_digest)
        mlflow.log_metrics({"rows": float(inputs.rows), "rows_from_before": float(found)})
