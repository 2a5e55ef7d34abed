"""Lower bounds of counts: the incomplete beta function and its derivatives against SciPy and finite differences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import betainc
from scipy.stats import nbinom

from forecast.kernel.floors import log_reached

SHAPES, MEANS, COUNTS = (0.3, 1.0, 2.0, 50.0, 1000.0), (0.01, 1.0, 8.0, 1000.0), (1.0, 5.0, 14.0, 300.0)
PLACES = [
    place for place in itertools.product(COUNTS, SHAPES, MEANS) if betainc(place[0], place[1], place[2] / sum(place[1:])) > 1e-250
]  # fmt: skip


@pytest.mark.parametrize(("count", "shape", "mean"), PLACES)
def test_the_probability_and_its_derivatives(count: float, shape: float, mean: float) -> None:
    u = np.log(mean / shape)
    value, by_u, by_shape = log_reached(count, shape, u)
    assert value == pytest.approx(np.log(betainc(count, shape, mean / (mean + shape))), rel=1e-10, abs=1e-12)
    steps = ((log_reached(count, shape, u + h)[0], log_reached(count, shape, u - h)[0]) for h in (1e-5,))
    assert by_u == pytest.approx(next((a - b) / 2e-5 for a, b in steps), rel=1e-6, abs=1e-7)
    h = 1e-5 * shape
    slope = (log_reached(count, shape + h, u)[0] - log_reached(count, shape - h, u)[0]) / (2 * h)
    assert by_shape == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_it_is_the_tail_of_the_negative_binomial() -> None:
    assert np.exp(log_reached(14.0, 2.0, np.log(4.0))[0]) == pytest.approx(nbinom.sf(13, 2, 0.2))
