"""Likelihoods of cases, integrated over their frailties, against adaptive quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import dblquad

from forecast.explain.case_likelihood import CaseLikelihood, find_cases, hazards
from forecast.explain.runs import Fit
from forecast.inference.deviations import draw_deviations, in_deviations, join
from forecast.inference.engine.program import get_program
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from tests.documents import binary_outcome, event_outcome, make_study
from tests.explain.studies import fit_from, prior_fit

pytestmark = pytest.mark.program

BANDS = {"class_sd": 0, "case_sd": 0.8, "trend_sd": 0.5, "wiggle_sd": 0.3, "age_bands": [0, 12, 36]}


def fit_of(encoded: EncodedStudy, level: np.ndarray, sigma: float) -> Fit:
    """A fit of made-up draws, each with the same level, dims (draw), of every outcome, without spread of classes."""
    arrays = encoded.arrays
    drawn = draw_deviations(np.random.default_rng(1), len(level), arrays)
    drawn["mu_z"][:] = (level[:, None] - arrays["mu_loc"]) / arrays["mu_scale"]
    drawn["sigma_z"][:] = np.log(sigma / arrays["sigma_scale"].max()) if sigma > 0 else 0.0
    drawn["partial_z"][:] = 0.0
    return fit_from(encoded, get_program().load(in_deviations(arrays)).quantities(join(drawn)))


def likelihood_of(fit: Fit) -> np.ndarray:
    found = CaseLikelihood(fit, get_program())
    (case,) = found.cases
    return found.of(case)


@pytest.mark.parametrize("weight", [0.7, 1.0])
@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (3, 22), (180, 200)])
def test_trials_with_a_frailty(successes: int, trials: int, weight: float) -> None:
    """The weight is the power of the integral, not of what stands inside."""
    rows = [{"id": "a", "successes": successes, "trials": trials, "weight": weight}]
    encoded = encode_study(
        make_study(
            binary_outcome(pooling={"class_sd": 0.5, "case_sd": 0.6}, reference={"past": 1.0}),
            reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}],
        )
    )
    fit = prior_fit(encoded, 4)
    levels, sigmas = fit.values("class_level")[:, 0], fit.values("sigma")[:, 0]
    v = np.linspace(-80, 80, 400_001)
    for level, sigma, value in zip(levels, sigmas, likelihood_of(fit), strict=True):
        x = level + sigma * v
        density = successes * x - trials * np.logaddexp(0, x) + stats.norm.logpdf(v)
        exact = np.logaddexp.reduce(density) + np.log(v[1] - v[0])
        assert value == pytest.approx(weight * exact, abs=1e-5)


@pytest.mark.parametrize("entry", [0, 7])
def test_a_spell_that_two_correlated_outcomes_see(entry: int) -> None:
    """A case that was first observed late is divided by the chance of living so long, whatever it might have died of."""
    rows = [{"id": "a", "entry": entry, "duration": 20, "event": "left", "weight": 0.5}]
    events = {"exit": "left", "conversion": "converted"}
    encoded = encode_study(
        make_study(
            *[event_outcome(id=id, competes="end", pooling=BANDS) for id in ("other", "exit", "conversion")],
            dependence={"eta": 2},
            reference_classes=[{"id": "past", "outcome": ["exit", "conversion"], "rows": rows, "event_value": events}],
        )
    )
    fit = prior_fit(encoded, 2)
    level, sigma, shape = fit.values("class_level"), fit.values("sigma"), fit.values("log_hazard_shape")
    for draw, value in enumerate(likelihood_of(fit)):
        (p10, p20, p21), s = np.tanh(fit.values("partial_z")[draw]), np.sqrt
        lower = np.array([[1, 0, 0], [p10, s(1 - p10**2), 0], [p20, p21 * s(1 - p20**2), 0]])
        lower[2, 2] = s(1 - p20**2) * s(1 - p21**2)
        correlation = (lower @ lower.T)[1, 2]
        # Bands of other, exit and conversion: 12 periods in the first, 8 in the second, the event in the second.
        hazards = [
            12 * np.exp(shape[draw, 3 * outcome]) + 8 * np.exp(shape[draw, 3 * outcome + 1]) for outcome in (1, 2)
        ]
        before = [entry * np.exp(shape[draw, 3 * outcome]) for outcome in (1, 2)]

        def density(u: float, v: float, h: list[float], happened: int) -> float:
            x = level[draw, 0] + sigma[draw, 1] * u  # noqa: B023
            y = level[draw, 1] + sigma[draw, 2] * (correlation * u + np.sqrt(1 - correlation**2) * v)  # noqa: B023
            log = happened * (x + shape[draw, 4]) - h[0] * np.exp(x) - h[1] * np.exp(y)  # noqa: B023
            return float(np.exp(log) * stats.norm.pdf(u) * stats.norm.pdf(v))

        whole = dblquad(density, -8, 8, -8, 8, args=(hazards, 1))[0]
        survived = dblquad(density, -8, 8, -8, 8, args=(before, 0))[0]
        assert value == pytest.approx(0.5 * (np.log(whole) - np.log(survived)), abs=1e-5)


def test_a_spell_whose_covariate_changes() -> None:
    """Two rows of one id, on both sides of the edge of a band; the frailty is one for both."""
    rows = [
        {"id": "a", "duration": 8, "event": 0, "weight": 0.5, "size": 1.0},
        {"id": "a", "entry": 8, "duration": 20, "event": 1, "weight": 0.5, "size": -0.5},
    ]
    encoded = encode_study(
        make_study(
            event_outcome(pooling=BANDS),
            reference_classes=[{"id": "past", "outcome": "exit", "covariates": ["size"], "rows": rows}],
            covariates=[{"id": "size", "standardize": False}],
        )
    )
    fit = prior_fit(encoded, 3)
    level, sigma, shape = (fit.values(name)[:, :1] for name in ("class_level", "sigma", "log_hazard_shape"))
    later, beta = fit.values("log_hazard_shape")[:, 1:2], fit.values("beta")
    hazard = 8 * np.exp(shape + beta) + 4 * np.exp(shape - 0.5 * beta) + 8 * np.exp(later - 0.5 * beta)
    v = np.linspace(-9, 9, 4001)
    x = level + sigma * v
    log = x + later - 0.5 * beta - hazard * np.exp(x) + stats.norm.logpdf(v)
    exact = np.logaddexp.reduce(log, axis=1) + np.log(v[1] - v[0])
    assert likelihood_of(fit) == pytest.approx(0.5 * exact, abs=1e-5)
    mean = beta[:, 0] * (8 * 1.0 - 12 * 0.5) / 20
    assert hazards(fit, 0)[0] * np.exp(mean) == pytest.approx(hazard[:, 0])


@pytest.mark.parametrize("entry", [0, 7])
def test_a_spell_that_carries_a_binary_outcome(entry: int) -> None:
    """Both frailties are integrated together; the binary outcome cannot have ended the case before it was seen."""
    row = {"id": "a", "entry": entry, "duration": 20, "event": 1, "successes": 7, "trials": 9, "weight": 0.5}
    encoded = encode_study(
        make_study(
            event_outcome(pooling={**BANDS, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0]}),
            binary_outcome(pooling={"class_sd": 0, "case_sd": 0.8}),
            dependence={"eta": 2},
            reference_classes=[{"id": "past", "outcome": ["agreement", "exit"], "rows": [row]}],
        )
    )
    fit = prior_fit(encoded, 3)
    level, sigma = fit.values("class_level"), fit.values("sigma")
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    first, second = np.meshgrid(z, z, indexing="ij")
    for draw, value in enumerate(likelihood_of(fit)):
        correlation = np.tanh(fit.values("partial_z")[draw, 0])
        rate = level[draw, 1] + sigma[draw, 0] * first  # levels are in the order of the class, spreads of the study
        odds = level[draw, 0] + sigma[draw, 1] * (correlation * first + np.sqrt(1 - correlation**2) * second)
        whole = np.exp(rate - 20 * np.exp(rate) + 7 * odds - 9 * np.logaddexp(0, odds))
        survived = np.exp(-entry * np.exp(rate))
        exact = [np.log(weights @ values @ weights) for values in (whole, survived)]
        assert value == pytest.approx(0.5 * (exact[0] - exact[1]), abs=1e-5)


def test_two_binary_outcomes_of_one_case_are_integrated_together() -> None:
    row = {"id": "a", "a": 17, "b": 3, "m": 20, "n": 4, "weight": 0.3}
    encoded = encode_study(
        make_study(
            *[binary_outcome(id=name, pooling={"class_sd": 0, "case_sd": 0.8}) for name in ("a", "b")],
            dependence={"eta": 2},
            reference_classes=[
                {"id": "past", "outcome": ["a", "b"], "rows": [row], "trial_columns": {"a": "m", "b": "n"}}
            ],
        )
    )
    fit = prior_fit(encoded, 3)
    level, sigma = fit.values("class_level"), fit.values("sigma")
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    first, second = np.meshgrid(z, z, indexing="ij")
    for draw, value in enumerate(likelihood_of(fit)):
        correlation = np.tanh(fit.values("partial_z")[draw, 0])
        one = level[draw, 0] + sigma[draw, 0] * first
        other = level[draw, 1] + sigma[draw, 1] * (correlation * first + np.sqrt(1 - correlation**2) * second)
        whole = np.exp(17 * one - 20 * np.logaddexp(0, one) + 3 * other - 4 * np.logaddexp(0, other))
        assert value == pytest.approx(0.3 * np.log(weights @ whole @ weights), abs=1e-5)


def test_a_case_without_frailty_and_its_weight() -> None:
    rows = [
        {"id": "a", "exposure": 30, "events": 2, "weight": 0.5},
        {"id": "zero", "exposure": 9, "events": 1, "weight": 0},
    ]
    encoded = encode_study(
        make_study(
            event_outcome(pooling={**BANDS, "case_sd": 0}),
            reference_classes=[{"id": "past", "outcome": "exit", "rows": rows}],
        )
    )
    fit = prior_fit(encoded, 3)
    (case,) = find_cases(encoded)
    assert (case.reference_class, case.id) == ("past", "a")
    log_rate = fit.values("class_level")[:, 0] + fit.values("log_hazard_shape")[:, 0]
    assert likelihood_of(fit) == pytest.approx(0.5 * (2 * log_rate - 30 * np.exp(log_rate)))


def test_cases_that_the_model_cannot_tell_apart_have_one_signature() -> None:
    rows = [{"id": str(k), "duration": length, "event": "left"} for k, length in enumerate((5, 5, 7))]
    encoded = encode_study(
        make_study(
            event_outcome(pooling=BANDS),
            reference_classes=[{"id": "past", "outcome": "exit", "rows": rows, "event_value": {"exit": "left"}}],
        )
    )
    first, second, third = find_cases(encoded)
    assert first.signature == second.signature != third.signature
