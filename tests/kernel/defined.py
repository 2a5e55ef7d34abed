"""The PyMC definition, made once for every test of a process, and the kernel compared with it."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from forecast.inference.engine.definition import DefinedStudy
from forecast.inference.engine.program import get_program
from forecast.model.arrays import ModelArrays, smallest_arrays


@functools.cache
def the_definition() -> DefinedStudy:
    return DefinedStudy(smallest_arrays())


def compare(arrays: ModelArrays, point: np.ndarray) -> None:
    kernel, definition = get_program().load(arrays), the_definition()
    definition.swap(arrays)
    (logp, gradient), (expected, slope) = kernel.log_density(point), definition.log_density(point)
    assert logp == pytest.approx(expected, rel=1e-10)
    assert gradient == pytest.approx(slope, rel=1e-8, abs=1e-8 * np.abs(slope).max())
    quantities = definition.quantities(point[None])
    for name, values in kernel.quantities(point[None]).items():
        assert values == pytest.approx(quantities[name], rel=1e-9, abs=1e-11), name
    terms = definition.terms(point[None])
    for name, values in kernel.terms(point[None]).items():
        assert values == pytest.approx(terms[name], rel=1e-9, abs=1e-11), name
