"""Quantiles of probabilities that are known by shares of a few futures, and their Monte Carlo errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecast.futures.shares import denoise, noise_share, share_quantile_errors, share_quantiles

ENDS = (0.05, 0.95)
LAW = stats.beta(4, 16)


def test_the_spread_is_that_of_the_probability_and_not_of_a_few_futures() -> None:
    rng = np.random.default_rng(3)
    counts = rng.binomial(20, LAW.rvs((4000, 1), random_state=rng))
    low, high = share_quantiles(counts, 20, ENDS)[:, 0]
    assert [low, high] == pytest.approx(LAW.ppf(ENDS), abs=0.02)
    raw = np.quantile(counts / 20, ENDS)
    assert raw[1] - raw[0] > 1.2 * (high - low)


def test_denoised_shares_have_the_variance_of_the_probability() -> None:
    rng = np.random.default_rng(3)
    shares = rng.binomial(20, LAW.rvs(20_000, random_state=rng)) / 20
    assert denoise(shares, 20).std() == pytest.approx(LAW.std(), rel=0.03)
    assert shares.std() > 1.3 * LAW.std()


def test_a_probability_known_exactly_has_no_spread() -> None:
    rng = np.random.default_rng(4)
    low, high = share_quantiles(rng.binomial(100, 0.4, (1000, 1)), 100, ENDS)[:, 0]
    assert high - low < 0.05


def test_the_noise_of_few_futures_is_told_from_what_draws_differ_in() -> None:
    rng = np.random.default_rng(8)
    p, futures = LAW.rvs(20_000, random_state=rng), 20
    noise = (p * (1 - p)).mean() / futures
    found = noise_share(rng.binomial(futures, p), futures)
    assert found == pytest.approx(noise / (noise + LAW.var()), abs=0.02)
    assert noise_share(rng.binomial(futures, 0.2, 20_000), futures) > 0.95


@pytest.mark.parametrize("count", [0, 60])
def test_what_never_or_always_happens_has_neither_spread_nor_error(count: int) -> None:
    counts = np.full((400, 1), count)
    assert share_quantiles(counts, 60, ENDS).tolist() == [[count / 60], [count / 60]]
    assert share_quantile_errors(counts[:, 0], 60, 4, ENDS).tolist() == [0.0, 0.0]


def test_events_are_taken_each_by_itself() -> None:
    rng = np.random.default_rng(5)
    counts = rng.binomial(60, rng.random((500, 3)))
    together = share_quantiles(counts, 60, ENDS)
    apart = [share_quantiles(counts[:, [event]], 60, ENDS)[:, 0] for event in range(3)]
    assert together == pytest.approx(np.transpose(apart))


@pytest.mark.parametrize(("draws", "futures"), [(500, 60), (2000, 60), (500, 10)])
def test_errors_are_those_of_repeats(draws: int, futures: int) -> None:
    """With new draws and new futures each time: 300 repeats give their deviation to 4 %."""
    rng = np.random.default_rng(6)
    ends, stated = [], []
    for _ in range(300):
        counts = rng.binomial(futures, LAW.rvs(draws, random_state=rng))
        ends.append(share_quantiles(counts[:, None], futures, ENDS)[:, 0])
        stated.append(share_quantile_errors(counts, futures, 4, ENDS))
    ratio = np.std(ends, axis=0, ddof=1) / np.sqrt(np.mean(np.square(stated), axis=0))
    assert (np.abs(np.log(ratio)) < np.log(1.25)).all()


def test_draws_that_resemble_the_ones_before_tell_less() -> None:
    rng = np.random.default_rng(7)
    ends, stated = [], []
    for _ in range(100):
        noise = rng.standard_normal((4, 500))
        walk = noise.copy()
        for step in range(1, 500):
            walk[:, step] = 0.9 * walk[:, step - 1] + np.sqrt(1 - 0.9**2) * noise[:, step]
        counts = rng.binomial(60, 1 / (1 + np.exp(1.4 - 0.6 * walk))).ravel()
        ends.append(share_quantiles(counts[:, None], 60, ENDS)[:, 0])
        stated.append(share_quantile_errors(counts, 60, 4, ENDS))
    ratio = np.std(ends, axis=0, ddof=1) / np.sqrt(np.mean(np.square(stated), axis=0))
    assert (np.abs(np.log(ratio)) < np.log(1.5)).all()


def test_chains_of_three_draws_have_no_error() -> None:
    assert np.isnan(share_quantile_errors(np.arange(12), 60, 4, ENDS)).all()
