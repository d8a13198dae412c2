"""Virtual environments of the peers that this project doesn't depend on, made by pip once."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = {
    "polars": ("polars==2.1.0", "numpy==2.4.6", "pyarrow==26.0.1", "holidays==0.109"),
    # featuretools 1.31 doesn't run on pandas 3, and imports pkg_resources.
    "featuretools": (
        "featuretools==1.31.0",
        "pandas==2.3.3",
        "numpy==2.4.6",
        "pyarrow==26.0.1",
        "setuptools==65.5.0",
        "holidays==0.109",
    ),
}


def python_of(peer: str, cache: Path) -> Path:
    """The interpreter that a peer runs on: this one, or that of its own environment.

    Raises
    ------
    subprocess.CalledProcessError
        If pip can't install what the peer needs.
    """
    if peer not in REQUIREMENTS:
        return Path(sys.executable)
    folder = cache / "envs" / peer
    python = folder / "bin" / "python"
    stamp = folder / "made"
    wanted = "\n".join(REQUIREMENTS[peer])
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS[peer]], check=True)
        stamp.write_text(wanted)
    return python


def settings() -> dict[str, str]:
    """Two threads for everybody, and the bench itself on the path."""
    root = str(Path(__file__).resolve().parents[2])
    names = ("OMP", "OPENBLAS", "MKL", "NUMBA", "POLARS", "NUMEXPR", "VECLIB")
    threads = {f"{name}_{'MAX' if name == 'POLARS' else 'NUM'}_THREADS": "2" for name in names}
    return {**os.environ, **threads, "ARROW_NUM_THREADS": "2", "PYTHONPATH": root}
