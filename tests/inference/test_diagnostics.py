"""Diagnostics distinguish chains that agree from chains that do not, and never crash on a constant."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from arviz_stats.base import array_stats

from forecast.inference.diagnostics import diagnose, diagnose_scalar, with_latent


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


def test_a_latent_on_another_scale_has_the_diagnostics_of_the_reported_quantity() -> None:
    """And the numbers are those that it would have alone; one that only resembles it is diagnosed itself."""
    rng = np.random.default_rng(5)
    z = rng.normal(size=(4, 500))
    dims = ("chain", "draw")
    reported = xr.Dataset({"mu": (dims, 2.0 - 3.0 * z), "tau": (dims, np.exp(z)), "zero": (dims, np.zeros_like(z))})
    latent = xr.Dataset({"mu_z": (dims, z), "tau_z": (dims, z), "zero_z": (dims, z), "other_z": (dims, z)})
    stats = xr.Dataset({"diverging": (dims, z > 9), "energy": (dims, z)})
    gated = diagnose(reported, stats, compilations=1, seconds={})
    assert [p.name for p in gated.parameters] == ["mu", "tau", "zero"]
    found = {p.name: p for p in with_latent(gated, reported, latent).parameters}
    assert list(found) == ["mu", "tau", "zero", "mu_z", "tau_z", "zero_z", "other_z"]
    alone = diagnose_scalar("mu_z", z, reported=False)
    for name in ("mu_z", "tau_z", "zero_z", "other_z"):
        assert (found[name].ess_tail, found[name].mcse, found[name].reported) == (None, None, False)
        for number in ("mean", "sd", "rhat", "ess_bulk"):
            assert getattr(found[name], number) == pytest.approx(getattr(alone, number), rel=1e-9)
    assert found["tau"].rhat != found["tau_z"].rhat


@pytest.mark.parametrize("size", [(4, 500), (4, 501), (2, 1000)])
def test_shared_ranks_give_what_arviz_gives(size: tuple[int, int]) -> None:
    """With ties as well: probabilities of decided outcomes have many. An odd draw is left out of the halves by arviz."""
    rng = np.random.default_rng(6)
    rough = rng.normal(size=size) + 0.05 * rng.normal(size=size).cumsum(axis=1)
    for draws in (rough, np.round(rough, 1), np.exp(3 * rough)):
        found = diagnose_scalar("x", draws, reported=True)
        axes = {"chain_axis": 0, "draw_axis": 1}
        tolerance = 1e-12 if size[1] % 2 == 0 else 2e-2
        assert found.rhat == pytest.approx(float(array_stats.rhat(draws, **axes)), rel=tolerance)
        assert found.ess_bulk == pytest.approx(float(array_stats.ess(draws, method="bulk", **axes)), rel=tolerance)
