"""Counts given what was counted: against closed forms of the negative binomial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecast.futures.counted import LEAST_VARIANCE, given_so_far, share_of_bound

N = 200_000


def dispersion_of(shape: float) -> float:
    return float(np.sqrt(1 / shape - LEAST_VARIANCE))


def draw(mean: float, shape: float, counted: int, share: float | None, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    known = np.nan if share is None else share
    return given_so_far(np.full(N, mean), np.full(N, dispersion_of(shape)), counted, known, [np.zeros(1)] * 3, rng)[0]


def test_fourteen_in_65_percent_of_a_month_reach_twenty_with_559() -> None:
    """Mean 8 and shape 2: the rest is negative binomial of shape 2 + 14 and rate 2 + .65 x 8."""
    found = draw(8.0, 2.0, 14, 0.65)
    form, mean = 16.0, 0.35 * 8 * 16 / (2 + 0.65 * 8)
    exact = stats.nbinom.sf(5, form, form / (form + mean))
    assert exact == pytest.approx(0.559, abs=0.0005)
    assert (found >= 20).mean() == pytest.approx(exact, abs=0.005)
    assert found.min() == 14
    for count in (14, 17, 25):
        assert (found == count).mean() == pytest.approx(
            stats.nbinom.pmf(count - 14, form, form / (form + mean)), abs=0.004
        )


def test_whole_periods_stay_and_nothing_in_a_share_lowers_the_rest() -> None:
    assert set(draw(8.0, 2.0, 14, 1.0)) == {14.0}
    quiet = draw(8.0, 2.0, 0, 0.65)
    form, mean = 2.0, 0.35 * 8 * 2 / (2 + 0.65 * 8)
    assert quiet.mean() == pytest.approx(mean, abs=0.02)
    assert (quiet == 0).mean() == pytest.approx(stats.nbinom.pmf(0, form, form / (form + mean)), abs=0.004)


@pytest.mark.parametrize(
    ("mean", "shape", "bound"),
    [(8.0, 2.0, 14), (8.0, 2.0, 3), (8.0, 0.4, 40), (30.0, 50.0, 70), (200.0, 1.0, 20), (0.5, 900.0, 6), (8.0, 1.0, 1)],
)
def test_a_lower_bound_leaves_the_law_above_it(mean: float, shape: float, bound: int) -> None:
    found = draw(mean, shape, bound, None)
    law = stats.nbinom(shape, shape / (shape + mean))
    above = law.sf(bound - 1)
    assert found.min() >= bound
    for count in (bound, bound + 1, bound + 4, int(bound + mean)):
        exact = law.sf(count - 1) / above
        assert (found >= count).mean() == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / N) + 1e-9)


def test_the_place_of_a_bound_is_that_of_the_last_one_counted() -> None:
    """By brute force: a gamma variable, a Poisson count, uniform places, of which the bound-th is looked at."""
    rng, mean, shape, bound = np.random.default_rng(2), 5.0, 1.5, 4
    counts = rng.poisson(mean * rng.standard_gamma(shape, 40_000) / shape)
    places = np.array([np.sort(rng.random(count))[bound - 1] for count in counts if count >= bound])
    drawn = share_of_bound(np.full(N, mean), np.full(N, shape), float(bound), rng)
    assert drawn.min() > 0.0
    assert drawn.max() <= 1.0
    for share in (0.2, 0.5, 0.8):
        assert (drawn < share).mean() == pytest.approx((places < share).mean(), abs=0.012)
