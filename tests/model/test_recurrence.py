"""The recurrence against a loop, against finite differences, and against PyTensor's own scan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.gradient import verify_grad

from forecast.model.graph.recurrence import recurrence

SHAPES = [(5, 2), (1, 3), (2, 1), (0, 2), (4, 0), (0, 0)]


def inputs(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=shape), rng.uniform(-0.5, 0.95, shape[1])


def compiled(mode: str) -> pytensor.compile.Function:
    """Values, and the gradient of a sum in which every state has the weight that is given."""
    e, rho, weights = pt.dmatrix(), pt.dvector(), pt.dmatrix()
    states = recurrence(e, rho)
    return pytensor.function([e, rho, weights], [states, *gradients(states, e, rho, weights)], mode=mode)


def gradients(states: Any, e: Any, rho: Any, weights: Any) -> list[Any]:
    """Of the weighed sum of states; nothing but the recurrence is compiled for it."""
    return list(pt.grad(None, [e, rho], known_grads={states: weights}))


def weights_of(shape: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape)


@pytest.mark.parametrize("mode", ["NUMBA", "FAST_COMPILE"])
def test_states_equal_a_loop_and_gradients_equal_a_scan(mode: str) -> None:
    function = compiled(mode)
    e, rho = pt.dmatrix(), pt.dvector()
    states = pytensor.scan(lambda step, before: rho * before + step, [e], [pt.zeros_like(rho)], return_updates=False)
    weights = pt.dmatrix()
    scan = pytensor.function([e, rho, weights], gradients(states, e, rho, weights), mode="FAST_COMPILE")
    for shape in SHAPES:
        values = (*inputs(shape), weights_of(shape))
        found, *slopes = function(*values)
        expected = np.zeros(shape)
        for series in range(shape[1]):
            state = 0.0
            for time in range(shape[0]):
                state = values[1][series] * state + values[0][time, series]
                expected[time, series] = state
        assert found.shape == shape
        assert found == pytest.approx(expected, rel=1e-14, abs=1e-300)
        assert [slope.shape for slope in slopes] == [shape, shape[1:]]
        if min(shape) > 0:
            for slope, exact in zip(slopes, scan(*values), strict=True):
                assert slope == pytest.approx(exact, rel=1e-12)


def test_the_inputs_are_left_as_they_were() -> None:
    e, rho = inputs((4, 2))
    kept = e.copy()
    for mode in ("NUMBA", "FAST_COMPILE"):
        compiled(mode)(e, rho, weights_of((4, 2)))
        assert np.array_equal(e, kept)


@pytest.mark.parametrize("shape", [(5, 2), (1, 3), (7, 1)])
def test_the_gradient_equals_finite_differences(shape: tuple[int, int]) -> None:
    verify_grad(recurrence, list(inputs(shape)), rng=np.random.default_rng(2))


def test_wrong_dims_are_refused() -> None:
    with pytest.raises(ValueError, match="expected \\(time, series\\) and \\(series\\)"):
        recurrence(pt.dvector(), pt.dvector())
