"""`anlan promote`: make a registered version the champion, unless its audit forbids it."""

from __future__ import annotations

import sys

from models import registry
from pipelines.accepting import acceptance_of
from pipelines.logged import log_store, logs


def run(
    uri: str, *, accept_by: str | None = None, because: str | None = None, store: str | None = None
) -> None:
    """Make a version the champion, and log it in the store; the line on stdout is its URI.

    Raises
    ------
    BadInput
        If an acceptance has no name, or no reason.
    models.registry.NoSuchModelError
        If there is no such version.
    models.gate.PromotionBlockedError
        If its audit found a breach that nobody has accepted.
    """
    acceptance = acceptance_of(accept_by, because)
    found = registry.find(uri)
    url = log_store(store)
    if url is None:
        registry.promote(found.uri, acceptance)
    else:
        with logs(url, "promote", found.uri, accepted_by=None if acceptance is None else acceptance.name):
            registry.promote(found.uri, acceptance)
    sys.stdout.write(f"{found.uri}\n")
