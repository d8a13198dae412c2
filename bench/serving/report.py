"""The report: tables, and whether the targets hold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bench.serving.measuring import Found

_OURS = ("anlan, SQLite", "anlan, PostgreSQL")
_PEER = "mlflow models serve"


def report(found: dict[str, Found]) -> str:
    """All of it as text."""
    lines = [
        "",
        "single   cases with text, one HTTP call each; the service stores, scores, explains and audits,",
        "         `mlflow models serve` gets ready-made feature rows and answers twelve risks. Closed: 4",
        "         callers who wait. Open: calls due at random moments, timed from when they were due (ms)",
        "bare     features, model and reasons in one process on rows that have been fetched",
        "",
        f"{'closed':24} {'calls/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>8} {'failed':>7}",
    ]
    for name, one in found.items():
        rate = len(one.closed.ms) / one.closed.seconds if one.closed.seconds else 0.0
        told = f"{rate:8.1f}" if rate else " " * 8
        p50, p99 = np.percentile(one.closed.ms, [50, 99])
        lines.append(f"{name:24} {told} {p50:8.1f} {p99:8.1f} {one.cpu_ms:8.1f} {one.closed.failed:7d}")
    rates = sorted({rate for one in found.values() for rate in one.open})
    lines += [
        "",
        f"{'open':24} {'calls/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'failed':>7} {'sender late p99':>16}",
    ]
    for rate in rates:
        for name, one in found.items():
            if rate in one.open:
                came = one.open[rate]
                p50, p99 = np.percentile(came.ms, [50, 99])
                lines.append(
                    f"{name:24} {rate:8.0f} {p50:8.1f} {p99:8.1f} {came.failed:7d} {came.late_ms:16.1f}"
                )
    sizes = sorted({size for one in found.values() for size in one.batches})
    lines += ["", f"{'batches, seconds':24} " + " ".join(f"{size:8,d}" for size in sizes)]
    for name, one in found.items():
        if one.batches:
            lines.append(f"{name:24} " + " ".join(f"{one.batches[size]:8.2f}" for size in sizes))
    bare = float(np.mean(found["bare"].closed.ms)) / 1e3
    lines.append(f"{'bare, one by one':24} " + " ".join(f"{bare * size:8.2f}" for size in sizes))
    lines += ["", "held     the service on SQLite after so many calls (cases that are read)"]
    for calls, (threads, megabytes) in found[_OURS[0]].held.items():
        lines.append(f"{calls:9,d} calls  {threads:4d} threads  {megabytes:7.0f} MB")
    return "\n".join([*lines, "", "targets", *_targets(found, bare), ""])


def _targets(found: dict[str, Found], bare: float) -> Iterable[str]:
    peer = found[_PEER]
    for name in _OURS:
        one = found[name]
        speed = _rate(one) / _rate(peer)
        yield _told(speed >= 3, f"{name}: {speed:.2f} x the throughput of mlflow models serve (3)")
        for rate, came in one.open.items():
            ratio = np.percentile(came.ms, 99) / np.percentile(peer.open[rate].ms, 99)
            yield _told(ratio <= 1 / 3, f"{name}: {ratio:.2f} x its p99 at {rate:.0f} calls a second (.33)")
        if 100 in one.batches:
            ratio = one.batches[100] / (100 * bare)
            yield _told(ratio <= 1.5, f"{name}: a batch of 100 takes {ratio:.2f} x the bare call (1.5)")
        if 1_000 in one.batches:
            taken = one.batches[1_000]
            yield _told(taken <= 1.5, f"{name}: a batch of 1,000 takes {taken:.1f} s (1.5)")
    held = list(found[_OURS[0]].held.values())
    threads = {threads for threads, _ in held[1:]}
    yield _told(len(threads) == 1, f"threads stay as many: {', '.join(map(str, sorted(threads)))}")
    growth = held[-1][1] / held[1][1] - 1
    yield _told(growth < 0.05, f"memory grows by {growth:.1%} from the first mark to the last (flat: 5 %)")


def _rate(one: Found) -> float:
    return len(one.closed.ms) / one.closed.seconds


def _told(holds: bool, what: str) -> str:
    return f"  {'holds ' if holds else 'MISSED'}  {what}"
