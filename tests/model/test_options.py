"""Categorical outcomes in the model: two options are a binary outcome, their order means nothing, and quadrature agrees."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from forecast.explain.density import without_data
from forecast.futures.option_offsets import solve_offsets
from forecast.futures.present import softmax
from forecast.inference.deviations import draw_deviations, in_deviations, join
from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.inference.labels import label_posterior
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.latent_specs import LATENTS
from forecast.study import SamplerSettings, Study
from tests.categories import COUNTS, SAID, election, spoken, two_options

pytestmark = pytest.mark.program

OF_SCORES = {
    "mu_z": "mu_z",
    "level_z": "level_z",
    "frailty_z": "frailty_z",
    "new_class_z": "new_class_z",
    "present_z": "present_z",
    "choice_common_z": "common_z",
    "choice_lean_z": "shared_bias_z",
    "inclination_z": "bias_z",
}
"""Deviations of the scores of options, and those of the log odds of a binary outcome."""


def log_likelihood(encoded: EncodedStudy, deviations: dict[str, np.ndarray]) -> np.ndarray:
    """Of all data, dims (draw); `deviations` as `draw_deviations` gives them."""
    arrays, points = in_deviations(encoded.arrays), join(deviations)
    return get_program().load(arrays).log_densities(points) - get_program().load(without_data(arrays)).log_densities(
        points
    )


@pytest.mark.parametrize("settled", [False, True])
def test_two_options_are_a_binary_outcome_to_the_last_digit(settled: bool) -> None:
    """The log odds of two options are the difference of their scores, and every part of both has the same law."""
    categorical, binary = map(encode_study, two_options(settled=settled))
    draws = draw_deviations(np.random.default_rng(1), 50, categorical.arrays)
    other = draw_deviations(np.random.default_rng(2), 50, binary.arrays)
    for name, same in OF_SCORES.items():
        # Halves of a pair: option by option within a case, a class or an expert.
        pairs = draws[name].reshape(50, -1, 2)
        other[same] = (pairs[:, :, 0] - pairs[:, :, 1]) * np.sqrt(0.5)
    for name in LATENTS.keys() - OF_SCORES.keys() - set(OF_SCORES.values()):
        other[name] = draws[name][:, : other[name].shape[1]]
    np.testing.assert_allclose(log_likelihood(categorical, draws), log_likelihood(binary, other), rtol=1e-10)


def test_the_order_of_options_changes_nothing() -> None:
    one, other = encode_study(election()), encode_study(election("right", "left", "centre"))
    draws = draw_deviations(np.random.default_rng(3), 20, one.arrays)
    moved = {name: permuted(name, values, one, other) for name, values in draws.items()}
    for name in ("tau_z", "sigma_z"):  # those of the first option are the ones that count
        moved[name] = draws[name]
    np.testing.assert_allclose(log_likelihood(one, draws), log_likelihood(other, moved), rtol=1e-12)


def permuted(name: str, values: np.ndarray, one: EncodedStudy, other: EncodedStudy) -> np.ndarray:
    """The same values in the order of another study's labels."""
    dims = LATENTS[name].dims
    shaped = values.reshape(len(values), *(one.arrays.lengths[dim] for dim in dims))
    for axis, dim in enumerate(dims, start=1):
        if one.coords.get(dim):
            order = [one.coords[dim].index(label) for label in relabelled(other.coords[dim], one.coords[dim])]
            shaped = np.take(shaped, order, axis=axis)
    return np.ascontiguousarray(shaped.reshape(len(values), -1))


def relabelled(labels: list[str], known: list[str]) -> list[str]:
    """Labels of memberships name all options in their order; there is one membership here."""
    return labels if set(labels) == set(known) else known


@functools.cache
def quadrature(counts: bool, noise: float) -> np.ndarray:
    """Probabilities of three options from dense quadrature over two differences of scores, spreads at 0.

    Scores are normal(0, 1.5 / sqrt 2), so that differences to the third have variances 1.5^2 and half of that as
    covariance. Experts err by a Student t of four degrees of freedom on centred log ratios alone.
    """
    grid = np.linspace(-9.0, 9.0, 401)
    first, second = np.meshgrid(grid, grid, indexing="ij")
    scores = np.stack([first, second, np.zeros_like(first)], axis=-1)
    inverse = np.linalg.inv(1.5**2 * np.array([[1.0, 0.5], [0.5, 1.0]]))
    away = np.stack([first, second], axis=-1)
    log_density = -0.5 * np.einsum("...i,ij,...j->...", away, inverse, away)
    chances = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    if counts:
        log_density += (np.log(chances) * [sum(row[option] for row in COUNTS) for option in SAID]).sum(axis=-1)
    if noise:
        ratios = np.log(list(SAID.values()))
        apart = (ratios - ratios.mean()) - (scores - scores.mean(axis=-1, keepdims=True))
        distance = (apart**2).sum(axis=-1) / (0.5 * noise**2)
        log_density += -0.5 * (4.0 + 2.0) * np.log1p(distance / 4.0)
    mass = np.exp(log_density - log_density.max())
    return np.asarray((mass[..., None] * chances).sum(axis=(0, 1)) / mass.sum())


