"""Compiling, the same way everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def jit(function: F) -> F:
    """Compile on first use, for one thread, and keep the machine code beside the module."""
    return cast(F, numba.njit(cache=True)(function))
