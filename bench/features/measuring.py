"""Time, processor time and memory of a process and all that it started, from /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def tree(root: int) -> list[int]:
    """A process and its descendants."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            fields = _stat(int(folder.name))
            if fields:
                parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, left = [], [root]
    while left:
        one = left.pop()
        found.append(one)
        left += parents.get(one, [])
    return found


def cpu_seconds(root: int) -> float:
    """User and system seconds of the tree, with the children that have ended and were waited for."""
    ticks = 0
    for process in tree(root):
        fields = _stat(process)
        if fields:
            ticks += sum(int(value) for value in fields[11:15])
    return ticks / _TICK


def resident_bytes(root: int) -> int:
    """Memory of the tree that is in RAM; what processes share counts for each."""
    total = 0
    for process in tree(root):
        try:
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
        except (OSError, IndexError):
            continue
    return total


def thread_count(root: int) -> int:
    """Threads of the tree."""
    return sum(int(fields[17]) for process in tree(root) if (fields := _stat(process)))


def available_bytes() -> int:
    """Memory that could be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) * 1024
    return 2**62


def _stat(process: int) -> list[str]:
    """The fields of `stat` after the command, from the state on."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
