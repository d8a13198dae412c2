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
    "boosting": (
        "catboost==1.2.10",
        "skrub==0.11.0",
        "scikit-learn==1.9.1",
        "pandas==3.1.1",
        "numpy==2.4.6",
        "pyarrow==26.0.1",
    ),
    "autogluon": ("autogluon.tabular[catboost,lightgbm,xgboost,fastai]==1.6.3", "pyarrow"),
}
"""Environment to what pip installs into it; any other name is the environment of this project."""


def python_of(name: str, cache: Path) -> Path:
    """The interpreter of an environment: this one, or that of an environment of its own.

    Raises
    ------
    subprocess.CalledProcessError
        If pip can't install what it needs.
    """
    if name not in REQUIREMENTS:
        return Path(sys.executable)
    folder = cache / "envs" / name
    python = folder / "bin" / "python"
    stamp = folder / "made"
    wanted = "\n".join(REQUIREMENTS[name])
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS[name]], check=True)
        stamp.write_text(wanted)
    return python


def settings() -> dict[str, str]:
    """Two threads for everybody, and the bench itself on the path."""
    root = str(Path(__file__).resolve().parents[1])
    names = ("OMP", "OPENBLAS", "MKL", "NUMBA", "POLARS", "NUMEXPR", "VECLIB")
    threads = {f"{name}_{'MAX' if name == 'POLARS' else 'NUM'}_THREADS": "2" for name in names}
    return {**os.environ, **threads, "ARROW_NUM_THREADS": "2", "PYTHONPATH": root}
