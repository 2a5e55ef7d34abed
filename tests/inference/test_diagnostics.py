"""Diagnostics tell chains that agree from chains that do not, and never crash on a constant."""

from __future__ import annotations

import numpy as np
import pytest

from forecast.inference.diagnostics import diagnose_scalar


def test_independent_draws_have_as_many_effective_draws_as_draws() -> None:
    result = diagnose_scalar("x", np.random.default_rng(1).normal(size=(4, 1000)), reported=True)
    assert result.rhat == pytest.approx(1.0, abs=0.01)
    assert result.ess_bulk == pytest.approx(4000, rel=0.15)
    assert result.mcse == pytest.approx(1 / np.sqrt(4000), rel=0.15)


def test_autocorrelated_draws_are_worth_fewer() -> None:
    """AR(1) with coefficient 0.8 is worth n (1 - 0.8) / (1 + 0.8) draws for the mean."""
    rng = np.random.default_rng(2)
    draws = np.zeros((4, 5000))
    for step in range(1, 5000):
        draws[:, step] = 0.8 * draws[:, step - 1] + rng.normal(size=4)
    result = diagnose_scalar("x", draws, reported=True)
    assert result.ess_bulk == pytest.approx(20_000 / 9, rel=0.2)


def test_a_chain_that_stays_apart_raises_r_hat() -> None:
    draws = np.random.default_rng(3).normal(size=(4, 1000))
    draws[0] += 2
    result = diagnose_scalar("x", draws, reported=True)
    assert result.rhat is not None
    assert result.rhat > 1.05


def test_a_constant_has_no_r_hat_and_no_error() -> None:
    result = diagnose_scalar("tau", np.zeros((4, 100)), reported=True)
    assert (result.sd, result.rhat, result.ess_bulk) == (0.0, None, None)


def test_a_number_that_is_not_finite_is_not_averaged_away() -> None:
    draws = np.random.default_rng(4).normal(size=(2, 100))
    draws[1, 50] = np.inf
    assert diagnose_scalar("x", draws, reported=True).mean is None
