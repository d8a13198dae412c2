"""The table as text, and a line a target: holds, or misses by how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.machine import machine

from .cells import Cell, Result
from .data import DAYS
from .plan import CALM, CUTOFFS, PEERS, beside, cell_of, columns_of, whole

TIMES_NUMPY: Final = 3.0
PEAK_GB: Final = 8.0
MILLION: Final = 1_000_000
LEEWAY: Final = 0.10
"""Of a growth exponent: a tenth of time between runs, and caches that a larger district no longer fits."""
SAYS: Final = """\
records   synthetic, seed {seed}, {days} days; n disputes, each scored at intake; late rows, corrections,
          authorities; hot keys: a person with min(5,000, n / 20) disputes, a grid with 6 %
measured  from records in memory to columns in memory, two threads, a process each, after a warm-up on
          2,000 disputes: compiling and Spark's start don't count; median of 3 up to 100,000; GB: the most
          that the process tree held, records included. CPU seconds (user and system) are steadier than wall
checked   each peer's columns are the engine's to 1e-9 on 2,000 disputes, or it isn't timed
ratio     the engine on DuckDB for exactly the peer's columns, on the same records and questions, by the
          peer: above 1 the engine is slower
"""
Measure = Callable[[Cell], Result | None]
Sized = Callable[[int], Cell | None]


@dataclass
class Report:
    """Lines, written from what was measured.

    Attributes
    ----------
    measure
        Gives a cell's result, None for one that isn't to be measured now.
    sizes, peers, seed
        What the table is of.
    calm
        Whether records without hot keys are measured too.
    """

    measure: Measure
    sizes: Sequence[int]
    peers: Sequence[str]
    seed: int
    calm: bool = True
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        """All of it."""
        self._head()
        self._table()
        self._growth()
        if self.calm:
            self._hot()
        if "featuretools" in self.peers:
            self._featuretools()
        self._targets()
        return "\n".join(line.rstrip() for line in self.lines) + "\n"

    def _say(self, *lines: str) -> None:
        self.lines += lines

    def _good(self, cell: Cell | None) -> Result | None:
        found = None if cell is None else self.measure(cell)
        return None if found is None or "error" in found else found

    def _whole(self, size: int) -> Cell:
        return whole(size, self.seed)

    def _sized(self, name: str) -> Sized:
        peer = PEERS[name]
        return lambda size: cell_of(peer, size, self.seed) if size <= peer.largest else None

    def _head(self) -> None:
        self._say(
            f"machine   {machine()}; shared with other work: `load` is what a cell began under",
            *SAYS.format(seed=self.seed, days=DAYS).splitlines(),
            "",
            f"{'engine':<13} the engine on DuckDB, all {len(self._whole(1).features)} columns",
        )
        for name in self.peers:
            self._say(f"{name:<13} {PEERS[name].what}; {len(columns_of(PEERS[name]))} columns")

    def _table(self) -> None:
        three = f"{'wall s':>9}{'CPU s':>9}{'GB':>7}"
        self._say("", f"{'':<23}{'':>25}{'load':>6}   {'engine, same columns':>25}{'ratio':>14}")
        self._say(f"{'cases':>9} {'':<13}{three}{'':>6}   {three}{'wall':>8}{'CPU':>6}")
        for size in self.sizes:
            self._say(self._row(size, "engine", self.measure(self._whole(size)), None))
            for name in self.peers:
                cell = self._sized(name)(size)
                found = None if cell is None else self.measure(cell)
                ours = self.measure(beside(cell)) if cell is not None and self._good(cell) else None
                if cell is not None:
                    self._say(self._row(size, name, found, ours))

    @staticmethod
    def _row(size: int, name: str, found: Result | None, ours: Result | None) -> str:
        start = f"{size:>9,d} {name:<13}"
        if found is None:
            return f"{start} not measured"
        if "error" in found:
            return f"{start} FAILED: {found['error'][:150]}"
        line = f"{start}{_figures(found)}{found['load']:>6.1f}   "
        if ours is None:
            return line
        if "error" in ours:
            return f"{line} engine FAILED: {ours['error'][:80]}"
        return f"{line}{_figures(ours)}{ours['wall'] / found['wall']:>8.2f}{ours['cpu'] / found['cpu']:>6.2f}"

    def _growth(self) -> None:
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        if not pairs:
            return
        if len(pairs) > 1:
            pairs.append((self.sizes[0], self.sizes[-1]))
        self._say(
            "",
            "growth    exponent of CPU time (in brackets: of wall time) between sizes; n log n has that of",
        )
        self._say("          the first line")
        self._say(f"{'':<9}" + "".join(f"{f'{small:,d} - {large:,d}':>24}" for small, large in pairs))
        self._say(f"{'n log n':<9}" + "".join(f"{_linearithmic(*pair):>24.2f}" for pair in pairs))
        batch = [name for name in self.peers if PEERS[name].asked is None]
        for name in ("engine", *batch):
            cell: Sized = self._whole if name == "engine" else self._sized(name)
            told = []
            for pair in pairs:
                cpu, wall = (self._slope(cell, what, *pair) for what in ("cpu", "wall"))
                told.append("-" if cpu is None or wall is None else f"{cpu:.2f} ({wall:.2f})")
            self._say(f"{name:<9}" + "".join(f"{text:>24}" for text in told))

    def _slope(self, cell: Sized, what: str, small: int, large: int) -> float | None:
        one, other = self._good(cell(small)), self._good(cell(large))
        if one is None or other is None:
            return None
        return math.log(other[what] / one[what]) / math.log(large / small)

    def _hot(self) -> None:
        self._say(
            "", "hot keys  CPU s with and without them; the engine with all columns, numpy with its own"
        )
        for size in (size for size in self.sizes if size <= CALM):
            told = [self._heat("engine", self._whole(size), whole(size, self.seed, hot=False))]
            if "numpy" in self.peers:
                peer = PEERS["numpy"]
                calm = cell_of(peer, size, self.seed, hot=False)
                told.append(self._heat("numpy", cell_of(peer, size, self.seed), calm))
            self._say(f"{size:>9,d} " + "   ".join(told))

    def _heat(self, name: str, hot: Cell, calm: Cell) -> str:
        one, other = self._good(hot), self._good(calm)
        if one is None or other is None:
            return f"{name} -"
        return f"{name} {one['cpu']:.2f} / {other['cpu']:.2f} = {one['cpu'] / other['cpu']:.2f}"

    def _featuretools(self) -> None:
        peer = PEERS["featuretools"]
        self._say(
            "", f"cutoffs   CPU s a question, the same {len(columns_of(peer))} columns of {CUTOFFS} questions"
        )
        for size in self.sizes:
            cell = self._sized("featuretools")(size)
            if cell is None:
                continue
            theirs, ours, every = self._good(cell), self._good(beside(cell)), self._good(self._whole(size))
            if theirs and ours and every:
                one, other, batch = (found["cpu"] / found["questions"] for found in (theirs, ours, every))
                self._say(
                    f"{size:>9,d} featuretools {one:.3f}; engine {other:.4f}, {one / other:,.0f} times less; "
                    f"engine in a batch of all cases and columns {batch:.6f}, {one / batch:,.0f} times less"
                )

    def _targets(self) -> None:
        self._say("", "targets")
        if MILLION in self.sizes:
            self._against_numpy()
            if every := self._good(self._whole(MILLION)):
                peak, columns = every["peak"] / 1e9, len(self._whole(1).features)
                target = f"{columns} features of 1,000,000 cases in {PEAK_GB:.0f} GB"
                self._say(_verdict(target, peak, PEAK_GB, f"{peak:.2f} GB"))
        if len(self.sizes) > 1:
            small, large = self.sizes[0], self.sizes[-1]
            target = f"n log n from {small:,d} to {large:,d}, hot keys included"
            slope, order = self._slope(self._whole, "cpu", small, large), _linearithmic(small, large)
            if slope is None:
                self._say(f"  NOT MEASURED  {target}")
            else:
                told = f"exponent {slope:.2f} of CPU time, n log n {order:.2f}, leeway {LEEWAY:.2f}"
                self._say(_verdict(target, slope, order + LEEWAY, told))

    def _against_numpy(self) -> None:
        if "numpy" not in self.peers:
            return
        cell = cell_of(PEERS["numpy"], MILLION, self.seed)
        theirs, ours = self._good(cell), self._good(beside(cell))
        if theirs and ours:
            wall, cpu = (ours[what] / theirs[what] for what in ("wall", "cpu"))
            target = f"{len(cell.features)} features of 1,000,000 cases within {TIMES_NUMPY:.0f} x numpy"
            self._say(_verdict(target, max(wall, cpu), TIMES_NUMPY, f"{wall:.2f} x wall, {cpu:.2f} x CPU"))


def _verdict(target: str, value: float, limit: float, told: str) -> str:
    if value <= limit:
        return f"  holds   {target}: {told}"
    return f"  MISSED  {target}: {told}, {100 * (value / limit - 1):.0f} % too much"


def _linearithmic(small: int, large: int) -> float:
    return math.log(large * math.log(large) / (small * math.log(small))) / math.log(large / small)


def _figures(found: Result) -> str:
    return f"{found['wall']:>9.2f}{found['cpu']:>9.2f}{found['peak'] / 1e9:>7.2f}"
