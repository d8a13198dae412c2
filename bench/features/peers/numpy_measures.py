"""Peer in plain numpy, part three: counts, extremes, sums and pairs by sorting, prefixes and searching.

What is entered less what has ended by a rank is what is live; extremes of what never ends are running
maxima; the few rows that end, and those of the dispute being scored, are laid beside each question.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from .finishing import DAY, Wanted
from .numpy_streams import Array, Records, Stream, join


def starts_of(codes: Array, size: int) -> Array:
    """(size + 1,) where each code's rows begin; `codes` ascend."""
    return np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=size))])


class Questions:
    """An entity's keys of every question, and which rows of a stream each meets one by one.

    Parameters
    ----------
    query, key
        (rows,) positions of the questions, ascending, and their keys.
    """

    def __init__(self, records: Records, stream: Stream, query: Array, key: Array, as_of: Array) -> None:
        self.query, self.key = query, key
        self.records, self.stream = records, stream
        self.rank, self.as_of = records.rank[query], as_of[query]
        self.dispute = records.asked[query]
        composite = key * records.width + self.rank
        self.order = np.argsort(composite)
        self.sorted = composite[self.order]
        self.keys = stream.keys
        self.key_starts = starts_of(stream.key, self.keys)

    def places(self, among: Array) -> Array:
        """How many of `among` (sorted composites) lie at or before each question."""
        answer = np.empty(self.key.size, np.int64)
        answer[self.order] = np.searchsorted(among, self.sorted, "right")
        return answer

    @cached_property
    def place(self) -> Array:
        """How many rows of the stream lie before each question."""
        return self.places(self.stream.key * self.records.width + self.stream.start)

    @cached_property
    def everything(self) -> tuple[Array, Array]:
        """Each question with every row of its key that it sees, windows apart: for keys that hold little."""
        low = self.key_starts[self.key]
        return self._seen(*_ranges(low, self.place))

    def _seen(self, question: Array, row: Array) -> tuple[Array, Array]:
        seen = self.stream.end[row] > self.rank[question]
        return question[seen], row[seen]

    @cached_property
    def own(self) -> tuple[Array, Array]:
        """Each question with the rows of its own dispute under its key."""
        return self._seen(*self._own_entered)

    @cached_property
    def prefix(self) -> Array:
        """Up to where rows of the stream are surely of other disputes."""
        upto = self.place.copy()
        question, row = self._own_entered
        np.minimum.at(upto, question, row)
        return upto

    @cached_property
    def _own_entered(self) -> tuple[Array, Array]:
        s = self.stream
        packed, order = s.by_dispute
        one, other = join(self.dispute * s.keys + self.key, packed)
        row = order[other]
        entered = s.start[row] <= self.rank[one]
        return one[entered], row[entered]

    @cached_property
    def beside(self) -> tuple[Array, Array]:
        """Each question with the rows of other disputes that it sees and no running maximum covers.

        Those are rows that end, and rows after the first of the own dispute.
        """
        s = self.stream
        tail = _ranges(self.prefix, self.place)
        lasting = s.end[tail[1]] == self.records.never
        tail = tail[0][lasting], tail[1][lasting]
        ending = np.flatnonzero(s.end < self.records.never)
        low = np.searchsorted(ending, self.key_starts[self.key])
        high = np.searchsorted(ending, self.place)
        question, place = _ranges(low, high)
        more = self._seen(question, ending[place])
        question = np.concatenate([tail[0], more[0]])
        row = np.concatenate([tail[1], more[1]])
        other = s.dispute[row] != self.dispute[question]
        return question[other], row[other]


def distinct(values: Array) -> Array:
    """Each value once, ascending. `np.unique` hashes integers, which takes several times as long."""
    values = np.sort(values)
    return values[np.flatnonzero(np.diff(values, prepend=-1))]


def _ranges(low: Array, high: Array) -> tuple[Array, Array]:
    """Each position with every number of its [low, high)."""
    sizes = high - low
    one = np.repeat(np.arange(low.size), sizes)
    return one, np.arange(one.size) + np.repeat(low - (np.cumsum(sizes) - sizes), sizes)


