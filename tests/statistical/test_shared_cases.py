"""Binary outcomes that share their cases: what is learned of how far they go together, in worlds where it is known.

A case with 20 trials of each outcome shows its two levels within some 0.45 on the log odds, so 40 such cases say a good
deal of the correlation of two outcomes. A single yes or no shows hardly anything of a level.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.model.arrays import ModelArrays
from forecast.pipeline.compute import compute_forecast
from forecast.study import SamplerSettings
from forecast.wording.dependence import NEAR, near_prior
from tests.statistical.simulators.block import Truth
from tests.statistical.simulators.dependence import shared_cases, shared_study, simulate_shared
from tests.statistical.worlds import draw_worlds
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

CASES, TRIALS, SPREAD = 40, 20, 0.5
"""The spread of cases is that of a study that states none."""
ROWS: list[dict[str, Any]] = [{"id": str(k), "a": 1, "b": 1, "trials": TRIALS} for k in range(CASES)]
TRUE = 0.7
WORLDS = sized(40, 10)
SETTINGS = SamplerSettings(draws=1000, tune=400, chains=2, target_accept=0.8)


def true_world(rng: np.random.Generator, cases: int) -> Truth:
    return {
        "mu": np.array([0.0, -0.5]),
        "sigma": np.full(2, SPREAD),
        "correlation": np.array([TRUE]),
        "frailty_z": rng.standard_normal(2 * cases),
    }


def fit(arrays: ModelArrays, seed: int) -> xr.Dataset:
    return sample_posterior(get_program().load(arrays), SETTINGS, seed=seed, cores=1)["posterior"]


def logistic(level: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-level)))


def both(mu: np.ndarray, sigma: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Chance that a new case has both outcomes, dims (draw), by a product rule over its two frailties."""
    z, weights = np.polynomial.hermite_e.hermegauss(15)
    weights = weights / weights.sum()
    one, other = (grid.ravel() for grid in np.meshgrid(z, z, indexing="ij"))
    second = correlation[:, None] * one + np.sqrt(1 - correlation[:, None] ** 2) * other
    chances = logistic(mu[:, :1] + sigma[:, :1] * one) * logistic(mu[:, 1:] + sigma[:, 1:] * second)
    return np.asarray(chances @ np.outer(weights, weights).ravel())


def drawn(posterior: xr.Dataset) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Levels and spreads, dims (draw, outcome), and the correlation, dims (draw)."""
    mu, sigma = (posterior[name].stack(all=["chain", "draw"]).transpose("all", "outcome") for name in ("mu", "sigma"))
    return mu.values, sigma.values, posterior["correlation"].values.ravel()


def test_a_correlation_of_two_shared_outcomes_is_learned() -> None:
    block = shared_cases(ROWS, spread=SPREAD)
    means, errors = [], []
    for seed in range(WORLDS):
        rng = np.random.default_rng([1, seed])
        truth = true_world(rng, CASES)
        data = block.simulate(rng, truth, block.arrays)
        posterior = fit(ModelArrays({**block.arrays, **data}, frailties=2 * CASES), seed)
        means.append(float(posterior["correlation"].mean()))
        found = both(*drawn(posterior))
        (exact,) = both(truth["mu"][None], truth["sigma"][None], truth["correlation"])
        errors.append((found.mean() - exact) / found.std())
    print(f"\n{WORLDS} worlds at {TRUE}: mean {np.mean(means):.2f}, from {min(means):.2f} to {max(means):.2f}")
    print(f"joint probability: errors in posterior standard deviations {np.round(sorted(errors), 1)}")
    assert np.mean(means) > 0.45
    assert abs(np.mean(errors)) < 4 / np.sqrt(WORLDS)
    assert np.max(np.abs(errors)) < 4


def test_a_forecast_has_the_joint_probability_and_says_where_cases_taught_nothing() -> None:
    """The probability of both is the mean over draws of what each draw says of a new case."""
    ratios = {}
    for trials in (TRIALS, 1):
        rows = [{**row, "trials": trials} for row in ROWS]
        rng = np.random.default_rng(5)
        yes = simulate_shared(rng, true_world(rng, CASES), shared_cases(rows, spread=SPREAD).arrays)["trial_yes"]
        rows = [{**row, "a": a, "b": b} for row, (a, b) in zip(rows, yes.reshape(CASES, 2).tolist(), strict=True)]
        scenarios = [{"id": "both", "title": "Both", "when": "a and b"}]
        computed = compute_forecast(
            shared_study(rows, spread=SPREAD, scenarios=scenarios, sampler=SETTINGS.model_dump() | {"seed": 3})
        )
        posterior, scenario = computed.draws["posterior"].to_dataset(), computed.answer.scenarios[0]
        expected = both(*drawn(posterior)).mean()
        assert abs(scenario.probability - expected) < 4 * scenario.mcse
        (pair,) = computed.answer.correlations
        assert pair.prior_sd == pytest.approx(5**-0.5)  # R of LKJ(2): (R + 1) / 2 ~ Beta(2, 2)
        ratios[trials] = pair.correlation.sd / pair.prior_sd
        print(f"\n{trials} trials: both {scenario.probability:.3f}; correlation {pair.correlation.mean:.2f}, "
              f"posterior over prior sd {ratios[trials]:.2f}")  # fmt: skip
        assert ("yes or no" in near_prior(pair)) == (trials == 1)
    assert ratios[TRIALS] < 0.7 < NEAR < ratios[1]


@pytest.mark.soak
@pytest.mark.slow
def test_intervals_hold_the_truth_in_nine_of_ten_worlds() -> None:
    """Of 100 worlds between 84 and 96: with nine of ten, 96 % of runs."""
    block = shared_cases(ROWS, spread=SPREAD)
    inside = {"correlation": 0, "both": 0}
    for seed, world in enumerate(draw_worlds(get_program(), block, 100, seed=11)):
        posterior = sample_posterior(world.loaded, SETTINGS, seed=seed, cores=1)["posterior"]
        joint = logistic(posterior["theta"].values).prod(axis=2)
        for name, draws, truth in (
            ("correlation", posterior["correlation"].values, world.truth["correlation"][0]),
            ("both", joint, logistic(world.truth["theta"]).prod()),
        ):
            low, high = np.quantile(draws, [0.05, 0.95])
            inside[name] += int(low <= truth <= high)
    print(f"\nOf 100 intervals of 90 % hold the truth: {inside}")
    assert all(84 <= count <= 96 for count in inside.values())
