"""What a bench has measured, kept by a digest of what it was measured on and with.

A run then does what is missing, and one that was stopped goes on where it was.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

from bench.environments import REQUIREMENTS

ROOT: Final = Path(__file__).resolve().parents[1]
RECKONING: Final = frozenset(
    {
        "duckdb",
        "lightgbm",
        "llvmlite",
        "mlflow",
        "numba",
        "numpy",
        "pandas",
        "pyarrow",
        "pyspark",
        "scikit-learn",
        "scipy",
        "tokenizers",
        "torch",
        "transformers",
    }
)
"""Packages of the lock that a figure can depend on; a page's or a test's package makes nothing anew."""
Result = dict[str, Any]


def digest(told: Any) -> str:
    """Twenty digits that name JSON types."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:20]


def kept(file: Path, make: Callable[[], Result], failed: dict[str, Result] | None = None) -> Result:
    """The file's result, or what `make` makes, which is then kept unless it is an `error`.

    Parameters
    ----------
    failed
        Errors of this run by file name: memory or a registry may be there another day, so that they are
        not kept, but a run doesn't try twice.
    """
    if file.exists():
        found: Result = json.loads(file.read_text())
        return found
    if failed is not None and file.name in failed:
        return failed[file.name]
    found = make()
    if "error" in found:
        if failed is not None:
            failed[file.name] = found
        return found
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".half")
    half.write_text(json.dumps(found))
    half.replace(file)
    return found


@cache
def code_digest(patterns: Iterable[str], environment: str | None = None) -> str:
    """Digest of code and of the versions that it runs with.

    Parameters
    ----------
    patterns
        Globs from the root, as a tuple.
    environment
        A name in `bench.environments.REQUIREMENTS`; None is this project's lock.
    """
    found = hashlib.sha256()
    for pattern in patterns:
        for file in sorted(ROOT.glob(pattern)):
            # Of what is run, so that a line broken elsewhere or a comment makes nothing anew.
            found.update(ast.dump(_without_docs(ast.parse(file.read_bytes()))).encode())
    if environment is None:
        lines = (ROOT / "requirements.lock").read_text().splitlines()
        found.update("\n".join(line for line in lines if line.split("==")[0] in RECKONING).encode())
    else:
        found.update("\n".join(REQUIREMENTS[environment]).encode())
    return found.hexdigest()


def _without_docs(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and len(body) > 1
            and isinstance(getattr(body[0], "value", None), ast.Constant)
        ):
            del body[0]
    return tree
