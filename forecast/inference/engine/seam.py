"""The two interfaces of nutpie to the kernel: by address, through private classes, or as Python functions.

The first is fast and is used where nutpie's private classes are as expected. The second is public and takes four to ten
times the CPU time for the same draws. Provenance, log and doctor state which one is in use.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any, Final

import numpy as np
import pandas as pd

from forecast.inference.engine.sampler import PyFuncModel, _lib, from_pyfunc

EXPECTED: Final = {
    "LogpFunc": "(ptr, user_data_ptr, keep_alive)",
    "ExpandFunc": "(dim, expanded_dim, ptr, user_data_ptr, keep_alive)",
    "PyMcModel": "(density, expand, variables, dim, dim_sizes, coords, init_func, transform_adapter)",
    "PyVariable.new_variables": "($cls, names, item_types, shapes, dim_sizes, dims)",
    "PySampler.from_pymc": "(settings, cores, model, progress_type, extra_callback, extra_callback_rate, store)",
}
"""The parts of nutpie's private module in use, with their arguments."""
MAKE_SAMPLER: Final = (
    "self",
    "settings",
    "init_mean",
    "cores",
    "progress_type",
    "extra_callback",
    "extra_callback_rate",
    "store",
)
"""Arguments with which nutpie makes a model's sampler; the way by address overrides that method."""


class Seam(StrEnum):
    """An interface of nutpie."""

    PRIVATE = "nutpie by address"
    PUBLIC = "nutpie by Python functions"


@cache
def seam() -> Seam:
    """The interface that is used with the installed nutpie."""
    return Seam.PUBLIC if differences() else Seam.PRIVATE


def differences() -> list[str]:
    """What of the installed nutpie is not as expected, in words."""
    found = private_differences(_lib)
    made = tuple(inspect.signature(PyFuncModel._make_sampler).parameters)  # noqa: SLF001 (it is what is looked at)
    if made != MAKE_SAMPLER:
        found.append(f"_make_sampler takes {made}, expected {MAKE_SAMPLER}")
    return found


def private_differences(library: Any) -> list[str]:
    """What of nutpie's private module is not as expected, in words."""
    found = []
    for name, expected in EXPECTED.items():
        part = library
        for step in name.split("."):
            part = getattr(part, step, None)
        if part is None:
            found.append(f"{name} is not there")
        elif (arguments := getattr(part, "__text_signature__", None)) != expected:
            found.append(f"{name} takes {arguments}, expected {expected}")
    return found


def public_model(
    parameters: int,
    density: Callable[[np.ndarray], tuple[float, np.ndarray]],
    quantities: Callable[[np.ndarray], dict[str, np.ndarray]],
    shapes: dict[str, tuple[int, ...]],
    dtypes: dict[str, str],
    dims: dict[str, tuple[str, ...]],
    lengths: dict[str, int],
    initial_point: Callable[[int], np.ndarray],
) -> Any:
    """A study as `nutpie.sample` takes it in public.

    Parameters
    ----------
    density
        Log density and gradient, dims (parameter), at an unconstrained point.
    quantities
        Every named quantity at such a point, by name.
    """
    return from_pyfunc(
        parameters,
        lambda: density,
        lambda _seed, _other_seed, _chain: quantities,
        [np.dtype(dtypes[name]) for name in shapes],
        list(shapes.values()),
        list(shapes),
        coords={dim: pd.RangeIndex(size) for dim, size in lengths.items()},
        dims=dims,
        make_initial_point_fn=initial_point,
    )