class Measures:
    """What one stream says, many questions at once."""

    def __init__(self, records: Records, stream: Stream) -> None:
        self.records, self.stream = records, stream
        self._windows: dict[int, Array] = {}
        self._scores: dict[str, Array] = {}

    def _end(self, within: int | None) -> Array:
        """The rank that each row ends at."""
        if within is None:
            return self.stream.end
        if within not in self._windows:
            last = self.records.ranks(self.stream.at + within * DAY)
            self._windows[within] = np.minimum(last, self.stream.end)
        return self._windows[within]

    @cached_property
    def _repeated(self) -> tuple[Array, Array]:
        """Whether a row's item stands under its key again, and a code of (key, item)."""
        s = self.stream
        code = s.key * (int(s.item.max(initial=0)) + 1) + s.item
        order = np.argsort(code)
        again = np.zeros(code.size, bool)
        same = code[order][1:] == code[order][:-1]
        again[order[1:][same]] = True
        again[order[:-1][same]] = True
        return again, code

    def _intervals(self, wanted: Wanted, code: Array | None = None) -> tuple[Array, Array]:
        """Rows and ends of the times in which each item is live, an item at most once at a time."""
        s = self.stream
        end = self._end(wanted["within"])
        row = np.flatnonzero(s.mask(wanted["where"]) & (s.start < end))
        end = end[row]
        again, codes = self._repeated
        if code is not None:
            again, codes = np.ones(s.key.size, bool), code
        some = again[row]
        if not some.any():
            return row, end
        few, few_end = _merged(row[some], codes[row[some]], s.start[row[some]], end[some], self.records.width)
        row = np.concatenate([row[~some], few])
        end = np.concatenate([end[~some], few_end])
        order = np.argsort(row)
        return row[order], end[order]

    def count(self, wanted: Wanted, asked: Questions) -> Array:
        """Distinct items of other disputes."""
        s, width, never = self.stream, self.records.width, self.records.never
        row, end = self._intervals(wanted)
        entered = asked.places(s.key[row] * width + s.start[row])
        ends = end < never
        ended = asked.places(np.sort(s.key[row[ends]] * width + end[ends]))
        # Of smaller keys all have entered, but only those that end have ended.
        before = starts_of(s.key[row[~ends]], asked.keys)[asked.key]
        total = (entered - ended - before).astype(np.float64)
        question, mine = asked.own
        if question.size:
            live = s.mask(wanted["where"])[mine] & (self._end(wanted["within"])[mine] > asked.rank[question])
            question, mine = question[live], mine[live]
            total -= self._distinct(question, mine, total.size)
        return total

    def _distinct(self, question: Array, row: Array, size: int) -> Array:
        """How many items each question has among its rows."""
        s, again = self.stream, self._repeated[0][row]
        items = int(s.item.max(initial=0)) + 1
        several = distinct(question[again] * items + s.item[row[again]]) // items
        return np.bincount(np.concatenate([question[~again], several]), minlength=size).astype(np.float64)

    def few(self, wanted: Wanted, asked: Questions) -> Array:
        """Any aggregate of keys that hold little, the own dispute not left out: row by row."""
        s = self.stream
        question, row = asked.everything
        live = s.mask(wanted["where"])[row]
        if wanted["within"] is not None:
            live &= s.at[row] + wanted["within"] * DAY > asked.as_of[question]
        question, row = question[live], row[live]
        aggregate, size = wanted["aggregate"], asked.key.size
        if aggregate == "count":
            return self._distinct(question, row, size)
        if aggregate == "decayed":
            age = (asked.as_of[question] - s.at[row]) / DAY
            weights = s.value[row] * np.exp2(-age / wanted["half_life"])
            return np.bincount(question, weights, size)
        return self._told(aggregate, _best(question, row, self._score(aggregate), size), asked)

    def _score(self, aggregate: str) -> Array:
        """A distinct number for each row: what the best has most of, the later at a tie."""
        s = self.stream
        of = {"since": "rank", "last": "at", "duration": "-rank", "max": "value", "min": "-value"}
        name = of.get(aggregate, "-known")
        if name not in self._scores:
            if name == "rank":
                score = s.at_rank
            elif name == "-rank":
                score = s.at_rank.size - 1 - s.at_rank
            else:
                values = getattr(s, name.lstrip("-"))
                order = np.argsort(-values if name.startswith("-") else values, kind="stable")
                score = np.empty(order.size, np.int64)
                score[order] = np.arange(order.size)
            self._scores[name] = score
        return self._scores[name]

    def _told(self, aggregate: str, best: Array, asked: Questions) -> Array:
        s = self.stream
        answer = np.full(best.size, np.nan)
        found = best >= 0
        if aggregate in ("since", "duration"):
            answer[found] = (asked.as_of[found] - s.at[best[found]]) / DAY
        else:
            answer[found] = s.value[best[found]]
        return answer

    def best(self, wanted: Wanted, asked: Questions) -> Array:
        """An extreme without a window, of other disputes."""
        s = self.stream
        score = self._score(wanted["aggregate"])
        mask = s.mask(wanted["where"])
        lasting = mask & (s.end == self.records.never)
        row = np.flatnonzero(lasting)
        size = max(score.size, 1)
        running = np.maximum.accumulate(s.key[row] * size + score[row]) if row.size else row
        before = np.concatenate([[0], np.cumsum(lasting)])[asked.prefix]
        last = running[before - 1] if row.size else np.full(before.size, -1)
        there = (before > 0) & (last // size == asked.key)
        top = np.where(there, last % size, -1)
        question, beside = asked.beside
        live = mask[beside]
        np.maximum.at(top, question[live], score[beside[live]])
        row_of = np.empty(score.size + 1, np.int64)
        row_of[score] = np.arange(score.size)
        row_of[-1] = -1
        return self._told(wanted["aggregate"], row_of[top], asked)

    def decayed(self, wanted: Wanted, asked: Questions) -> Array:
        """Sum of fading values of other disputes, each fact once; a long half-life is taken for granted."""
        s, width = self.stream, self.records.width
        _, codes = self._repeated
        order = np.lexsort((s.value, s.at, codes))
        new = np.diff(codes[order], prepend=-1) != 0
        new |= (np.diff(s.at[order], prepend=0) != 0) | (np.diff(s.value[order], prepend=0.0) != 0)
        fact = np.empty(order.size, np.int64)
        fact[order] = np.cumsum(new)
        row, end = self._intervals(wanted, fact)
        base = int(s.at.min(initial=2**62))
        rate = math.log(2.0) / wanted["half_life"] / DAY
        grown = s.value[row] * np.exp(rate * (s.at[row] - base))
        ends = end < self.records.never
        moments = np.concatenate([s.key[row] * width + s.start[row], s.key[row[ends]] * width + end[ends]])
        order = np.argsort(moments)
        change = np.concatenate([grown, -grown[ends]])[order]
        # A sum of its own for each key, or one key's rounding would be another's.
        running = np.concatenate([[0.0], np.cumsum(change)])
        moments = moments[order]
        low = np.searchsorted(moments, np.arange(asked.keys) * width)
        total = running[asked.places(moments)] - running[low[asked.key]]
        question, mine = asked.own
        if question.size:
            live = s.mask(wanted["where"])[mine]
            question, mine = question[live], mine[live]
            first = np.unique(question * (fact.size + 1) + fact[mine], return_index=True)[1]
            question, mine = question[first], mine[first]
            total -= np.bincount(question, s.value[mine] * np.exp(rate * (s.at[mine] - base)), total.size)
        return total * np.exp(-rate * (asked.as_of - base))

    def pairs(self, wanted: Wanted, asked: Questions) -> Array:
        """Ordered pairs of items of other disputes that stand in the same part of the key."""
        s, width, never = self.stream, self.records.width, self.records.never
        row, end = self._intervals(wanted)
        ends = end < never
        part = np.concatenate([s.part[row], s.part[row[ends]]])
        key = np.concatenate([s.key[row], s.key[row[ends]]])
        rank = np.concatenate([s.start[row], end[ends]])
        step = np.repeat([1, -1], [row.size, int(ends.sum())])
        order = np.argsort(part * width + rank, kind="stable")
        part, key, rank, step = part[order], key[order], rank[order], step[order]
        held = np.cumsum(step)
        low = starts_of(part, int(part.max(initial=0)) + 1)
        held -= np.concatenate([[0], held])[low[part]]
        before = held - step
        change = held * (held - 1) - before * (before - 1)
        by_key = np.argsort(key * width + rank, kind="stable")
        moments = (key * width + rank)[by_key]
        running = np.concatenate([[0], np.cumsum(change[by_key])])
        base = np.searchsorted(moments, np.arange(asked.keys) * width)
        total = running[asked.places(moments)] - running[base[asked.key]]
        question, mine = asked.own
        live = s.mask(wanted["where"])[mine] & (self._end(wanted["within"])[mine] > asked.rank[question])
        question, mine = question[live], mine[live]
        items = int(s.item.max(initial=0)) + 1
        _, first = np.unique(question * items + s.item[mine], return_index=True)
        question, mine = question[first], mine[first]
        parts = low.size
        packed, own = np.unique(question * parts + s.part[mine], return_counts=True)
        question, at = packed // parts, packed % parts
        last = np.searchsorted(part * width + rank, at * width + asked.rank[question], "right")
        whole = np.concatenate([[0], held])[last]
        left = whole - own
        np.add.at(total, question, left * (left - 1) - whole * (whole - 1))
        return total.astype(np.float64)


def _merged(row: Array, code: Array, start: Array, end: Array, width: int) -> tuple[Array, Array]:
    """Times of each code put together where they overlap: the first row of each, and the last end."""
    order = np.argsort(code * width + start, kind="stable")
    row, code, start, end = row[order], code[order], start[order], end[order]
    reach = np.maximum.accumulate(code * width + end)
    new = np.ones(row.size, bool)
    new[1:] = code[1:] * width + start[1:] > reach[:-1]
    first = np.flatnonzero(new)
    last = np.append(first[1:], row.size) - 1
    return row[first], reach[last] - code[first] * width


def _best(question: Array, row: Array, score: Array, size: int) -> Array:
    """The row with the highest score of each question, -1 for none."""
    top = np.full(size, -1)
    np.maximum.at(top, question, score[row])
    row_of = np.empty(score.size + 1, np.int64)
    row_of[score] = np.arange(score.size)
    row_of[-1] = -1
    return row_of[top]
