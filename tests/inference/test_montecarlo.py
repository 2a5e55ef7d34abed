"""Monte Carlo errors equal ArviZ's, whatever the chains look like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from arviz_stats.base import array_stats

from forecast.montecarlo import mcse_of_mean


def autoregressive(rng: np.random.Generator, chains: int, draws: int, persistence: float) -> npt.NDArray[np.float64]:
    noise = rng.standard_normal((chains, draws))
    for step in range(1, draws):
        noise[:, step] += persistence * noise[:, step - 1]
    return noise


@pytest.mark.parametrize("draws", [4, 5, 6, 7, 8, 9, 10, 11, 37, 250, 1001])
@pytest.mark.parametrize("chains", [1, 2, 4])
def test_errors_equal_those_of_arviz(chains: int, draws: int) -> None:
    rng = np.random.default_rng([chains, draws])
    values = [autoregressive(rng, chains, draws, persistence) for persistence in np.linspace(-0.98, 0.98, 25)]
    values += [rng.binomial(5, p, (chains, draws)) / 5.0 for p in (0.01, 0.3, 0.99)]
    values += [autoregressive(rng, chains, draws, 0.5) + 3.0 * np.arange(chains)[:, None]]
    values += [np.arange(chains * draws).reshape(chains, draws) % 2 + rng.normal(0, 1e-3, (chains, draws))]
    exact = [array_stats.mcse(v, chain_axis=0, draw_axis=1, method="mean") for v in values]
    np.testing.assert_allclose(mcse_of_mean(np.array(values)), exact, rtol=1e-10)


def test_what_never_varies_has_no_error() -> None:
    assert mcse_of_mean(np.full((1, 4, 100), 0.3)).tolist() == pytest.approx([0.0], abs=1e-16)


def test_what_is_too_short_or_not_a_number_has_an_unknown_error() -> None:
    assert np.isnan(mcse_of_mean(np.random.default_rng(1).random((1, 4, 3)))).all()
    broken = np.random.default_rng(1).random((2, 2, 50))
    broken[1, 0, 7] = np.nan
    errors = mcse_of_mean(broken)
    assert np.isfinite(errors[0])
    assert np.isnan(errors[1])
