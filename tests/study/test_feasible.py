"""Whether a distribution meets inequalities: against SciPy's linear programs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from forecast.study.checks.coherence.feasible import TOLERANCE, is_feasible, least_violation


def by_scipy(inequalities: np.ndarray) -> float:
    """The smallest t with inequalities @ x <= t for some distribution x."""
    count, patterns = inequalities.shape
    found = linprog(
        np.r_[np.zeros(patterns), 1.0],
        A_ub=np.c_[inequalities, -np.ones(count)],
        b_ub=np.zeros(count),
        A_eq=np.r_[np.ones(patterns), 0.0][None],
        b_eq=[1.0],
        bounds=[(0, None)] * patterns + [(None, None)],
    )
    assert found.success
    return float(found.fun)


@pytest.mark.parametrize("seed", range(60))
def test_the_least_violation_is_that_of_scipy(seed: int) -> None:
    """Half of them of zeros, ones and shares of them, as claims give, in which many corners coincide."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 25)), int(rng.integers(1, 60)))
    inequalities = rng.normal(size=shape)
    if seed % 2:
        inequalities = rng.integers(0, 2, shape) - rng.integers(0, 5, (shape[0], 1)) / 4.0
        inequalities = np.concatenate([inequalities, -inequalities[: shape[0] // 2]])
    assert least_violation(inequalities) == pytest.approx(by_scipy(inequalities), abs=1e-9)


def test_what_holds_without_any_room_is_feasible() -> None:
    exact = np.array([[0.7, -0.3], [-0.7, 0.3]])  # the first pattern has probability 0.3
    assert abs(least_violation(exact)) < TOLERANCE
    assert is_feasible(exact)
    assert not is_feasible(np.array([[0.7, -0.3], [-0.6, 0.4]]))
    assert is_feasible(np.empty((0, 4)))
