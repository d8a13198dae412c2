"""`anlan train`: a model from records or a store, logged and registered in MLflow."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from docket.faults import BadInput
from docket.snapshot import Clock
from models import registry
from models.encoders.catalogue import encoder_named
from models.fit import train
from models.packaging import register
from pipelines.defaults import DEFAULT_ENCODER, DEFAULT_WORK, store_url
from pipelines.instants import instant
from pipelines.progress import progress, stages
from pipelines.promote import Decision, decide
from pipelines.sources import read_records
from pipelines.unfinished import checkpoint, unfinished
from pipelines.wishes import Wishes


def run(
    records: Path | None,
    store: str | None,
    *,
    until: str | None,
    promote: bool,
    seed: int,
    encoder: str = DEFAULT_ENCODER,
    int8: bool = False,
    neighbour: str | None = None,
    wishes: Path | None = None,
    by: str | None = None,
    reason: str | None = None,
    waive: Sequence[str] = (),
    work: Path = DEFAULT_WORK,
) -> None:
    """Train on what was recorded before `until`; the last line on stdout is the new version's URI.

    What has been done is kept in `work`, so that the same command goes on where it was stopped.

    Raises
    ------
    BadInput, RecordFaults
        If the date, the encoder's name, the policy, the decision or the records can't be used.
    models.gates.PromotionBlockedError
        If it was to be promoted and a gate is shut that nobody waives; the version is registered then.
    models.material.TooLittleToLearnError, models.splits.ImpossibleSplitError
        If there is too little to learn from, and what of.
    pipelines.writing.FolderBusyError
        If the same training is running already.
    """
    decision = Decision.of(by, reason, waive) if promote else None
    asked = Wishes.read(wishes)
    cut = instant("--until", until)
    try:
        reader = encoder_named(encoder, seed, int8=int8)
    except ValueError as error:
        raise BadInput(str(error)) from error
    with progress() as report, stages() as tell:
        snapshot = read_records(records, store, Clock.LEARNED, tell)
        found = None if neighbour is None else registry.find(neighbour)
        prior = None if found is None else registry.load(found.uri, threads=2)[0]
        told = {
            "records": str(records.resolve()) if records else store_url(store),
            "seed": seed,
            "encoder": [encoder, int8, checkpoint(encoder)],
            "neighbour": None if found is None or prior is None else [found.uri, prior.info["data_digest"]],
            "wishes": [asked.capacity, asked.thresholds],
        }
        with unfinished(work, told, snapshot, cut) as (begun, keep):
            trained = train(
                snapshot,
                begun,
                seed,
                report,
                capacity=asked.capacity,
                thresholds=asked.thresholds,
                encoder=reader,
                neighbour=prior,
                keep=keep,
            )
            tell("registering")
            uri = register(trained)
        breaches = [breach["text"] for breach in trained.report["audit"]["breaches"]]
        if breaches:
            sys.stderr.write(f"{uri}: the audit by group found {'; '.join(breaches)}\n")
        if decision is not None:
            decide(registry.find(uri), snapshot, decision, store, report=report)
    sys.stdout.write(f"{uri}\n")
