"""Smoothed importance weights against targets whose means are known."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.explain.weights import MAX_PARETO_K, smooth_weights


@pytest.fixture
def normals() -> np.ndarray:
    return np.random.default_rng(1).standard_normal(4000)


def test_draws_of_a_normal_serve_for_one_that_is_moved(normals: np.ndarray) -> None:
    found = smooth_weights(0.5 * normals, 4)
    assert found.reliable
    assert found.values.sum() == pytest.approx(1.0)
    assert found.values @ normals == pytest.approx(0.5, abs=4 * np.sqrt(np.exp(0.25) / 4000))


def test_equal_ratios_are_equal_weights() -> None:
    found = smooth_weights(np.full(400, -3.0), 4)
    assert found.values == pytest.approx(np.full(400, 1 / 400))
    assert (found.pareto_k, found.reliable) == (None, True)


def test_a_target_wider_than_the_draws_cannot_be_reached(normals: np.ndarray) -> None:
    """Normal(0, 9) from Normal(0, 1): ratios exp(4 x^2 / 9) have no mean."""
    found = smooth_weights(normals**2 * 4 / 9, 4)
    assert found.pareto_k is not None
    assert found.pareto_k > MAX_PARETO_K
    assert not found.reliable


def test_a_bounded_tail_of_equal_ratios_has_nothing_to_smooth(normals: np.ndarray) -> None:
    found = smooth_weights(np.where(normals > -0.5, 0.0, -1.0), 4)
    share = np.mean(normals > -0.5)
    expected = share / (share + (1 - share) * np.exp(-1))
    assert found.values[normals > -0.5].sum() == pytest.approx(expected)
    assert (found.pareto_k, found.reliable) == (None, True)


def test_a_ratio_that_is_not_a_number_is_not_trusted(normals: np.ndarray) -> None:
    ratios = 0.1 * normals
    ratios[7] = np.nan
    found = smooth_weights(ratios, 4)
    assert not found.reliable
    assert found.values[7] == 0
    assert found.values.sum() == pytest.approx(1.0)
