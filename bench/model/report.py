"""The report: districts side by side, and the worst of them named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.machine import machine
from models.bootstrap import Interval

from .districts import CUT, END, HORIZON, Recipe
from .judging import DRAWS, Judged
from .plan import OURS, PEERS


def report(
    judged: Mapping[Recipe, Judged],
    took: Mapping[tuple[str, str], tuple[float, float]],
    errors: Sequence[str],
) -> Iterator[str]:
    """Lines of text.

    Parameters
    ----------
    took
        (district, peer) to seconds, and seconds of processor.
    errors
        Cells that could not be had.
    """
    yield f"machine   {machine()}; other work was running"
    yield f"split     learned from what was known on {CUT}; judged on the disputes taken in from then on, at"
    yield f"          intake, with {HORIZON}-day labels matured by {END}; escalation within {HORIZON} days"
    yield "share     (soft AP - base) / (ceiling - base); the ceiling ranks by the truth given the records"
    yield f"interval  95 %, bootstrap over disputes clustered by the pair of parties, {DRAWS} draws, paired"
    yield "slope     of calibration against the true probability; 1 is right"
    yield "drop      of the share, the same cases told in wordings held out of training"
    yield ""
    for recipe, found in judged.items():
        yield from _district(recipe, found, took)
        yield ""
    yield from _summary(judged)
    if errors:
        yield ""
        yield "Not measured"
        yield from (f"  {error}" for error in errors)


def _district(
    recipe: Recipe, found: Judged, took: Mapping[tuple[str, str], tuple[float, float]]
) -> Iterator[str]:
    yield f"{recipe.name}: {recipe}"
    yield (
        f"  tested {found.cases:,d}, expected harms {found.expected:.1f}, came {found.harmed}; "
        f"soft AP: base {found.base:.4f}, ceiling {found.ceiling:.4f}"
    )
    yield f"  {'':<16} {'share of the ceiling':<23} {'slope':<21} {'drop':<24} seconds, processor"
    for name in sorted(found.shares, key=lambda name: -found.shares[name].value):
        slope, drop = found.slopes.get(name), found.drops.get(name)
        wall, cpu = took[recipe.name, name]
        yield (
            f"  {name:<16} {told(found.shares[name])} {told(slope, 2) if slope else '':<21} "
            f"{told(drop) if drop else '':<24} {wall:7.0f} {cpu:10.0f}"
        )
    yield f"  best peer: {found.best}; ours less it, share {told(found.less_best)}"
    yield f"  soft AP {told(found.less_best_soft, 4)}, gap to the truth closed {told(found.closed)}"
    slopes = ", ".join(f"{name[:-3]} {told(value, 2)}" for name, value in found.target_slopes.items())
    yield f"  our slopes: {slopes}"


def _summary(judged: Mapping[Recipe, Judged]) -> Iterator[str]:
    yield f"{'':<18} {'ours':>6} {'best peer':>22} {'ours less it':>23} {'gap closed':>23} {'drop':>6} slope"
    for recipe, found in judged.items():
        ours, drop = found.shares[OURS.name], found.drops.get(OURS.name)
        peer = f"{found.best} {found.shares[found.best].value:.3f}"
        yield (
            f"{recipe.name:<18} {ours.value:6.3f} {peer:>22} {told(found.less_best):>23} "
            f"{told(found.closed):>23} {f'{drop.value:.3f}' if drop else '-':>6} "
            f"{found.slopes[OURS.name].value:5.2f}"
        )
    worst = min(judged, key=lambda recipe: judged[recipe].closed.value)
    lowest = min(judged, key=lambda recipe: judged[recipe].shares[OURS.name].value)
    yield f"worst by the gap closed: {worst.name}; by our share of the ceiling: {lowest.name}"
    yield ""
    yield from (f"{peer.name:<16} {peer.what}" for peer in PEERS.values())


def told(found: Interval, digits: int = 3) -> str:
    """A figure with its interval."""
    value, low, high = (f"{one:{digits + 3}.{digits}f}" for one in (found.value, found.low, found.high))
    return f"{value} [{low},{high}]"
