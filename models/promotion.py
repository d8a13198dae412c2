"""A version named champion or challenger by a person, and the champion taken back to the one before.

What was asked, found and waived, by whom and why stands in the version's tags: MLflow shows it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from docket.times import now_micros, rfc3339
from models import gates, golden, registry
from models.contest import Version, contest
from models.gates import Gate, Signed
from models.material import Progress
from models.registry import CHAMPION, Found
from models.scorer import Scorer
from models.splits import ImpossibleSplitError

if TYPE_CHECKING:
    from docket.snapshot import Snapshot

REPLACED: Final = "replaced"
"""Tag of a champion: the number of the version that was champion before it."""
_MOST: Final = 4_000
"""Characters of a tag; MLflow takes some more."""


class NothingBeforeError(LookupError):
    """There is no champion, or none before it."""


def version(uri: str, threads: int = 2) -> Version:
    """A registered version with its validation model.

    Raises
    ------
    models.registry.NoSuchModelError, models.scorer.ScorerMismatchError
        If there is none, or it can't be used by this installation.
    """
    scorer, exact = registry.load(uri, threads)
    return Version(exact, scorer, registry.trial(registry.find(exact), threads))


def asked_of(
    found: Found, snapshot: Snapshot, *, seed: int = 0, progress: Progress | None = None
) -> list[Gate]:
    """Hold a version against every gate.

    Parameters
    ----------
    snapshot
        All records; the cases that it is tried on are drawn from them.

    Raises
    ------
    models.registry.NoSuchModelError, models.scorer.ScorerMismatchError
        If it can't be loaded at all; nobody can waive that.
    """
    ours = version(found.uri)
    now = registry.champion()
    theirs = version(f"models:/{registry.NAME}/{now}") if now is not None and now != found.version else None
    answer = [_golden(found)]
    try:
        tried = contest(snapshot, ours, theirs, seed=seed, progress=progress)
    except ImpossibleSplitError as error:
        names = ["checklist", "calibration", "speed"] + (["champion"] if theirs is not None else [])
        answer += [Gate(name, False, f"it can't be told: {error}") for name in names]
        known_until = _end(snapshot)
    else:
        answer += [*gates.quality(tried, seed), gates.speed(ours.scorer, tried)]
        known_until = tried.known_until
    answer += [
        gates.fairness(registry.breaches_of(found)),
        gates.fresh(ours.scorer, known_until),
    ]
    return sorted(answer, key=lambda gate: gates.NAMES.index(gate.name))


def _end(snapshot: Snapshot) -> int:
    from models.evaluation import known_until  # noqa: PLC0415 - it needs what trains

    return known_until(snapshot)


def _golden(found: Found) -> Gate:
    with registry.fetched(found) as folder:
        held = registry.held_in(folder, found)
        try:
            golden.check(Scorer.load(held).with_threads(1), held)
        except (golden.GoldenCasesDifferError, FileNotFoundError) as error:
            return Gate("golden", False, str(error))
    return Gate("golden", True, "it says of its golden cases what it said when it was trained")


def promote(
    found: Found,
    held: Sequence[Gate],
    signed: Signed,
    waivers: Mapping[str, str],
    alias: str = CHAMPION,
) -> None:
    """Name a version; as champion only if no gate is shut that nobody waives.

    Raises
    ------
    models.gates.PromotionBlockedError
        Naming every gate that is shut.
    """
    if alias == CHAMPION:
        gates.refuse(found.uri, held, waivers)
    used = {gate.name: waivers[gate.name] for gate in held if not gate.passed and gate.name in waivers}
    tags = _signed(signed, alias) | {
        "gates": _text({gate.name: gate.told for gate in held}),
        "waived": _text(used),
    }
    now = registry.champion()
    if alias == CHAMPION and now is not None and now != found.version:
        tags[REPLACED] = now
    registry.name(found.uri, alias, tags)


def roll_back(signed: Signed) -> tuple[Found, Found]:
    """Take the champion back to the version that it replaced, whatever the gates say of that one now.

    Returns
    -------
    tuple
        The version that is champion now, and the one that was.

    Raises
    ------
    NothingBeforeError
        If there is no champion, or none before it.
    """
    now = registry.champion()
    if now is None:
        raise NothingBeforeError("there is no champion to take back")
    gone = registry.find(f"models:/{registry.NAME}/{now}")
    before = registry.tags_of(gone).get(REPLACED)
    if before is None:
        raise NothingBeforeError(f"{gone.uri} replaced none: there is no version to go back to")
    found = registry.find(f"models:/{registry.NAME}/{before}")
    registry.name(gone.uri, None, {f"taken_back_{name}": said for name, said in _signed(signed, "").items()})
    registry.name(found.uri, CHAMPION, {})
    return found, gone


def _signed(signed: Signed, alias: str) -> dict[str, str]:
    before = f"{alias}_" if alias else ""
    return {
        f"{before}by": signed.by.strip(),
        f"{before}reason": signed.reason.strip()[:_MOST],
        f"{before}at": rfc3339(now_micros()),
    }


def _text(what: Mapping[str, str]) -> str:
    return json.dumps(dict(what), ensure_ascii=False)[:_MOST]
