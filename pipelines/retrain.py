"""`anlan retrain`: a new version from the store, named challenger and compared with the champion."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Final

from cronsim import CronSim, CronSimError

from docket.faults import BadInput
from docket.snapshot import Clock
from docket.times import LOCAL, rfc3339
from models import promotion, registry
from models.comparison_log import log_comparison
from models.comparison_report import Comparison
from models.contest import contest
from models.encoders.catalogue import encoder_named
from models.fit import train
from models.gates import Signed
from models.material import TooLittleToLearnError
from models.packaging import register
from models.registry import CHALLENGER
from models.splits import ImpossibleSplitError
from pipelines.defaults import DEFAULT_ENCODER, DEFAULT_WORK, store_url
from pipelines.logged import log_store, logs
from pipelines.progress import progress, stages
from pipelines.sources import read_records
from pipelines.unfinished import checkpoint, unfinished

BY: Final = "anlan retrain"


def run(
    store: str | None,
    *,
    schedule: str | None,
    encoder: str = DEFAULT_ENCODER,
    seed: int = 0,
    work: Path = DEFAULT_WORK,
) -> None:
    """Train once, or at every moment that a schedule names, for as long as the command runs.

    Raises
    ------
    BadInput
        If the schedule is no cron expression, or the encoder's name can't be used.
    models.material.TooLittleToLearnError, models.splits.ImpossibleSplitError
        If there is too little to learn from; under a schedule that is told, and the next moment waited for.
    """
    if schedule is None:
        once(store, encoder=encoder, seed=seed, work=work)
        return
    try:
        moments = CronSim(schedule, datetime.now(LOCAL))
    except CronSimError as error:
        asked = "five cron fields were expected, as in '0 3 1 * *'"
        raise BadInput(f"--schedule {schedule!r}: {asked}: {error}") from error
    for moment in moments:
        wait = (moment - datetime.now(LOCAL)).total_seconds()
        if wait < 0:  # the training before took longer than the time between two
            continue
        sys.stderr.write(f"next: {moment.isoformat()}\n")
        time.sleep(wait)
        try:
            once(store, encoder=encoder, seed=seed, work=work)
        except (TooLittleToLearnError, ImpossibleSplitError) as error:
            sys.stderr.write(f"not trained: {error}\n")


def once(
    store: str | None, *, encoder: str = DEFAULT_ENCODER, seed: int = 0, work: Path = DEFAULT_WORK
) -> str:
    """Train on all that the store knows, name that the challenger, compare it; the last line is its URI."""
    try:
        reader = encoder_named(encoder, seed)
    except ValueError as error:
        raise BadInput(str(error)) from error
    with progress() as report, stages() as tell:
        snapshot = read_records(None, store, Clock.LEARNED, tell)
        told = {
            "records": store_url(store),
            "seed": seed,
            "encoder": [encoder, checkpoint(encoder)],
            "by": BY,
        }
        with unfinished(work, told, snapshot, None) as (cut, keep):
            made = train(snapshot, cut, seed, report, encoder=reader, keep=keep)
            tell("registering")
            found = registry.find(register(made))
        signed = Signed(BY, f"trained on what was known by {rfc3339(cut)}")
        url = log_store(store)
        if url is None:
            promotion.promote(found, [], signed, {}, CHALLENGER)
        else:
            with logs(url, "promote", found.uri, by=BY, alias=CHALLENGER):
                promotion.promote(found, [], signed, {}, CHALLENGER)
        champion = registry.champion()
        if champion is None:
            sys.stderr.write("no champion to compare with\n")
        else:
            theirs = promotion.version(f"models:/{registry.NAME}/{champion}")
            try:
                tried = contest(snapshot, promotion.version(found.uri), theirs, seed=seed, progress=report)
            except ImpossibleSplitError as error:
                sys.stderr.write(f"not compared: {error}\n")
            else:
                tell("comparing")
                log_comparison(Comparison.of(found.uri, theirs.uri, tried, snapshot, seed=seed))
    sys.stdout.write(f"{found.uri}\n")
    return found.uri
