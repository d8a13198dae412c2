"""`anlan train`: a model from records or a store, logged and registered in MLflow."""

from __future__ import annotations

import sys
from pathlib import Path

from docket.faults import BadInput
from docket.snapshot import Clock
from docket.times import parse_instant
from models import gate, registry
from models.encoders.catalogue import encoder_named
from models.evaluation import known_until
from models.fit import train
from models.packaging import register
from pipelines.accepting import acceptance_of
from pipelines.defaults import DEFAULT_ENCODER
from pipelines.logged import log_store, logs
from pipelines.progress import progress, stages
from pipelines.sources import read_records
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
    accept_by: str | None = None,
    because: str | None = None,
) -> None:
    """Train on what was recorded before `until`; the last line on stdout is the new version's URI.

    Raises
    ------
    BadInput, RecordFaults
        If the date, the encoder's name, the policy, the acceptance or the records can't be used.
    models.gate.PromotionBlockedError
        If it was to be promoted and its audit found a breach that isn't accepted.
    models.material.TooLittleToLearnError, models.splits.ImpossibleSplitError
        If there is too little to learn from, and what of.
    """
    acceptance, asked = acceptance_of(accept_by, because), Wishes.read(wishes)
    try:
        cut = None if until is None else parse_instant(until)
    except ValueError as error:
        raise BadInput(f"--until {until}: a date or an RFC 3339 instant was expected") from error
    try:
        reader = encoder_named(encoder, seed, int8=int8)
    except ValueError as error:
        raise BadInput(str(error)) from error
    with progress() as report, stages() as tell:
        snapshot = read_records(records, store, Clock.LEARNED, tell)
        prior = None if neighbour is None else registry.load(neighbour, threads=2)[0]
        trained = train(
            snapshot,
            known_until(snapshot) if cut is None else cut,
            seed,
            report,
            capacity=asked.capacity,
            thresholds=asked.thresholds,
            encoder=reader,
            neighbour=prior,
        )
        tell("registering")
        uri = register(trained, promote=promote, acceptance=acceptance)
    found = registry.find(uri)
    url = log_store(store) if registry.champion() == found.version else None
    if url is not None:
        by = None if acceptance is None else acceptance.name
        with logs(url, "promote", uri, accepted_by=by):
            pass  # it is done: training makes a first version, or one that is asked for, champion itself
    if registry.gate_of(found).get(gate.GATE) == gate.BLOCKED:
        told = "; ".join(breach["text"] for breach in trained.report["audit"]["breaches"])
        sys.stderr.write(f"{uri} is no champion: the audit by group found {told}\n")
    sys.stdout.write(f"{uri}\n")
