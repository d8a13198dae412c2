"""The fold again, for how alike the parts of a whole are: pairs of live items in the same part."""

from __future__ import annotations

import numpy as np

from .arrays import F64, I64, Bool
from .fold import end_order, next_step, select_rows
from .jit import jit


@jit
def count_pairs(
    key_rows: I64,
    key_queries: I64,
    known: I64,
    at: I64,
    until: I64,
    keep: Bool,
    within: int,
    entry: I64,
    share: I64,
    part: I64,
    share_bounds: I64,
    asked: I64,
    own: I64,
    out: F64,
) -> None:
    """Ordered pairs of live items that stand in the same part, the own dispute's items left out.

    `entry` is the dense code of (key, dispute, item), and an item belongs to one dispute only; `share` that
    of (key, dispute, part), `part` the part of each share and `share_bounds` each dispute's first share.
    All is counted in whole numbers: exact, and the same whatever came and went before.
    """
    rows = np.empty(known.size, np.int64)
    ends = np.empty(known.size, np.int64)
    order = np.empty(known.size, np.int64)
    copies = np.zeros(known.size, np.int64)
    held = np.zeros(known.size, np.int64)  # live items of a share ...
    whole = np.zeros(known.size, np.int64)  # ... and of a part
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
                    copies[entry[row]] += 1
                    if copies[entry[row]] > 1:
                        continue
                else:
                    row = rows[order[ended]]
                    ended += 1
                    copies[entry[row]] -= 1
                    if copies[entry[row]] > 0:
                        continue
                p = part[share[row]]
                # The n-th item of a part makes 2 (n - 1) ordered pairs.
                total += step * 2 * (whole[p] - (1 if step < 0 else 0))
                whole[p] += step
                held[share[row]] += step
            answer = total
            if own[query] >= 0:
                for s in range(share_bounds[own[query]], share_bounds[own[query] + 1]):
                    left = whole[part[s]] - held[s]
                    answer += left * (left - 1) - whole[part[s]] * (whole[part[s]] - 1)
            out[query] = answer
