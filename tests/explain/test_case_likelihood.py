"""Likelihoods of cases, integrated over their frailties, against adaptive quadrature."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.integrate import dblquad, quad

from forecast.dims import CHAIN, DRAW
from forecast.explain.case_likelihood import CaseLikelihood, find_cases
from forecast.explain.runs import Fit
from forecast.model.encode import EncodedStudy, encode_study
from tests.documents import binary_outcome, event_outcome, make_study

BANDS = {"class_sd": 0, "case_sd": 0.8, "trend_sd": 0, "wiggle_sd": 0, "age_bands": [0, 12, 36]}


def fit_of(encoded: EncodedStudy, **variables: object) -> Fit:
    """A fit of two made-up draws; variables by name, dims (draw, label)."""
    dims = {"class_level": "level", "sigma": "outcome", "log_hazard_shape": "band", "partial_z": "pair"}
    values = {
        name: ((CHAIN, DRAW, dims[name]), np.asarray(value, dtype=float)[None]) for name, value in variables.items()
    }
    return Fit(encoded, xr.Dataset(values), seed=1)


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (3, 22), (180, 200)])
def test_trials_with_a_frailty(successes: int, trials: int) -> None:
    rows = [{"id": "a", "successes": successes, "trials": trials, "weight": 0.7}]
    encoded = encode_study(
        make_study(
            binary_outcome(pooling={"class_sd": 0, "case_sd": 1}, reference={"past": 1.0}),
            reference_classes=[{"id": "past", "outcome": "agreement", "rows": rows}],
        )
    )
    levels, sigmas = [-1.0, 0.5], [0.6, 2.0]
    fit = fit_of(
        encoded,
        class_level=[[level] for level in levels],
        sigma=[[sigma] for sigma in sigmas],
        log_hazard_shape=[[0.0], [0.0]],
    )
    (case,) = find_cases(encoded)
    found = CaseLikelihood(fit).of(case)
    for level, sigma, value in zip(levels, sigmas, found, strict=True):

        def density(v: float, level: float = level, sigma: float = sigma) -> float:
            x = level + sigma * v
            return float(np.exp(0.7 * (successes * x - trials * np.logaddexp(0, x))) * stats.norm.pdf(v))

        exact = quad(density, -10, 10, points=np.linspace(-8, 8, 40).tolist(), limit=400, epsabs=0)[0]
        assert value == pytest.approx(np.log(exact), abs=1e-4)


def test_a_spell_that_two_correlated_outcomes_see() -> None:
    rows = [{"id": "a", "duration": 20, "event": "left", "weight": 0.5}]
    events = {"exit": "left", "conversion": "converted"}
    encoded = encode_study(
        make_study(
            *[event_outcome(id=id, competes="end", pooling=BANDS) for id in ("other", "exit", "conversion")],
            dependence={"eta": 2},
            reference_classes=[{"id": "past", "outcome": ["exit", "conversion"], "rows": rows, "event_value": events}],
        )
    )
    rng = np.random.default_rng(4)
    level, sigma, partial = rng.normal(-2, 1, (2, 2)), rng.uniform(0.4, 1.5, (2, 3)), rng.normal(0, 1, (2, 3))
    shape = rng.normal(0, 0.5, (2, 9))
    fit = fit_of(encoded, class_level=level, sigma=sigma, partial_z=partial, log_hazard_shape=shape)
    (case,) = find_cases(encoded)
    found = CaseLikelihood(fit).of(case)
    for draw, value in enumerate(found):
        (p10, p20, p21), s = np.tanh(partial[draw]), np.sqrt
        lower = np.array([[1, 0, 0], [p10, s(1 - p10**2), 0], [p20, p21 * s(1 - p20**2), 0]])
        lower[2, 2] = s(1 - p20**2) * s(1 - p21**2)
        correlation = (lower @ lower.T)[1, 2]
        # Bands of other, exit and conversion: 12 periods in the first, 8 in the second, the event in the second.
        hazards = [
            12 * np.exp(shape[draw, 3 * outcome]) + 8 * np.exp(shape[draw, 3 * outcome + 1]) for outcome in (1, 2)
        ]

        def density(v: float, u: float, draw: int = draw, r: float = correlation, h: list[float] = hazards) -> float:
            x = level[draw, 0] + sigma[draw, 1] * u
            y = level[draw, 1] + sigma[draw, 2] * (r * u + np.sqrt(1 - r * r) * v)
            log = x + shape[draw, 4] - h[0] * np.exp(x) - h[1] * np.exp(y)
            return float(np.exp(0.5 * log) * stats.norm.pdf(u) * stats.norm.pdf(v))

        exact = dblquad(density, -7, 7, -7, 7)[0]
        assert value == pytest.approx(np.log(exact), abs=1e-4)


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
    fit = fit_of(
        encoded, class_level=[[-1.0], [-3.0]], sigma=np.zeros((2, 1)), log_hazard_shape=[[0.2, 0, 0], [0, 0, 0]]
    )
    (case,) = find_cases(encoded)
    assert (case.reference_class, case.id) == ("past", "a")
    expected = [0.5 * (2 * -0.8 - 30 * np.exp(-0.8)), 0.5 * (2 * -3 - 30 * np.exp(-3))]
    assert CaseLikelihood(fit).of(case) == pytest.approx(expected)


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
