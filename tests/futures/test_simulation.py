"""Simulated futures against the exact probabilities, within four Monte Carlo standard errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecast.futures.hazards import cumulative_incidence
from forecast.futures.simulation import simulate_futures, thin_draws
from forecast.summary.mechanism import futures_dataset
from tests.futures.present import make_present


def test_counts_over_futures_agree_with_the_exact_incidence_of_competing_outcomes() -> None:
    rng = np.random.default_rng(2)
    present = make_present(rng.uniform(0, 0.06, (3, 48)), groups=[0, 0, 2], draws=400)
    futures = simulate_futures(present, replicates=100, seed=7)
    exact = cumulative_incidence(present)[0]
    for period in (1, 12, 48):
        counted = (futures.times <= period).mean(axis=(0, 1))
        error = np.sqrt(exact[:, period - 1] * (1 - exact[:, period - 1]) / futures.count)
        assert np.all(np.abs(counted - exact[:, period - 1]) < 4 * error)


def test_times_under_a_constant_hazard_are_exponential_also_within_periods() -> None:
    present = make_present([[0.2] * 200], draws=50)
    times = simulate_futures(present, replicates=100, seed=3).times.ravel()
    assert stats.kstest(times, "expon", args=(0, 5)).pvalue > 1e-4


def test_of_competing_outcomes_at_most_one_happens() -> None:
    present = make_present([[0.5] * 20, [0.5] * 20, [0.5] * 20], groups=[0, 0, 2], draws=100)
    happened = np.isfinite(simulate_futures(present, replicates=20, seed=1).times)
    assert happened[:, :, :2].sum(axis=2).max() == 1
    assert happened.all(axis=2).sum() == 0
    assert (happened[:, :, 0] & happened[:, :, 2]).any()


def test_binary_outcomes_happen_with_their_probability_on_their_date() -> None:
    present = make_present([[0.0] * 10], yes={0: 0.25}, resolves=[6.0], draws=500)
    times = simulate_futures(present, replicates=40, seed=5).times
    assert set(np.unique(times)) == {6.0, np.inf}
    assert np.isfinite(times).mean() == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 20_000))


def test_the_same_seed_gives_the_same_futures_and_another_seed_others() -> None:
    present = make_present([[0.05] * 30], draws=100)
    first, same, other = (simulate_futures(present, replicates=5, seed=seed).times for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_futures_do_not_depend_on_the_number_of_threads() -> None:
    present = make_present(
        np.full((4, 24), 0.03), groups=[0, 0, 2, 3], states={"f": (0.5, 0.8)}, effects={(0, "f"): 0.5},
        links={(2, 0): 0.7, (1, 3): 1.0}, draws=1500,
    )  # fmt: skip
    one, two, many = (simulate_futures(present, replicates=5, seed=9, threads=n).times for n in (1, 2, 7))
    assert np.array_equal(one, two)
    assert np.array_equal(one, many)


def test_event_period_counts_from_one_and_is_past_the_horizon_when_nothing_happens() -> None:
    present = make_present([[0.3] * 8], draws=200)
    futures = simulate_futures(present, replicates=5, seed=1)
    dataset = futures_dataset(futures, draws_per_chain=200)
    period = dataset["event_period"].sel(outcome="o0").values
    times = futures.times.reshape(-1)
    assert period.min() >= 1
    assert period.max() == 9
    assert np.array_equal(period == 9, np.isinf(times))
    inside = np.isfinite(times)
    assert np.all((period[inside] - 1 <= times[inside]) & (times[inside] <= period[inside]))


def test_thinning_keeps_every_chain_and_spaces_draws_evenly() -> None:
    kept = thin_draws(4, 3000, 4000)
    assert len(kept) == 4000
    assert np.unique(kept // 3000, return_counts=True)[1].tolist() == [1000] * 4
    assert set(np.diff(kept[:1000])) <= {3, 4}
