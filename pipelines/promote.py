"""`anlan promote` and `anlan rollback`: a person decides who is champion, what the gates found is kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from docket.faults import BadInput
from docket.snapshot import Clock, Snapshot
from models import gates, promotion, registry
from models.gates import Signed
from models.registry import CHALLENGER, CHAMPION, Found
from pipelines.logged import log_store, logs
from pipelines.progress import Report, progress, stages
from pipelines.sources import read_records
from pipelines.versions import uri_of


@dataclass(frozen=True)
class Decision:
    """What a person says on the command line.

    Attributes
    ----------
    signed
        Who, and why.
    waivers
        Gate to reason.
    """

    signed: Signed
    waivers: dict[str, str]

    @classmethod
    def of(cls, by: str | None, reason: str | None, waive: Sequence[str]) -> Decision:
        """Read the words.

        Raises
        ------
        BadInput
            If there is no name, no reason, or no such gate.
        """
        try:
            return cls(Signed(by or "", reason or ""), gates.waivers_of(waive))
        except gates.UnsignedError as error:
            raise BadInput(f"--by, --reason: {error}") from error
        except ValueError as error:
            raise BadInput(f"--waive {error}") from error


def run(
    named: str,
    records: Path | None,
    store: str | None,
    *,
    by: str | None,
    reason: str | None,
    waive: Sequence[str] = (),
    challenger: bool = False,
) -> None:
    """Hold a version against the gates and name it; the last line on stdout is its URI.

    Raises
    ------
    BadInput, RecordFaults
        If the version's name, the decision or the records can't be used.
    models.registry.NoSuchModelError
        If there is no such version.
    models.gates.PromotionBlockedError
        If a gate to champion is shut and nobody waives it.
    """
    decision = Decision.of(by, reason, waive)
    found = registry.find(uri_of(named))
    with progress() as report, stages() as tell:
        snapshot = read_records(records, store, Clock.LEARNED, tell)
        decide(found, snapshot, decision, store, CHALLENGER if challenger else CHAMPION, report)
    sys.stdout.write(f"{found.uri}\n")


def decide(
    found: Found,
    snapshot: Snapshot,
    decision: Decision,
    store: str | None,
    alias: str = CHAMPION,
    report: Report | None = None,
) -> None:
    """Ask the gates, tell what they say, and name the version; a store's log keeps who did.

    A challenger is named whatever they say: nobody is shown its answers, which may bring what a gate lacks.

    Raises
    ------
    models.gates.PromotionBlockedError
        If a gate to champion is shut and nobody waives it.
    """
    held = promotion.asked_of(found, snapshot, progress=report)
    for line in gates.lines(held, decision.waivers):
        sys.stderr.write(f"{line}\n")
    if alias == CHAMPION:
        gates.refuse(found.uri, held, decision.waivers)
    waived = ", ".join(gate.name for gate in held if not gate.passed and gate.name in decision.waivers)
    url = log_store(store)
    if url is None:
        promotion.promote(found, held, decision.signed, decision.waivers, alias)
        return
    with logs(url, "promote", found.uri, by=decision.signed.by, alias=alias, waived=waived or None):
        promotion.promote(found, held, decision.signed, decision.waivers, alias)


def roll_back(store: str | None, *, by: str | None, reason: str | None) -> None:
    """Take the champion back to the version before; the last line on stdout is that one's URI.

    Raises
    ------
    BadInput
        If there is no name, or no reason.
    models.promotion.NothingBeforeError
        If there is no version to go back to.
    """
    decision = Decision.of(by, reason, ())
    url = log_store(store)
    if url is None:
        found, gone = promotion.roll_back(decision.signed)
    else:
        before = registry.champion()
        with logs(url, "promote", f"rollback of {before}", by=decision.signed.by, alias=CHAMPION):
            found, gone = promotion.roll_back(decision.signed)
    sys.stderr.write(f"{gone.uri} is champion no more\n")
    sys.stdout.write(f"{found.uri}\n")
