"""The fold: all the time logic there is.

Contributions and queries come sorted by key and time; each key is walked once. A contribution is live on
[known, end) with end = min(at + within, until): it enters when it was learned, never when it happened, and
one that was learned after it had already expired never enters. At equal times contributions come before
queries. Everything is int64 microseconds.

A contribution of the dispute being scored is left out by subtracting that dispute's own share, so that one
walk serves every query of a key. The walk is O(n log n) in rows and queries, a key that holds them all
included: counts and sums are kept running, and the extremes (latest, earliest, largest) by a tournament
tree over the key's rows in which a dead row has no say.

Nothing computed for a query depends on other queries, on other keys, or on rows recorded after it, down to
the last bit: a million cases at once and one case alone agree.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from docket.asof import NEVER, live_nb
from docket.times import DAY

from .arrays import F64, I64, Bool
from .jit import jit

FOLD_VERSION: Final = 2
"""Raise it when the numbers that the fold gives change: it is part of the catalogue's hash."""

_DAY: Final = float(DAY)
_NEVER: Final = int(NEVER)
_AFTER: Final = _NEVER + 1


@jit
def select_rows(
    lo: int, hi: int, known: I64, at: I64, until: I64, keep: Bool, within: int, rows: I64, ends: I64
) -> int:
    """Write the rows of [lo, hi) that are ever live, in order, and their ends; return how many."""
    count = 0
    for row in range(lo, hi):
        if not keep[row]:
            continue
        end = min(at[row] + within, until[row])
        if live_nb(known[row], end, known[row]):
            rows[count] = row
            ends[count] = end
            count += 1
    return count


@jit
def end_order(ends: I64, count: int, order: I64) -> None:
    """Write the order in which the first `count` ends fall, ties by position."""
    rising = True
    for i in range(1, count):
        if ends[i] < ends[i - 1]:
            rising = False
            break
    if rising:
        for i in range(count):
            order[i] = i
    else:
        order[:count] = np.argsort(ends[:count], kind="mergesort")


@jit
def next_step(
    started: int, ended: int, count: int, known: I64, rows: I64, ends: I64, order: I64, t: int
) -> int:
    """What happens next up to and including `t`: 1 a row enters, -1 one leaves, 0 nothing.

    Entering comes first at equal times, so that a row replaced at that moment by one that says the same
    never leaves a gap.
    """
    start = known[rows[started]] if started < count else _AFTER
    end = ends[order[ended]] if ended < count else _AFTER
    if start <= end:
        return 1 if start <= t else 0
    return -1 if end <= t else 0


@jit
def count_items(  # noqa: PLR0912 - numba inlines; a walk is easier to check in one piece
    key_rows: I64,
    key_queries: I64,
    known: I64,
    at: I64,
    until: I64,
    keep: Bool,
    within: int,
    group: I64,
    item: I64,
    entry: I64,
    asked: I64,
    own: I64,
    out: F64,
) -> None:
    """Distinct live items, those that rest on the own dispute alone left out.

    Parameters
    ----------
    key_rows, key_queries
        (keys + 1,) where each key's rows and queries begin.
    known, at, until, keep
        (rows,) of the contributions, sorted by (key, known, ...); `keep` says which kinds count.
    within
        Microseconds, or NEVER.
    group, item, entry
        (rows,) dense codes of (key, dispute), (key, item) and (key, dispute, item).
    asked, own
        (queries,) the moment, sorted within the key, and the own dispute's group, -1 for none.
    out
        (queries,) written.
    """
    rows = np.empty(known.size, np.int64)
    ends = np.empty(known.size, np.int64)
    order = np.empty(known.size, np.int64)
    copies = np.zeros(known.size, np.int64)  # live rows of an entry
    backers = np.zeros(known.size, np.int64)  # disputes that an item is live in
    backer_sum = np.zeros(known.size, np.int64)  # sum of their codes: with one backer, that one
    alone = np.zeros(known.size, np.int64)  # items of a dispute that no other dispute has
    for key in range(key_queries.size - 1):
        first, last = key_queries[key], key_queries[key + 1]
        if first == last:
            continue
        count = select_rows(key_rows[key], key_rows[key + 1], known, at, until, keep, within, rows, ends)
        end_order(ends, count, order)
        started = ended = total = 0
        for query in range(first, last):
            while True:
                step = next_step(started, ended, count, known, rows, ends, order, asked[query])
                if step == 0:
                    break
                if step == 1:
                    row = rows[started]
                    started += 1
                    e, i, g = entry[row], item[row], group[row]
                    copies[e] += 1
                    if copies[e] == 1:
                        if backers[i] == 0:
                            total += 1
                            alone[g] += 1
                        elif backers[i] == 1:
                            alone[backer_sum[i]] -= 1
                        backers[i] += 1
                        backer_sum[i] += g
                else:
                    row = rows[order[ended]]
                    ended += 1
                    e, i, g = entry[row], item[row], group[row]
                    copies[e] -= 1
                    if copies[e] == 0:
                        backers[i] -= 1
                        backer_sum[i] -= g
                        if backers[i] == 0:
                            total -= 1
                            alone[g] -= 1
                        elif backers[i] == 1:
                            alone[backer_sum[i]] += 1
            out[query] = total - (alone[own[query]] if own[query] >= 0 else 0)


@jit
def _carry(total: float, alive: int, step: int, elapsed: int, rate: float) -> float:
    """What a sum of `alive` facts, the last of which just came (`step` 1) or went (-1), has faded to."""
    if alive == 0 or (step == 1 and alive == 1):
        return 0.0
    return total * math.exp(-rate * elapsed / _DAY)


