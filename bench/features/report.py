"""The table as text, and a line a target: holds, or misses by how much."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bench.machine import machine

from .cells import Cell, Result
from .data import DAYS
from .plan import CALM, CUTOFFS, PEERS, beside, cell_of, columns_of, whole

GIB = 2**30
TIMES_NUMPY = 3.0
PEAK_GB = 8.0
LEEWAY = 0.10
"""Of a growth exponent: time between two sizes differs by a tenth or so from run to run."""
Measure = Callable[[Cell], Result | None]


@dataclass
class Report:
    """Lines, written from what was measured.

    Attributes
    ----------
    measure
        Gives a cell's result, None for one that isn't to be measured now.
    """

    measure: Measure
    sizes: Sequence[int]
    peers: Sequence[str]
    seed: int
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        """All of it."""
        self._head()
        self._table()
        self._growth()
        self._hot()
        self._featuretools()
        self._targets()
        return "\n".join(self.lines) + "\n"

    def _say(self, *lines: str) -> None:
        self.lines += lines

    def _head(self) -> None:
        self._say(
            f"machine   {machine()}; shared with other work (load when a cell began: last column)",
            f"records   synthetic, seed {self.seed}, {DAYS} days; n disputes, each a case scored at intake; "
            "late rows, corrections,",
            "          authorities; hot keys: a person with min(5,000, n / 20) disputes, a grid with 6 %",
            "measured  records in memory to columns in memory, two threads, a process each, after a warm-up on "
            "2,000 disputes;",
            "          compiling and Spark's start don't count; median of 3 up to 100,000; peak of the process "
            "tree, records included",
            "checked   each peer's columns against the engine's to 1e-9 on 2,000 disputes before it is timed",
            "ratio     of this engine on DuckDB for exactly the peer's columns, on the same records and questions:",
            "          engine / peer, above 1 the engine is slower",
            "",
        )
        self._say(f"engine        this engine on DuckDB, all {len(whole(1, 1).features)} columns")
        for name in self.peers:
            self._say(f"{name:<13} {PEERS[name].what}; {len(columns_of(PEERS[name]))} columns")

    def _table(self) -> None:
        self._say("", f"{'cases':>9} {'':<13}{'wall s':>9}{'CPU s':>9}{'peak GB':>9}"
                  f"{'same columns: wall s':>22}{'CPU s':>9}{'peak GB':>9}{'ratio wall':>12}{'CPU':>7}{'load':>7}")  # fmt: skip
        for size in self.sizes:
            self._row(size, "engine", self.measure(whole(size, self.seed)), None)
            for name in self.peers:
                if size <= PEERS[name].largest:
                    cell = cell_of(PEERS[name], size, self.seed)
                    found = self.measure(cell)
                    ours = None if found is None or "error" in found else self.measure(beside(cell))
                    self._row(size, name, found, ours)

    def _row(self, size: int, name: str, found: Result | None, ours: Result | None) -> None:
        if found is None:
            return
        if "error" in found:
            self._say(f"{size:>9,d} {name:<13} failed: {found['error'][:150]}")
            return
        line = f"{size:>9,d} {name:<13}{_figures(found)}"
        if ours is not None:
            line += f"{'':>13}{_figures(ours)}" if "error" not in ours else f"  engine failed: {ours['error'][:80]}"
            if "error" not in ours:
                line += f"{ours['wall'] / found['wall']:>12.2f}{ours['cpu'] / found['cpu']:>7.2f}"
        else:
            line += " " * 59
        self._say(f"{line}{found['load']:>7.1f}")

    def _growth(self) -> None:
        self._say("", "growth    exponent of wall time between sizes; n log n itself has the exponent in the first line")
        pairs = list(zip(self.sizes, self.sizes[1:], strict=False))
        if not pairs:
            return
        pairs.append((self.sizes[0], self.sizes[-1]))
        self._say(f"{'':<14}" + "".join(f"{f'{a:,d} to {b:,d}':>24}" for a, b in pairs))
        self._say(f"{'n log n':<14}" + "".join(f"{_linearithmic(a, b):>24.2f}" for a, b in pairs))
        self._exponents("engine", lambda size: whole(size, self.seed), pairs)
        for name in self.peers:
            peer = PEERS[name]
            if peer.asked is None:
                self._exponents(
                    name,
                    lambda size, peer=peer: cell_of(peer, size, self.seed) if size <= peer.largest else None,
                    pairs,
                )

    def _exponents(
        self, name: str, cell: Callable[[int], Cell | None], pairs: Iterable[tuple[int, int]]
    ) -> None:
        told = []
        for pair in pairs:
            slope = self._slope(cell, *pair)
            told.append(f"{'-':>24}" if slope is None else f"{slope:>24.2f}")
        self._say(f"{name:<14}" + "".join(told))

    def _slope(self, cell: Callable[[int], Cell | None], small: int, large: int) -> float | None:
        found = [self._good(cell(size)) for size in (small, large)]
        if found[0] is None or found[1] is None or small == large:
            return None
        return math.log(found[1]["wall"] / found[0]["wall"]) / math.log(large / small)

    def _good(self, cell: Cell | None) -> Result | None:
        found = None if cell is None else self.measure(cell)
        return None if found is None or "error" in found else found

    def _hot(self) -> None:
        self._say("", "hot keys  wall s with and without them, all columns of the engine, and those of numpy by numpy")
        for size in self.sizes:
            if size > CALM:
                continue
            told = []
            pairs = [("engine", whole(size, self.seed), whole(size, self.seed, hot=False))]
            if "numpy" in self.peers:
                peer = PEERS["numpy"]
                pairs.append(
                    ("numpy", cell_of(peer, size, self.seed), cell_of(peer, size, self.seed, hot=False))
                )
            for name, hot, calm in pairs:
                with_keys, without = self._good(hot), self._good(calm)
                if with_keys and without:
                    share = with_keys["wall"] / without["wall"]
                    told.append(f"{name} {with_keys['wall']:.2f} / {without['wall']:.2f} = {share:.2f}")
            self._say(f"{size:>9,d} " + "   ".join(told))

    def _featuretools(self) -> None:
        if "featuretools" not in self.peers:
            return
        peer = PEERS["featuretools"]
        self._say("", f"cutoffs   CPU s a cutoff, the same {len(columns_of(peer))} columns of {CUTOFFS} questions")
        for size in self.sizes:
            if size > peer.largest:
                continue
            cell = cell_of(peer, size, self.seed)
            theirs, ours = self._good(cell), self._good(beside(cell))
            every = self._good(whole(size, self.seed))
            if theirs and ours and every:
                one, other = theirs["cpu"] / theirs["questions"], ours["cpu"] / ours["questions"]
                batch = every["cpu"] / every["questions"]
                self._say(
                    f"{size:>9,d} featuretools {one:.3f}; engine {other:.4f}, {one / other:.0f} times less; engine "
                    f"for every case and column {batch:.6f}, {one / batch:,.0f} times less"
                )

    def _targets(self) -> None:
        self._say("", "targets")
        million = 1_000_000
        if million in self.sizes and "numpy" in self.peers:
            cell = cell_of(PEERS["numpy"], million, self.seed)
            theirs, ours = self._good(cell), self._good(beside(cell))
            if theirs and ours:
                ratio = ours["wall"] / theirs["wall"]
                self._say(_verdict(f"{len(cell.features)} features of 1,000,000 cases within {TIMES_NUMPY:.0f} x numpy",
                                   ratio, TIMES_NUMPY, f"{ratio:.2f} x"))  # fmt: skip
            every = self._good(whole(million, self.seed))
            if every:
                peak = every["peak"] / 1e9
                self._say(_verdict(f"peak of {len(every and whole(1, 1).features)} features of 1,000,000 cases at most "
                                   f"{PEAK_GB:.0f} GB", peak, PEAK_GB, f"{peak:.2f} GB"))  # fmt: skip
        if len(self.sizes) > 1:
            small, large = self.sizes[0], self.sizes[-1]
            slope = self._slope(lambda size: whole(size, self.seed), small, large)
            if slope is None:
                self._say(f"  n log n from {small:,d} to {large:,d}, hot keys included: not measured")
            else:
                allowed = _linearithmic(small, large) + LEEWAY
                self._say(_verdict(f"n log n from {small:,d} to {large:,d}, hot keys included", slope, allowed,
                                   f"exponent {slope:.2f}, n log n {allowed - LEEWAY:.2f}, leeway {LEEWAY}"))  # fmt: skip


def _verdict(target: str, value: float, limit: float, told: str) -> str:
    if value <= limit:
        return f"  holds   {target}: {told}"
    return f"  MISSED  {target}: {told}, {100 * (value / limit - 1):.0f} % too much"


def _linearithmic(small: int, large: int) -> float:
    return math.log(large * math.log(large) / (small * math.log(small))) / math.log(large / small)


def _figures(found: Result) -> str:
    return f"{found['wall']:>9.2f}{found['cpu']:>9.2f}{found['peak'] / 1e9:>9.2f}"