EXACT = {
    "shared_bias_sd": 1e-4, "bias_sd": 1e-4, "slope_mean_sd": 1e-4, "slope_sd": 1e-4, "error_sd": 1e-4,
    "error_spread": 1e-4, "common_error_sd": 1e-4,
}  # fmt: skip
"""Experts who err by the least error alone, 0.1 on the log odds."""


@pytest.mark.parametrize(("counts", "noise"), [(True, 0.0), (False, 0.1), (True, 0.1)])
def test_three_options_against_dense_quadrature(counts: bool, noise: float) -> None:
    changes: dict[str, Any] = {} if noise else {"judgments": None}
    if noise:
        changes = {"judgments": {"rows": spoken("ann", SAID)}, "experts": EXACT}
    study = election(**changes)
    pooling = {"class_sd": 0, "case_sd": 0}
    (outcome,) = study.document["outcomes"]
    document = {**study.document, "outcomes": [{**outcome, "pooling": pooling, "reference": {"polls": 1.0}}]}
    if not counts:
        document["reference_classes"][0]["rows"] = [{**row, "weight": 0} for row in COUNTS]
    means, errors = sampled_chances(document)
    assert np.all(np.abs(means - quadrature(counts, noise)) < 3.0 * errors + 5e-4)


def sampled_chances(document: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Mean probabilities of the options and their errors."""
    from forecast.montecarlo import mcse_of_mean
    from forecast.study import study_from_document

    study: Study = study_from_document({key: value for key, value in document.items() if value is not None})
    encoded = encode_study(study)
    settings = SamplerSettings(draws=1500, tune=500, chains=2, target_accept=0.9)
    tree = sample_posterior(get_program().load(encoded.arrays), settings, seed=5, cores=1)
    posterior, _ = label_posterior(tree, encoded)
    chances = softmax(posterior["theta"].transpose("chain", "draw", "outcome").values)
    return chances.mean(axis=(0, 1)), mcse_of_mean(np.moveaxis(chances, -1, 0))


def test_what_is_judged_under_factors_is_near_the_mean_softmax() -> None:
    """Against Gauss-Hermite quadrature of the path's mean, with offsets that keep the marginal; two options are exact to .005."""
    rows = [{"period": f"2019-{month:02d}", "value": value} for month, value in enumerate([3, 5, 9, 8], 9)]
    encoded = encode_study(
        election(
            factors=[{"id": "mood", "effects": {"winner.left": "normal(0, 0.7)", "winner.right": "normal(0, 0.7)"}}],
            indicators=[{"id": "protests", "factor": "mood", "rows": rows}],
        )
    )
    arrays = in_deviations(encoded.arrays)
    drawn = get_program().load(arrays).quantities(join(draw_deviations(np.random.default_rng(4), 400, arrays)))
    effects = np.zeros((400, 3))
    effects[:, [0, 2]] = drawn["gamma"]
    rho, now, n = drawn["persistence"][:, 0], drawn["state"][:, -1, 0], float(encoded.arrays["poll_steps"][0])
    lags = np.arange(1, n)
    variance = (n + 2.0 * (rho[:, None] ** lags) @ (n - lags)) / n**2
    mean = rho * (1.0 - rho**n) / (n * (1.0 - rho))
    places, weights = np.polynomial.hermite_e.hermegauss(41)
    weights = weights / weights.sum()
    # One option of membership at a time: of the class that is not new.
    level = drawn["present_level"].reshape(400, 3, 2)
    exact = np.zeros((400, 3))
    for option, share in enumerate(drawn["option_share"].T):
        shifts = places[:, None, None] * (np.sqrt(variance)[:, None] * effects)[None]
        own = level[:, :, option]
        offset = solve_offsets(own, shifts, np.repeat(weights[:, None], 400, axis=1))
        spread = places[:, None, None] * (np.sqrt(variance - mean**2)[:, None] * effects)[None]
        moved = softmax(own + offset + (mean * now)[:, None] * effects + spread)
        exact += share[:, None] * (weights[:, None, None] * moved).sum(axis=0)
    errors = np.abs(np.exp(drawn["judged_log_chance"]) - exact).max(axis=1)
    assert np.median(errors) < 0.004
    assert np.quantile(errors, 0.9) < 0.015
