"""Freezing the demo district: a digest of its sources and of a small district that they make.

A model is fitted to what this package writes, so the package must not follow the model: a change to it says
why, here, and every figure that rests on it is run anew.

    python -m docket.demo.freeze --reason "why"
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from docket.demo.generating import TRUTH, district

PATH: Final = Path(__file__).with_name("digest.json")
_DISPUTES, _SEED, _END = 400, 7, date(2026, 1, 31)


def sources() -> str:
    """SHA-256 over the package's own files, this one and the digest left out."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted((*folder.rglob("*.py"), *folder.rglob("damping.json"))):
        if path.name != Path(__file__).name:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def sample() -> str:
    """SHA-256 over the values of a small district; probabilities to 9 digits, as libraries' exp() differ."""
    made = district(disputes=_DISPUTES, seed=_SEED, end=_END)
    digest = hashlib.sha256()
    for name, frame in made.items():
        digest.update(name.encode())
        for column in frame.columns:
            digest.update(column.encode() + b"\0")
            for value in _canonical(frame[column], rounded=name == TRUTH):
                digest.update(value.encode() + b"\0")
    return digest.hexdigest()


def _canonical(values: pd.Series[Any], *, rounded: bool) -> list[str]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return [str(value) for value in values.dt.tz_convert("UTC")]
    if rounded and values.dtype == np.float64:
        return [f"{value:.9f}" for value in values]
    return ["" if pd.isna(value) else str(value) for value in values.astype(object)]


def frozen() -> dict[str, Any]:
    """What was frozen: `sources`, `sample`, and the log of changes."""
    held: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return held


def main() -> int:
    """Freeze the package as it stands now."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reason", required=True, help="why the district changes")
    reason = parser.parse_args().reason
    log = frozen()["log"] if PATH.exists() else []
    held = {"sources": sources(), "sample": sample(), "log": [*log, reason]}
    PATH.write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{PATH.name} written; rerun every figure that rests on the demo district\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
