"""What a period brings that may be idle or of a spike, given what was counted of it: against enumeration.

Given a count of the whole period, what falls in a share of it is binomial, whatever the kind of the period.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from forecast.futures.counted import LEAST_VARIANCE, given_so_far
from forecast.futures.kinds import log_density, log_tail

N = 200_000
MEAN, FORM = 8.0, 2.0
SPIKE, SIZE, IDLE = 0.1, np.log(10.0), 0.3
COUNTS = np.arange(4000)


def law() -> np.ndarray:
    """Probability of each count of a whole period."""
    usual = stats.nbinom.pmf(COUNTS, FORM, FORM / (FORM + MEAN))
    spiking = stats.geom.pmf(COUNTS + 1, 1.0 / (1.0 + MEAN * np.exp(SIZE)))
    return np.asarray(IDLE * (COUNTS == 0) + (1 - IDLE) * ((1 - SPIKE) * usual + SPIKE * spiking))


def given(counted: int, share: float | None) -> np.ndarray:
    """The same once so many were counted in a share of it."""
    seen = counted <= COUNTS if share is None else stats.binom.pmf(counted, COUNTS, share)
    return np.asarray(law() * seen / (law() * seen).sum())


def draw(counted: int, share: float | None, **changes: Any) -> np.ndarray:
    mixture = (np.full(N, SPIKE), np.full(N, SIZE), np.full(N, IDLE))
    spread = np.full(N, np.sqrt(1 / FORM - LEAST_VARIANCE))
    known, mixture = np.nan if share is None else share, changes.get("mixture", mixture)
    return given_so_far(np.full(N, MEAN), spread, counted, known, mixture, np.random.default_rng(1))[0]


@pytest.mark.parametrize(
    ("counted", "share"), [(14, 0.65), (0, 0.65), (0, 0.05), (3, 0.2), (60, 0.3), (0, None), (1, None), (40, None)]
)
def test_a_period_that_has_begun_goes_on_as_its_kind_does(counted: int, share: float | None) -> None:
    found, expected = draw(counted, share), given(counted, share)
    assert found.min() >= counted
    for level in (counted, counted + 1, counted + 5, counted + 20, counted + 100):
        for observed, chance in (
            ((found == level).mean(), expected[level]),
            ((found >= level).mean(), expected[level:].sum()),
        ):
            exact = min(float(chance), 1.0)
            assert observed == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / N) + 1e-9), level


def test_kinds_matter() -> None:
    """Of a quiet first two thirds the idle period is the likely reason; of 60 in three tenths a spike is."""
    plain = draw(0, 0.65, mixture=(np.zeros(N),) * 3)
    assert (draw(0, 0.65) == 0).mean() > (plain == 0).mean() + 0.2
    assert draw(60, 0.3).mean() > draw(60, 0.3, mixture=(np.zeros(N),) * 3).mean() + 30


def test_a_whole_period_stays() -> None:
    assert set(draw(14, 1.0)) == {14.0}
    assert set(draw(0, 1.0)) == {0.0}


@pytest.mark.parametrize("mean", [0.01, 8.0, 3000.0])
@pytest.mark.parametrize("form", [0.05, 1.0, 2.0, 900.0])
@pytest.mark.parametrize("count", [0, 1, 14, 400, 20_000])
def test_densities_and_tails_of_usual_counts(mean: float, form: float, count: int) -> None:
    exact = stats.nbinom(form, form / (form + mean))
    means, forms = np.array([mean]), np.array([form])
    assert log_density(float(count), means, forms)[0] == pytest.approx(exact.logpmf(count), rel=1e-8, abs=1e-9)
    if count and exact.sf(count - 1) > 1e-200:
        assert log_tail(float(count), means, forms)[0] == pytest.approx(exact.logsf(count - 1), rel=1e-7, abs=1e-9)
