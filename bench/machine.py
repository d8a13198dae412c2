"""The machine and the code that figures come from, in a line."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from models.provenance import code_version

_DIGITS = 40
"""Of a commit's name."""


def machine() -> str:
    """Architecture, processor, cores that may be used, Python, and the commit, `+` if altered since."""
    cores = len(os.sched_getaffinity(0))
    told = (platform.machine(), _processor(), f"{cores} cores", f"Python {platform.python_version()}")
    return f"{', '.join(told)}; code {_short(code_version())}"


def _short(code: str) -> str:
    """A commit's first nine digits, and its mark; a package's version is left as it is."""
    commit = code.rstrip("+")
    return commit[:9] + code[len(commit) :] if len(commit) == _DIGITS else code


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"
