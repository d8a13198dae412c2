"""Who accepts a breach, from the command line."""

from __future__ import annotations

from docket.faults import BadInput
from models.gate import Acceptance, AcceptanceError


def acceptance_of(name: str | None, reason: str | None) -> Acceptance | None:
    """The acceptance that a name and a reason make; None where neither is given.

    Raises
    ------
    BadInput
        If one is given without the other.
    """
    if name is None and reason is None:
        return None
    try:
        return Acceptance(name or "", reason or "")
    except AcceptanceError as error:
        raise BadInput(f"--accept-by, --because: {error}") from error
