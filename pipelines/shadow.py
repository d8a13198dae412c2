"""`anlan shadow`: the challenger scores what the champion has answered, and nobody is shown it."""

from __future__ import annotations

import sys
from contextlib import closing

from docket.store import open_store
from models import registry
from models.shadow import Passed, score_waiting
from pipelines.defaults import store_url
from pipelines.progress import stages
from pipelines.versions import uri_of


def run(store: str | None, *, model: str) -> None:
    """Score all that waits; what is done stays done if the command is stopped.

    Raises
    ------
    BadInput
        If the version's name can't be used.
    models.registry.NoSuchModelError
        If there is no such version.
    """
    scorer, uri = registry.load(uri_of(model), threads=2)
    done = Passed(0, 0)
    with closing(open_store(store_url(store))) as opened, stages() as tell:
        for passed in score_waiting(opened, uri, scorer):
            done = Passed(done.scored + passed.scored, done.gone + passed.gone)
            tell(f"{uri}: {done.scored:,} scored")
    gone = f", {done.gone:,} left out: their disputes are gone" if done.gone else ""
    sys.stdout.write(f"{uri}: {done.scored:,} assessments scored in the shadow{gone}\n")
