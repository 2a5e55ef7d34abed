"""Prior draws have the laws that the study states, whatever variables the sampler sees in their place."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecast.inference.deviations import draw_deviations, join
from forecast.inference.engine.program import Program, get_program
from forecast.model.arrays import ModelArrays, probe_arrays, smallest_arrays
from tests.model.random_studies import FULL, random_arrays

pytestmark = pytest.mark.program

DRAWS = 4000
LEVEL = 0.01 / 60
"""Of each Kolmogorov-Smirnov test; there are fewer than 60."""


@pytest.fixture(scope="module")
def arrays() -> ModelArrays:
    return random_arrays(8, **FULL)


@pytest.fixture(scope="module")
def draws(arrays: ModelArrays) -> dict[str, np.ndarray]:
    program: Program = get_program()
    return program.draw_prior(arrays, DRAWS, seed=1)


@pytest.mark.parametrize(
    ("name", "loc", "scale"),
    [
        ("beta", None, "beta_scale"),
        ("log_mean", "log_mean_loc", "log_mean_scale"),
        ("gamma", "effect_loc", "effect_scale"),
        ("delta", "link_loc", "link_scale"),
        ("shared_bias", None, "shared_bias_scale"),
        ("exam_base", None, "exam_base_scale"),
    ],
)
def test_normal_priors(
    arrays: ModelArrays, draws: dict[str, np.ndarray], name: str, loc: str | None, scale: str
) -> None:
    for k, sd in enumerate(arrays[scale]):
        law = stats.norm(arrays[loc][k] if loc else 0.0, sd)
        assert stats.kstest(draws[name][:, k], law.cdf).pvalue > LEVEL


def test_levels_are_normal_deviations_stretched_by_their_skew(
    arrays: ModelArrays, draws: dict[str, np.ndarray]
) -> None:
    for k, skew in enumerate(arrays["mu_skew"].astype(float)):
        along = (draws["mu"][:, k] - arrays["mu_loc"][k]) / arrays["mu_scale"][k]
        deviations = np.log1p(skew * along) / skew if abs(skew) > 1e-6 else along
        assert stats.kstest(deviations, stats.norm.cdf).pvalue > LEVEL


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("tau", "tau_scale"),
        ("dispersion", "dispersion_scale"),
        ("bias_sd", "bias_scale"),
        ("common_sd", "common_scale"),
        ("exam_spread", "exam_spread_scale"),
    ],
)
def test_half_normal_priors(arrays: ModelArrays, draws: dict[str, np.ndarray], name: str, scale: str) -> None:
    for k, sd in enumerate(arrays[scale]):
        assert stats.kstest(draws[name][:, k], stats.halfnorm(scale=sd).cdf).pvalue > LEVEL


def test_a_spread_of_zero_is_zero_in_every_draw(arrays: ModelArrays, draws: dict[str, np.ndarray]) -> None:
    assert arrays["sigma_scale"][1] == 0
    assert np.all(draws["sigma"][:, 1] == 0)


def test_biases_are_normal_with_the_spread_of_their_kind_and_independent(
    arrays: ModelArrays, draws: dict[str, np.ndarray]
) -> None:
    """Although the sampler sees them reflected, partly centred and as what is said."""
    standard = draws["bias"] / draws["bias_sd"][:, arrays["expert_kind"]]
    for expert in range(standard.shape[1]):
        assert stats.kstest(standard[:, expert], stats.norm.cdf).pvalue > LEVEL
    together = np.corrcoef(standard, rowvar=False)[np.triu_indices(standard.shape[1], 1)]
    assert np.abs(together).max() < 4 / np.sqrt(DRAWS)


def test_factors_are_stationary_with_unit_variance_and_their_persistence(
    arrays: ModelArrays, draws: dict[str, np.ndarray]
) -> None:
    state, rho = draws["state"], draws["persistence"]
    for period in range(arrays.lengths["past_period"]):
        for factor in range(arrays.lengths["factor"]):
            assert stats.kstest(state[:, period, factor], stats.norm.cdf).pvalue > LEVEL
    innovations = (state[:, 1:] - rho[:, None] * state[:, :-1]) / np.sqrt(1 - rho[:, None] ** 2)
    together = np.corrcoef(innovations[:, 0, 0], state[:, 0, 0])[0, 1]
    assert abs(together) < 4 / np.sqrt(DRAWS)


def test_a_log_mean_is_independent_of_the_factor_that_drives_its_counts(draws: dict[str, np.ndarray]) -> None:
    """Although the sampler sees their sum over the observed periods."""
    drive = draws["state"].mean(axis=1)
    for indicator in range(draws["log_mean"].shape[1]):
        for factor in range(drive.shape[1]):
            found = np.corrcoef(draws["log_mean"][:, indicator], drive[:, factor] * draws["loading"][:, indicator])
            assert abs(found[0, 1]) < 4 / np.sqrt(DRAWS)


def sampled(seed: int, draws: int, arrays: ModelArrays) -> np.ndarray:
    return join(draw_deviations(np.random.default_rng(seed), draws, arrays))


def test_the_same_seed_gives_the_same_draws() -> None:
    first, second, other = (sampled(seed, 5, probe_arrays()) for seed in (1, 1, 2))
    assert first.shape == (5, probe_arrays().parameters)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert sampled(1, 3, smallest_arrays()).shape == (3, smallest_arrays().parameters)
