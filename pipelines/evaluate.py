"""`anlan evaluate`: how good the scores are, beside the baselines, or of one version after its cut."""

from __future__ import annotations

import sys
from pathlib import Path

from docket.faults import BadInput
from docket.snapshot import Clock
from models import registry
from models.encoders.catalogue import encoder_named
from models.evaluation import judge
from models.evaluation_log import log_evaluation
from models.report import write_report
from models.truth import read_truth
from pipelines.defaults import DEFAULT_ENCODER
from pipelines.instants import instant
from pipelines.progress import progress, stages
from pipelines.sources import read_records


def run(
    records: Path | None,
    store: str | None,
    *,
    out: Path,
    begin: str | None,
    model: str | None,
    seed: int,
    encoder: str = DEFAULT_ENCODER,
    int8: bool = False,
    track: bool = True,
) -> None:
    """Evaluate; write `metrics.csv`, `reliability.csv` and `report.html` into `out`, and log them in MLflow.

    Beside a folder of simulated records the truth is read as well, so that the ceiling stands beside the
    figures.

    Raises
    ------
    BadInput, RecordFaults
        If the date, the encoder or the records can't be used.
    models.splits.ImpossibleSplitError
        If no test quarter has matured.
    """
    start = instant("--from", begin)
    if model is not None and (encoder != DEFAULT_ENCODER or int8):
        raise BadInput(f"--encoder {encoder}: {model} has the encoder that it was trained with")
    try:
        reader = encoder_named(encoder, seed, int8=int8)
    except ValueError as error:
        raise BadInput(str(error)) from error
    with progress() as report, stages() as tell:
        snapshot = read_records(records, store, Clock.LEARNED, tell)
        scorer = None if model is None else registry.load(model, threads=2)[0]
        judged = judge(snapshot, scorer=scorer, start=start, seed=seed, progress=report, encoder=reader)
        tell("bootstrapping")
        truth = None if records is None else read_truth(records)
        metrics = write_report(judged, out, truth, seed=seed)
        if track:
            tell("logging")
            log_evaluation(judged, metrics, out, model=model, digest=snapshot.digest)
    sys.stdout.write(f"{out}: {len(metrics):,} figures of {len(judged.cases.points):,} cases\n")
