"""Shared functions of the kernel against SciPy, and their derivatives against differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from forecast.kernel.elementary import (
    digamma,
    gamma_steps,
    logistic,
    softplus,
    statement,
    uncentre,
    uncentre_back,
)


@pytest.mark.parametrize("x", [1e-3, 0.1, 0.9, 1.0, 3.7, 9.99, 10.0, 250.0, 1e6])
def test_digamma(x: float) -> None:
    assert digamma(x) == pytest.approx(special.digamma(x), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("shape", [1e-3, 0.2, 1.0, 7.3, 1000.0])
@pytest.mark.parametrize(
    ("start", "stop"), [(0, 0), (0, 1), (3, 20), (0, 64), (0, 65), (10, 5000), (0.5, 2.0), (0, 2.5)]
)
def test_steps_of_gamma_functions(shape: float, start: float, stop: float) -> None:
    value, slope = gamma_steps(shape, float(start), float(stop))
    expected = special.gammaln(shape + stop) - special.gammaln(shape + start)
    assert value == pytest.approx(expected, rel=1e-11, abs=1e-11)
    assert slope == pytest.approx(special.digamma(shape + stop) - special.digamma(shape + start), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("x", [-800.0, -40.0, -1.0, 0.0, 0.3, 40.0, 800.0])
def test_logistic_and_softplus_stay_finite_and_right(x: float) -> None:
    assert logistic(x) == pytest.approx(special.expit(x), rel=1e-14)
    assert softplus(x) == pytest.approx(np.logaddexp(0.0, x), rel=1e-14)


@pytest.mark.parametrize("residual", [-30.0, -1.0, 0.0, 0.4, 1e8])
def test_a_statement_is_student_t_with_four_degrees_of_freedom(residual: float) -> None:
    factor, slope = statement(residual)
    law = stats.t(4)
    assert -2.5 * np.log(factor) == pytest.approx(law.logpdf(residual) - law.logpdf(0.0), rel=1e-12)
    if abs(residual) < 1e3:
        step = 1e-6
        assert slope == pytest.approx(
            (law.logpdf(residual + step) - law.logpdf(residual - step)) / (2 * step), abs=1e-7
        )


@pytest.mark.parametrize("centring", [0.0, 0.4, 1.0])
def test_a_centred_variable_has_the_normal_law_that_it_is_said_to_have(centring: float) -> None:
    sampled, mean, log_scale = 0.7, -1.2, 0.3
    deviation, _, jacobian = uncentre(sampled, mean, log_scale, centring)
    law = stats.norm(centring * mean, np.exp(log_scale) ** centring)
    assert -0.5 * deviation**2 + jacobian == pytest.approx(law.logpdf(sampled) + 0.5 * np.log(2 * np.pi))


@pytest.mark.parametrize("centring", [0.0, 0.4, 1.0])
def test_its_derivatives(centring: float) -> None:
    """Of 3 deviation + log Jacobian, by variable, mean and log scale."""
    at = np.array([0.7, -1.2, 0.3])

    def value(point: np.ndarray) -> float:
        deviation, _, jacobian = uncentre(*point, centring)
        return 3.0 * deviation + jacobian

    deviation, power, _ = uncentre(*at, centring)
    found = uncentre_back(3.0, deviation, power, centring)
    steps = np.eye(3) * 1e-6
    expected = [(value(at + step) - value(at - step)) / 2e-6 for step in steps]
    assert found == pytest.approx(expected, abs=1e-8)
