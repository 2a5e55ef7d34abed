"""What is said of one named array of the model: its dims, its dtype, its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

OR_NONE: Final = "_or_none"
"""Ending of `ArraySpec.indexes` where 0 means none and k > 0 means k - 1."""


@dataclass(frozen=True)
class ArraySpec:
    """Dims, dtype and bounds of one named array; `indexes` names the dim that its values point into."""

    dims: tuple[str, ...]
    dtype: Literal["float64", "int64"] = "float64"
    indexes: str | None = None
    minimum: float | None = None


def number(*dims: str) -> ArraySpec:
    """Any finite numbers."""
    return ArraySpec(dims)


def positive(*dims: str) -> ArraySpec:
    """Numbers from 0 on."""
    return ArraySpec(dims, minimum=0.0)


def index(dim: str, into: str) -> ArraySpec:
    """Places along another dim."""
    return ArraySpec((dim,), "int64", indexes=into)
