"""The compiled program against the same density written down a second time, and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from forecast.inference.program import Program, get_program
from forecast.model.arrays import DIMS, ModelArrays, smallest_arrays
from forecast.model.bands import AgeBands
from tests.model.reference_density import log_density


@pytest.fixture(scope="module")
def program() -> Program:
    return get_program()


def random_arrays(seed: int, **sizes: int) -> ModelArrays:
    """A study of any shape, all blocks filled or empty as asked."""
    rng = np.random.default_rng(seed)
    n = dict.fromkeys(DIMS, 0) | {"outcome": 2, "band": 5, "step": 3} | sizes
    bands = [AgeBands((0.0, 12.0, 40.0)), AgeBands((0.0, 24.0))]
    walk = np.zeros((5, 3))
    walk[:3, :2], walk[3:, 2:] = bands[0].walk, bands[1].walk
    weights = rng.dirichlet(np.ones(n["level"] + 1), size=2)[:, :-1] if n["level"] else np.zeros((2, 0))
    trials = rng.integers(1, 20, n["trial"])
    pick = lambda dim, size: rng.integers(0, max(n[dim], 1), n[size])  # noqa: E731
    return ModelArrays(
        {
            "mu_loc": rng.normal(-1, 0.5, 2),
            "mu_scale": rng.uniform(0.5, 1.5, 2),
            "tau_scale": rng.uniform(0.1, 1, 2),
            "sigma_scale": [0.7, 0.0],
            "trend_scale": [0.5, 0.0],
            "wiggle_scale": [0.4, 0.2],
            "beta_scale": np.ones(n["covariate"]),
            "level_outcome": pick("outcome", "level"),
            "unit_level": pick("level", "unit"),
            "unit_frailty": rng.integers(0, n["frailty"] + 1, n["unit"]),
            "unit_covariates": rng.normal(size=(n["unit"], n["covariate"])),
            "trial_unit": pick("unit", "trial"),
            "trial_yes": rng.binomial(trials, 0.3),
            "trial_n": trials,
            "band_outcome": [0, 0, 0, 1, 1],
            "band_log_age": np.concatenate([b.log_ages for b in bands]),
            "walk": walk,
            "cell_unit": pick("unit", "cell"),
            "cell_band": pick("band", "cell"),
            "cell_events": rng.integers(0, 2, n["cell"]) * 0.5,
            "cell_exposure": rng.uniform(0.1, 9, n["cell"]),
            "present_weights": weights,
            "present_new": 1 - weights.sum(axis=1),
            "present_covariates": rng.normal(size=(2, n["covariate"])),
            "history_outcome": pick("outcome", "history"),
            "history_band": pick("band", "history"),
            "history_exposure": rng.uniform(0, 5, n["history"]),
        },
        frailties=n["frailty"],
    )


FULL = {"level": 3, "unit": 8, "frailty": 4, "covariate": 2, "trial": 5, "cell": 12, "history": 3}
SHAPES = [
    FULL,
    {**FULL, "trial": 0},
    {**FULL, "cell": 0, "history": 0},
    {**FULL, "covariate": 0, "frailty": 0},
    {"history": 2},
    {},
]


@pytest.mark.parametrize(
    "sizes", SHAPES, ids=["full", "no trials", "no hazards", "plain", "history only", "prior only"]
)
def test_log_density_equals_the_one_written_down_by_hand(program: Program, sizes: dict[str, int]) -> None:
    arrays = random_arrays(3, **sizes)
    program.load(arrays)
    rng = np.random.default_rng(4)
    for _ in range(5):
        point = rng.normal(0, 0.7, arrays.parameters)
        logp, _ = program.logp(point)
        assert float(logp) == pytest.approx(log_density(point, arrays), rel=1e-10)


def test_gradient_equals_finite_differences(program: Program) -> None:
    arrays = random_arrays(5, **FULL)
    program.load(arrays)
    point = np.random.default_rng(6).normal(0, 0.5, arrays.parameters)
    _, gradient = program.logp(point)
    numeric = approx_fprime(point, lambda x: float(program.logp(x)[0]), 1e-6)
    assert np.asarray(gradient) == pytest.approx(numeric, rel=1e-3, abs=1e-4)


def test_a_study_loaded_later_does_not_change_the_record_of_an_earlier_one(program: Program) -> None:
    first = program.load(random_arrays(7, **FULL))
    before = [value.copy() for value in first.records[0].values]
    program.load(smallest_arrays())
    assert all(np.array_equal(a, b) for a, b in zip(before, first.records[0].values, strict=True))


def test_prior_draws_have_the_moments_that_the_study_states(program: Program) -> None:
    arrays = random_arrays(8, level=2)
    draws = program.draw_prior(arrays, 4000, seed=1)
    error = arrays["mu_scale"] / np.sqrt(4000)
    assert np.all(np.abs(draws["mu"].mean(axis=0) - arrays["mu_loc"]) < 4 * error)
    assert np.all(np.abs(draws["mu"].std(axis=0) / arrays["mu_scale"] - 1) < 4 / np.sqrt(2 * 4000))
    half_normal_mean = np.sqrt(2 / np.pi)
    assert draws["tau"].mean(axis=0) == pytest.approx(arrays["tau_scale"] * half_normal_mean, rel=0.05)
    assert np.all(draws["sigma"][:, 1] == 0.0)
