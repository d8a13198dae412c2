"""The gate before a champion: a breach of the audit blocks it unless a person accepts it with a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from docket.times import now_micros, rfc3339

GATE: Final = "gate"
CLEAR: Final = "clear"
BLOCKED: Final = "blocked"
ACCEPTED: Final = "accepted"
_MOST: Final = 4_000
"""Characters of a tag; MLflow takes some more."""


class PromotionBlockedError(RuntimeError):
    """A version must not become champion; the message says what for, and how a person may accept it."""


class AcceptanceError(ValueError):
    """An acceptance without a name, or without a reason."""


@dataclass(frozen=True)
class Acceptance:
    """Who answers for a breach, and why.

    Attributes
    ----------
    name
        A person, not a role.
    reason
        In their words.
    """

    name: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse one that says nothing."""
        for what, said in (("name", self.name), ("reason", self.reason)):
            if not said.strip():
                raise AcceptanceError(
                    f"a breach is accepted by a named person with a reason: no {what} given"
                )


def tags(breaches: Sequence[str], acceptance: Acceptance | None) -> dict[str, str]:
    """What is stored with a version: how the audit ended, and who accepted what and when."""
    if not breaches:
        return {GATE: CLEAR}
    found = {GATE: BLOCKED, "breaches": json.dumps(list(breaches), ensure_ascii=False)[:_MOST]}
    return found if acceptance is None else {**found, **accepted(acceptance)}


def accepted(acceptance: Acceptance) -> dict[str, str]:
    """The tags of an acceptance."""
    return {
        GATE: ACCEPTED,
        "accepted_by": acceptance.name.strip(),
        "accepted_because": acceptance.reason.strip()[:_MOST],
        "accepted_at": rfc3339(now_micros()),
    }


def refuse(uri: str, stored: Mapping[str, str]) -> None:
    """Let a version through, or not.

    Raises
    ------
    PromotionBlockedError
        If its audit found a breach that nobody has accepted.
    """
    if stored.get(GATE) == BLOCKED:
        told = stored.get("breaches", "")
        raise PromotionBlockedError(
            f"{uri} is not promoted: the audit by group found {told}; a named person may accept it: "
            f"anlan promote {uri} --accept-by NAME --because REASON"
        )