@jit
def sum_values(
    key_rows: I64,
    key_queries: I64,
    known: I64,
    at: I64,
    until: I64,
    keep: Bool,
    within: int,
    group: I64,
    fact: I64,
    value: F64,
    rate: float,
    asked: I64,
    own: I64,
    out: F64,
) -> None:
    """Sum of the live values, each times exp(-rate * days since its `at`), the own dispute's left out.

    The sum is carried by recurrence from event to event, so that no factor ever exceeds 1; a prefix sum of
    exp(+rate * at) would overflow for a short half-life. `fact` is the dense code of (key, dispute, item,
    at, value): a row that came twice through a join counts once. `rate` 0 is a plain sum.
    """
    rows = np.empty(known.size, np.int64)
    ends = np.empty(known.size, np.int64)
    order = np.empty(known.size, np.int64)
    copies = np.zeros(known.size, np.int64)
    live = np.zeros(known.size, np.int64)  # live facts of a dispute
    share = np.zeros(known.size, np.float64)  # its part of the sum ...
    moment = np.zeros(known.size, np.int64)  # ... as of then
    for key in range(key_queries.size - 1):
        first, last = key_queries[key], key_queries[key + 1]
        if first == last:
            continue
        count = select_rows(key_rows[key], key_rows[key + 1], known, at, until, keep, within, rows, ends)
        end_order(ends, count, order)
        started = ended = alive = 0
        total = 0.0
        then = 0
        for query in range(first, last):
            while True:
                step = next_step(started, ended, count, known, rows, ends, order, asked[query])
                if step == 0:
                    break
                if step == 1:
                    row = rows[started]
                    now = known[row]
                    started += 1
                    copies[fact[row]] += 1
                    if copies[fact[row]] > 1:
                        continue
                else:
                    row = rows[order[ended]]
                    now = ends[order[ended]]
                    ended += 1
                    copies[fact[row]] -= 1
                    if copies[fact[row]] > 0:
                        continue
                g = group[row]
                change = step * value[row] * math.exp(-rate * (now - at[row]) / _DAY)
                alive += step
                live[g] += step
                # What nothing is left of is nothing, not the rounding error of a subtraction.
                total = _carry(total, alive, step, now - then, rate) + (change if alive > 0 else 0.0)
                share[g] = _carry(share[g], live[g], step, now - moment[g], rate) + (
                    change if live[g] > 0 else 0.0
                )
                then = now
                moment[g] = now
            t = asked[query]
            g = own[query]
            if alive == 0 or (g >= 0 and alive == live[g]):
                out[query] = 0.0
            elif g < 0:
                out[query] = total * math.exp(-rate * (t - then) / _DAY)
            else:
                out[query] = total * math.exp(-rate * (t - then) / _DAY) - share[g] * math.exp(
                    -rate * (t - moment[g]) / _DAY
                )


@jit
def _better(a: int, b: int, score: F64) -> int:
    """The row with the higher score, the later row at a tie; -1 is no row."""
    if a < 0:
        return b
    if b < 0:
        return a
    if score[a] != score[b]:
        return a if score[a] > score[b] else b
    return max(a, b)


@jit
def best_rows(  # noqa: PLR0912, PLR0915
    key_rows: I64,
    key_queries: I64,
    known: I64,
    at: I64,
    until: I64,
    keep: Bool,
    within: int,
    place: I64,
    group_low: I64,
    group_high: I64,
    score: F64,
    asked: I64,
    own: I64,
    out: I64,
) -> None:
    """The live row with the highest `score`, the later at a tie, the own dispute's left out; -1 for none.

    `place` is a row's position among the rows sorted by (key, dispute), so that a dispute's rows stand
    together in the tree and leaving them out is asking for what is left and right of them;
    `group_low` and `group_high` bound each dispute's places.
    """
    rows = np.empty(known.size, np.int64)
    ends = np.empty(known.size, np.int64)
    order = np.empty(known.size, np.int64)
    tree = np.empty(2 * known.size, np.int64)
    for key in range(key_queries.size - 1):
        first, last = key_queries[key], key_queries[key + 1]
        if first == last:
            continue
        low = key_rows[key]
        size = key_rows[key + 1] - low
        count = select_rows(low, key_rows[key + 1], known, at, until, keep, within, rows, ends)
        if count == 0:
            out[first:last] = -1
            continue
        end_order(ends, count, order)
        tree[: 2 * size] = -1
        started = ended = 0
        for query in range(first, last):
            while True:
                step = next_step(started, ended, count, known, rows, ends, order, asked[query])
                if step == 0:
                    break
                if step == 1:
                    row = rows[started]
                    started += 1
                    winner = row
                else:
                    row = rows[order[ended]]
                    ended += 1
                    winner = -1
                node = place[row] - low + size
                tree[node] = winner
                node >>= 1
                while node >= 1:
                    tree[node] = _better(tree[2 * node], tree[2 * node + 1], score)
                    node >>= 1
            g = own[query]
            if g < 0:
                out[query] = tree[1]
                continue
            best = -1
            for side in range(2):
                left = size if side == 0 else group_high[g] - low + size
                right = group_low[g] - low + size if side == 0 else 2 * size
                while left < right:
                    if left & 1:
                        best = _better(best, tree[left], score)
                        left += 1
                    if right & 1:
                        right -= 1
                        best = _better(best, tree[right], score)
                    left >>= 1
                    right >>= 1
            out[query] = best
