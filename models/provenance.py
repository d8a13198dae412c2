"""Which program made a run: its code, its lock file, its machine."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = _ROOT / "requirements.lock"


def code_version() -> str:
    """The commit of the checkout, with `+` if it was altered since; outside of one, the package's version."""
    if not (_ROOT / ".git").exists():
        return version("anlan")
    try:
        commit = _git("rev-parse", "HEAD")
        altered = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return version("anlan")  # no git here, or a checkout that it won't read
    return commit + ("+" if altered else "")


def provenance() -> dict[str, str]:
    """Tags for a run: code, lock file (its SHA-256, if there is one), Python, machine."""
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest() if LOCK.exists() else "none"
    return {
        "code_version": code_version(),
        "lock_digest": lock,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
    }


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=_ROOT, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout.strip()
