"""`anlan promote`: make a registered version the champion, unless its audit forbids it."""

from __future__ import annotations

import sys

from models import registry
from pipelines.accepting import acceptance_of


def run(uri: str, *, accept_by: str | None = None, because: str | None = None) -> None:
    """Make a version the champion; the line on stdout is its URI.

    Raises
    ------
    BadInput
        If an acceptance has no name, or no reason.
    models.registry.NoSuchModelError
        If there is no such version.
    models.gate.PromotionBlockedError
        If its audit found a breach that nobody has accepted.
    """
    found = registry.promote(uri, acceptance_of(accept_by, because))
    sys.stdout.write(f"{found.uri}\n")
