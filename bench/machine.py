"""The machine that figures come from, in a line."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Architecture, processor, cores that may be used, Python."""
    cores = len(os.sched_getaffinity(0))
    return f"{platform.machine()}, {_processor()}, {cores} cores, Python {platform.python_version()}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown processor"
