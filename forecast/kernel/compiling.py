"""How the kernel's functions are compiled: plain loops without checks, sums in any order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba

FAST: Final = frozenset({"contract", "reassoc", "nsz", "arcp"})
"""Sums may be reordered and products fused; infinities and NaN keep their meaning."""


def block(function: Callable[..., Any]) -> Any:
    """A function of the kernel: its indices were checked by `ModelArrays`, and division by zero gives infinity."""
    return numba.njit(error_model="numpy", fastmath=set(FAST), boundscheck=False, nogil=True)(function)
