"""Counts ahead: courses, drifts, spikes and idle periods against their closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.futures.counted import count_paths
from forecast.futures.counts import SPIKE_DISPERSION, Courses, Mixtures, mix
from forecast.futures.paths import LEAST_VARIANCE, negative_binomial
from forecast.futures.thresholds import threshold_times
from tests.futures.present import make_present

FUTURES = 40_000


def courses(wander: float = 0.0) -> Courses:
    """Two waves on the second of two streams, for one draw."""
    ahead = np.array([[1.0, -1.0, 0.5], [0.0, 0.0, 1.0]])
    return Courses(np.array([[0.2, 0.7]]), np.array([1, 1]), ahead, np.array([[0.0, wander]]))


def owner() -> np.ndarray:
    return np.zeros(FUTURES, dtype=np.int64)


def test_a_course_is_the_sum_of_its_waves() -> None:
    rng = np.random.default_rng(1)
    assert courses().course(1, owner(), 0, rng)[:, 0] == pytest.approx([0.2, -0.2, 0.8])
    assert courses().course(0, owner(), 0, rng)[:, 0].tolist() == [0.0, 0.0, 0.0]


def test_a_drift_goes_on_as_a_random_walk() -> None:
    found = courses(0.3).course(1, owner(), 0, np.random.default_rng(2))
    assert found.mean(axis=1) == pytest.approx([0.2, -0.2, 0.8], abs=4 * 0.3 * np.sqrt(3 / FUTURES))
    expected = 0.09 * np.minimum.outer([1, 2, 3], [1, 2, 3])
    assert np.cov(found) == pytest.approx(expected, abs=0.01)


def test_a_drift_begins_after_the_periods_that_have_begun() -> None:
    found = courses(0.3).course(1, owner(), 1, np.random.default_rng(2))
    assert set(found[0].tolist()) == {0.7 * 0.0 + 0.2 * 1.0}
    assert found[1:].std(axis=1) == pytest.approx([0.3, 0.3 * np.sqrt(2)], rel=0.02)


def test_spikes_are_geometric_and_idle_periods_zero() -> None:
    """The share of spikes is of the periods that are not idle."""
    rng = np.random.default_rng(3)
    mean, spread = np.full((1, FUTURES), 50.0), np.full(FUTURES, 0.1)
    mixture = [np.array(0.2), np.array(np.log(10.0)), np.array(0.3)]
    moved, dispersion = mix(mean, spread, mixture, rng)
    for value, share in ((0.0, 0.3), (500.0, 0.14), (50.0, 0.56)):
        assert np.isclose(moved, value).mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / FUTURES))
    assert dispersion[np.isclose(moved, 500.0)] == pytest.approx(SPIKE_DISPERSION)
    spikes = negative_binomial(moved, dispersion, rng)[np.isclose(moved, 500.0)]
    assert pytest.approx(1.0) == SPIKE_DISPERSION**2 + LEAST_VARIANCE
    for level in (50, 500, 1500):
        chance = (500.0 / 501.0) ** level
        error = np.sqrt(chance * (1 - chance) / len(spikes))
        assert (spikes >= level).mean() == pytest.approx(chance, abs=4 * error)


def test_a_stream_without_spikes_draws_the_numbers_that_it_drew_before() -> None:
    present = make_present(np.zeros((1, 4)), streams=[(1.0, 0.0, 0.5, None)], thresholds={0: (0, 5)}, draws=50)
    zeros = np.zeros((present.draws, 1))
    states, place = np.zeros((0, 4, present.draws)), np.arange(present.draws)
    one = count_paths(present, 0, place, states, np.random.default_rng(4)).counts
    mixed = replace(present, streams=replace(present.streams, mixtures=Mixtures(zeros, zeros, zeros)))
    other = count_paths(mixed, 0, place, states, np.random.default_rng(4)).counts
    assert np.array_equal(one, other)


def test_a_threshold_is_reached_by_a_season() -> None:
    """The level is met in the third period alone, whose course is far above the others, on a day of it."""
    present = make_present(np.zeros((1, 3)), streams=[(0.0, 0.0, 0.0, None)], thresholds={0: (0, 500)}, draws=20)
    ahead = Courses(
        np.ones((present.draws, 1)), np.array([0]), np.array([[0.0, 0.0, 7.0]]), np.zeros((present.draws, 1))
    )
    present = replace(present, streams=replace(present.streams, courses=ahead))
    times = threshold_times(
        present, np.arange(present.draws), np.zeros((0, 3, present.draws)), np.random.default_rng(5)
    )
    assert times[0].min() > 2.0
    assert times[0].max() < 3.0
