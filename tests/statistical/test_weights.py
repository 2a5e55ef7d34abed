"""Weights of cases against dense quadrature: the power acts on the likelihood with the frailty integrated out.

Given the frailty it would do nothing where a case is well measured: 20 cases with 200 trials each, 16 of them with
weight .05, would answer as if all had weight 1.
"""

from __future__ import annotations

import numpy as np
import pytest

from forecast.pipeline.compute import compute_forecast
from tests.documents import binary_outcome, make_study
from tests.suite.sizes import sized

pytestmark = [pytest.mark.statistical, pytest.mark.program]

SAMPLER = {"draws": sized(4000, 1000), "tune": 400, "chains": 4}
FULL_WEIGHT, FEW = 4, 20
SPREAD = 0.8
"""Scale of the half-normal spread of cases."""


def log_odds_of(trials: int) -> list[int]:
    """Successes of 20 cases: the first four, of full weight, mostly succeed, the others mostly fail."""
    rng = np.random.default_rng(trials)
    chances = 1 / (
        1 + np.exp(-np.concatenate([rng.normal(1.0, 0.5, FULL_WEIGHT), rng.normal(-1.0, 0.5, FEW - FULL_WEIGHT)]))
    )
    return [int(y) for y in rng.binomial(trials, chances)]


def exact(yes: list[int], trials: int, weights: list[float]) -> float:
    """Mean of the present case's chance, on a grid over level, spread and the frailty of each case."""
    level, spread = np.linspace(-4, 4, 161)[:, None, None], np.linspace(0.01, 4, 200)[None, :, None]
    log_posterior = (-0.5 * (level + 1) ** 2 - 0.5 * (spread / SPREAD) ** 2)[:, :, 0]
    x = np.linspace(-14, 14, 2801)[None, None, :]
    step = 0.01
    density = np.exp(-0.5 * ((x - level) / spread) ** 2) / spread / np.sqrt(2 * np.pi)
    own = (density / (1 + np.exp(-x))).sum(axis=2) * step
    for y, weight in zip(yes, weights, strict=True):
        log_likelihood = y * x - trials * np.logaddexp(0, x)
        top = log_likelihood.max()
        seen = (density * np.exp(log_likelihood - top)).sum(axis=2) * step
        log_posterior = log_posterior + weight * np.log(seen + 1e-300)
    posterior = np.exp(log_posterior - log_posterior.max())
    return float((posterior * own).sum() / posterior.sum())


IN_EVERY_RUN = {(200, 0.05), (5000, 0.3)}


@pytest.mark.parametrize(
    ("trials", "weight"),
    [
        pytest.param(trials, weight, marks=() if (trials, weight) in IN_EVERY_RUN else pytest.mark.soak)
        for trials in (5, 200, 5000)
        for weight in (1.0, 0.3, 0.05)
    ],
)
def test_the_answer_is_that_of_quadrature_whatever_the_weight(trials: int, weight: float) -> None:
    yes, weights = log_odds_of(trials), [1.0] * FULL_WEIGHT + [weight] * (FEW - FULL_WEIGHT)
    rows = [
        {"id": f"c{k}", "successes": y, "trials": trials, "weight": w}
        for k, (y, w) in enumerate(zip(yes, weights, strict=True))
    ]
    study = make_study(
        binary_outcome(reference={"past": 1.0}, pooling={"class_sd": 0, "case_sd": SPREAD}),
        reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}],
        sampler=SAMPLER | {"seed": trials + round(100 * weight)},  # one seed gives them all one error
    )
    (found,) = compute_forecast(study).answer.outcomes
    expected = exact(yes, trials, weights)
    print(f"\n{trials} trials, weight {weight}: {found.probability:.4f} +- {found.mcse:.4f}, quadrature {expected:.4f}")
    assert abs(found.probability - expected) < 3 * found.mcse
