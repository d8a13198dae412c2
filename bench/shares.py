"""A share's interval, as the benches print it."""

from __future__ import annotations

from scipy.stats import binomtest


def interval(hits: int, n: int) -> tuple[float, float]:
    """The ends of the 95 % score interval of hits / n, n > 0 (Wilson 1927)."""
    found = binomtest(hits, n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def per_cent(hits: int, n: int) -> str:
    """The interval in per cent, 13 wide; a dash where there is nothing."""
    if not n:
        return "      -      "
    low, high = interval(hits, n)
    return f"{100 * low:5.1f} - {100 * high:5.1f}"
