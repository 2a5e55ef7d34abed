"""What is known of a quantity, against closed forms and quadrature that know the equations alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from forecast.inference.engine.program import get_program
from forecast.inference.engine.sampling import sample_posterior
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.quantities import ESTIMATE_SCALE, ESTIMATOR_SD
from forecast.montecarlo import mcse_of_mean
from forecast.study import SamplerSettings, study_from_document
from tests.quantities import quantiles, quantity, quantity_document, values

FloatArray = npt.NDArray[np.float64]

pytestmark = pytest.mark.program


def encoded(*outcomes: Any, **changes: Any) -> EncodedStudy:
    return encode_study(study_from_document(quantity_document(*outcomes, **changes)))


def test_without_evidence_the_stated_law_comes_back_whatever_the_shares() -> None:
    """By the program's own prior draws: the place of the present value is standard normal, of one class or another."""
    study = encoded(quantity(reference={"wars": 0.3, "riots": 0.4}), values=two_classes(weight=1.0))
    drawn = get_program().draw_prior(study.arrays, 20_000, seed=3)
    rng = np.random.default_rng(1)
    weights = np.array([grade.weight for grade in study.quantities.grades])
    grade = rng.choice(len(weights), size=20_000, p=weights)
    level = drawn["grade_level"][np.arange(20_000), grade]
    present = level + drawn["quantity_spread"][:, 0] * rng.standard_normal(20_000)
    assert stats.kstest(present, "norm").pvalue > 1e-3
    assert stats.kstest(1.2 * present, "norm").pvalue < 1e-3


def sampled(study: EncodedStudy) -> Any:
    """Dims (chain, draw, ...) by name."""
    settings = SamplerSettings(draws=3000, tune=300, chains=4)
    return sample_posterior(get_program().load(study.arrays), settings, seed=4, cores=2)["posterior"]


def two_classes(weight: float) -> dict[str, Any]:
    rows = values(20_000.0)["rows"] + values(5_000.0, group="riots")["rows"]
    return {"rows": [{**row, "weight": weight} for row in rows]}


def grid() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Share within a class, its prior's weights, and places of the level."""
    z, weight = np.polynomial.hermite_e.hermegauss(60)
    return 1.0 / (1.0 + np.exp(-z)), weight / weight.sum(), np.linspace(-6.0, 6.0, 2401)


def test_cases_of_one_class_are_those_of_a_normal_law_with_both_parameters_unknown() -> None:
    """Quadrature over the share, and over the level of a class of which the present case is for certain."""
    numbers = (30_000.0, 90_000.0, 12_000.0, 50_000.0, 70_000.0)
    study = encoded(quantity(reference={"wars": 1.0}), values=values(*numbers))
    w = study.study.quantities[0].curve.places(np.array(numbers))
    share, prior, level = grid()
    rest = 1.0 - share
    log_density = stats.norm.logpdf(level, 0.0, np.sqrt(rest)[:, None])
    for place in w:
        log_density = log_density + stats.norm.logpdf(place, level, np.sqrt(share)[:, None])
    density = prior[:, None] * np.exp(log_density)
    density /= density.sum()
    drawn = sampled(study)
    check(drawn["grade_level"].values[:, :, 0], float((density * level).sum()))
    check(drawn["quantity_spread"].values[:, :, 0] ** 2, float((density.sum(axis=1) * share).sum()))


def test_an_expert_is_heard_as_the_equations_say() -> None:
    """Quadrature over share, level and the error that goes through both of its statements."""
    said = (("ann", 0.5, 60_000.0), ("ann", 0.9, 400_000.0))
    study = encoded(quantiles=quantiles(*said))
    curve = study.study.quantities[0].curve
    share, prior, level = grid()
    level = level[::24]
    z, weight = np.polynomial.hermite_e.hermegauss(40)
    error = ESTIMATOR_SD * z
    log_density = stats.norm.logpdf(level, 0.0, np.sqrt(1.0 - share)[:, None])[:, :, None]
    for _, p, value in said:
        centre = level[:, None] + error + np.sqrt(share)[:, None, None] * stats.norm.ppf(p)
        log_density = log_density + stats.t.logpdf(float(curve.places(value)), 4, centre, ESTIMATE_SCALE)
    density = prior[:, None, None] * np.exp(log_density) * weight
    density /= density.sum()
    drawn = sampled(study)
    check(drawn["grade_level"].values[:, :, 0], float((density.sum(axis=2) * level).sum()))
    check(drawn["quantity_spread"].values[:, :, 0] ** 2, float((density.sum(axis=(1, 2)) * share).sum()))


def check(drawn: FloatArray, expected: float) -> None:
    """Within 3.5 Monte Carlo errors, dims (chain, draw)."""
    (error,) = mcse_of_mean(drawn[None])
    assert abs(drawn.mean() - expected) < 3.5 * error
