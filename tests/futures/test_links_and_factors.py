"""Links, factors, counts and interventions: closed forms, within four Monte Carlo standard errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import brentq

from forecast.futures.paths import factor_states
from forecast.futures.present import PresentCase
from forecast.futures.simulation import simulate_futures
from tests.futures.present import make_present

N = 100_000


def times_of(present: PresentCase, seed: int = 1, forced: dict[str, float] | None = None) -> np.ndarray:
    return simulate_futures(present, replicates=N // present.draws, seed=seed, forced=forced).times.reshape(N, -1)


def close(happened: np.ndarray, exact: float) -> bool:
    """Whether a share of independent futures is within four standard errors of its probability."""
    return abs(happened.mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / len(happened))


def expect(function: Callable[[np.ndarray], np.ndarray], mean: float, sd: float) -> float:
    """Mean of a smooth function of a normal variable, by Gauss-Hermite quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    return float(weights @ function(mean + sd * nodes) / weights.sum())


def level_of(hazard: float, gamma: float) -> float:
    """The a at which exp(-a exp(gamma s)) has the mean exp(-hazard) over a standard normal s."""
    return float(
        brentq(lambda a: expect(lambda s: np.exp(-a * np.exp(gamma * s)), 0.0, 1.0) - np.exp(-hazard), 1e-9, 9)
    )


@pytest.mark.parametrize("delta", [0.9, -1.5])
def test_two_events_with_a_link_have_their_closed_form(delta: float) -> None:
    a, b, horizon = 0.05, 0.03, 24.0
    present = make_present([[a] * 24, [b] * 24], links={(0, 1): delta}, draws=100)
    times = times_of(present)
    raised = b * np.exp(delta)
    # Neither; b never: the cause never (both hazards run), or at t, after which b runs at the raised rate.
    neither = np.exp(-(a + b) * horizon)
    only_a = a * np.exp(-raised * horizon) * -np.expm1(-(a + b - raised) * horizon) / (a + b - raised)
    first, second = np.isfinite(times).T
    assert close(~first & ~second, neither)
    assert close(first & ~second, only_a)
    assert close(first, -np.expm1(-a * horizon))
    assert close(first & second, -np.expm1(-a * horizon) - only_a)
    assert close(times[:, 0] < times[:, 1], -np.expm1(-(a + b) * horizon) * a / (a + b))


def test_a_link_acts_from_the_very_moment_within_the_period() -> None:
    """One long period: the second event can only come after the first one, at a high rate."""
    present = make_present([[1.0], [1e-9]], links={(0, 1): np.log(1e9)}, draws=100)
    happened = np.isfinite(times_of(present)[:, 1])
    assert close(happened, 1 - 2 * np.exp(-1.0))  # the sum of two unit exponentials


def test_a_link_onto_a_competing_event_moves_the_race() -> None:
    present = make_present([[0.1] * 10, [0.1] * 10, [0.2] * 10], groups=[0, 0, 2], links={(2, 0): 50.0}, draws=100)
    times = times_of(present)
    assert np.isfinite(times[:, :2]).sum(axis=1).max() == 1
    # Once the third event occurs first, the first outcome follows at once; before, both race at the same rate.
    triggered = (0.2 / 0.4) * -np.expm1(-0.4 * 10)
    assert close(np.isfinite(times[:, 0]), triggered + (0.1 / 0.4) * -np.expm1(-0.4 * 10))


def test_links_between_binary_outcomes_add_to_the_log_odds() -> None:
    present = make_present(
        np.zeros((4, 12)), yes={0: 0.3, 1: 0.4, 2: 0.5, 3: 0.2}, resolves=[12.0, 12.0, 6.0, 12.0],
        links={(1, 0): 1.2, (2, 1): -0.8, (0, 2): 3.0}, draws=100,
    )  # fmt: skip
    happened = np.isfinite(times_of(present))

    def shifted(p: float, delta: float) -> float:
        return float(1 / (1 + np.exp(-(np.log(p / (1 - p)) + delta))))

    second = 0.5 * shifted(0.4, -0.8) + 0.5 * 0.4
    assert close(happened[:, 2], 0.5)  # its cause resolves later
    assert close(happened[:, 1], second)
    assert close(happened[:, 0], second * shifted(0.3, 1.2) + (1 - second) * 0.3)  # same date, the cause first
    assert close(happened[happened[:, 2] & happened[:, 1]][:, 0], shifted(0.3, 1.2))
    assert close(happened[:, 3], 0.2)


def test_a_binary_cause_raises_a_hazard_from_its_resolution_on() -> None:
    present = make_present(
        [[0.0] * 10, [0.05] * 10], yes={0: 0.4}, resolves=[4.5, 10.0], links={(0, 1): 1.0}, draws=100
    )
    happened = np.isfinite(times_of(present))
    cumulative = 0.05 * (4.5 + 5.5 * np.e)
    assert close(happened[happened[:, 0]][:, 1], -np.expm1(-cumulative))
    assert close(happened[~happened[:, 0]][:, 1], -np.expm1(-0.5))


def test_factors_go_forward_as_a_stationary_autoregression() -> None:
    present = make_present([[0.1] * 8], states={"f": (2.0, 0.7)}, effects={(0, "f"): 1.0})
    states = factor_states(present, np.zeros(N, dtype=np.int64), np.random.default_rng(1))[0]
    for period in (1, 3, 8):
        mean, variance = 2.0 * 0.7**period, 1 - 0.7 ** (2 * period)
        assert abs(states[period - 1].mean() - mean) < 4 * np.sqrt(variance / N)
        assert states[period - 1].var() == pytest.approx(variance, rel=4 * np.sqrt(2 / N))
    lagged = np.mean((states[2] - 2.0 * 0.7**3) * (states[4] - 2.0 * 0.7**5))
    assert lagged == pytest.approx(0.7**2 * (1 - 0.7**6), abs=4 / np.sqrt(N))


def test_a_factor_moves_the_hazard_of_each_period() -> None:
    """One period: the mean of 1 - exp(-a exp(gamma s)) over a normal s, a such that the stationary mean is the level's."""
    present = make_present([[0.2]], states={"f": (1.5, 0.6)}, effects={(0, "f"): 0.8}, draws=100)
    a = level_of(0.2, 0.8)
    exact = expect(lambda s: -np.expm1(-a * np.exp(0.8 * s)), 0.9, 0.8)
    assert close(np.isfinite(times_of(present)[:, 0]), exact)


def test_a_factor_makes_outcomes_occur_together() -> None:
    present = make_present([[0.2], [0.2]], states={"f": (0.0, 0.0)}, effects={(0, "f"): 1.0, (1, "f"): 1.0}, draws=100)
    happened, a = np.isfinite(times_of(present)), level_of(0.2, 1.0)
    assert close(happened[:, 0], -np.expm1(-0.2))
    assert close(happened.all(axis=1), expect(lambda s: np.expm1(-a * np.exp(s)) ** 2, 0.0, 1.0))


def test_a_factor_moves_a_binary_outcome_by_its_mean_up_to_the_date() -> None:
    present = make_present(
        np.zeros((1, 6)), yes={0: 0.3}, resolves=[1.4], states={"f": (1.0, 0.5)}, effects={(0, "f"): 2.0}, draws=100
    )
    # Two periods: mean of s1 and s2 is normal with mean (0.5 + 0.25) / 2, variance (1.5^2 0.75 + 0.75) / 4.
    # Under the stationary law the mean has variance (1 + 1 + 2 * 0.5) / 4, and the probability is 0.3.
    sd = np.sqrt((1.5**2 * 0.75 + 0.75) / 4)
    level = brentq(lambda x: expect(lambda s: 1 / (1 + np.exp(-(x + 2 * s))), 0.0, np.sqrt(0.75)) - 0.3, -5, 5)
    exact = expect(lambda s: 1 / (1 + np.exp(-(level + 2 * s))), 0.375, sd)
    assert close(np.isfinite(times_of(present)[:, 0]), exact)


def test_a_threshold_is_the_largest_of_independent_counts() -> None:
    present = make_present(
        np.zeros((2, 6)), streams=[(np.log(4.0), 0.0, 0.5, None)], thresholds={0: (0, 9), 1: (0, 12)}, draws=100
    )
    times = times_of(present)
    size = 1 / (0.5**2 + 1e-3)
    below = stats.nbinom(size, size / (size + 4.0)).cdf
    assert close(times[:, 0] <= 0.5, 1 - stats.nbinom(size, size / (size + 2.0)).cdf(8))
    assert close(times[:, 1] <= 0.5, 1 - stats.nbinom(size, size / (size + 2.0)).cdf(11))
    for period in (1, 3, 6):
        assert close(times[:, 0] <= period, 1 - below(8) ** period)
    assert close(np.isfinite(times[:, 1]), 1 - below(11) ** 6)
    assert np.all(times[:, 0] <= times[:, 1])  # the same counts


def test_a_factor_drives_the_counts_of_a_threshold() -> None:
    present = make_present(
        np.zeros((1, 1)), streams=[(0.5, -1.1, 0.2, "f")], thresholds={0: (0, 3)},
        states={"f": (-1.0, 0.9)}, draws=100,
    )  # fmt: skip
    size = 1 / (0.2**2 + 1e-3)
    exact = expect(lambda s: stats.nbinom(size, size / (size + np.exp(0.5 - 1.1 * s))).sf(2), -0.9, np.sqrt(0.19))
    assert close(np.isfinite(times_of(present)[:, 0]), exact)


def test_doing_and_observing_differ_under_a_common_cause_and_doing_cuts_it() -> None:
    present = make_present([[0.04] * 24, [0.02] * 24, [0.02] * 24], links={(0, 1): 2.0, (0, 2): 2.0}, draws=100)
    plain, done = times_of(present), times_of(present, forced={"o1": 0.0})
    third = np.isfinite(plain[:, 2])
    observed = third[np.isfinite(plain[:, 1])]

    def occurs(cause: float) -> float:
        return float(-np.expm1(-0.02 * (cause + np.exp(2.0) * (24 - cause))))

    def over_causes(power: int) -> float:
        with_cause = quad(lambda t: 0.04 * np.exp(-0.04 * t) * occurs(t) ** power, 0, 24)[0]
        return float(with_cause + np.exp(-0.96) * occurs(24.0) ** power)

    assert close(third, over_causes(1))
    assert close(observed, over_causes(2) / over_causes(1))
    assert np.array_equal(np.isfinite(done[:, 2]), third)  # same random numbers, and nothing leads from o1 to o2
    assert np.array_equal(done[:, 0], plain[:, 0])
    assert np.all(done[:, 1] == 0.0)


def test_doing_equals_observing_where_nothing_leads_to_the_condition() -> None:
    present = make_present(
        [[0.0] * 12, [0.05] * 12], yes={0: 0.5}, resolves=[3.0, 12.0], links={(0, 1): 1.0}, draws=100
    )
    plain, done = times_of(present), times_of(present, forced={"o0": 3.0})
    observed = np.isfinite(plain[np.isfinite(plain[:, 0])][:, 1])
    exact = -np.expm1(-0.05 * (3 + 9 * np.e))
    assert close(observed, exact)
    assert close(np.isfinite(done[:, 1]), exact)
    never = times_of(present, forced={"o0": np.inf})
    assert close(np.isfinite(never[:, 1]), -np.expm1(-0.6))


def test_what_competes_with_a_forced_outcome_never_occurs_and_a_prevented_one_leaves_the_field() -> None:
    present = make_present([[0.1] * 10, [0.1] * 10], groups=[0, 0], draws=100)
    forced = times_of(present, forced={"o0": 7.0})
    assert np.all(forced[:, 0] == 7.0)
    assert np.isinf(forced[:, 1]).all()
    prevented = times_of(present, forced={"o0": np.inf})
    assert close(np.isfinite(prevented[:, 1]), -np.expm1(-1.0))


def test_a_threshold_acts_on_what_resolves_with_it_and_on_hazards_after_it() -> None:
    """The count reaches 1 in the first period with probability 1/2, or never."""
    mean = 2 ** (1 / 1000) * 1000 - 1000  # P(0) = (1 + mean / 1000)^-1000 = 1/2 for a shape of 1000
    present = make_present(
        np.array([[0.0], [0.0], [0.3]]), yes={1: 0.2}, streams=[(np.log(mean), 0.0, 0.0, None)],
        thresholds={0: (0, 1)}, links={(0, 1): 1.5, (0, 2): 5.0}, draws=100,
    )  # fmt: skip
    times = times_of(present)
    reached = np.isfinite(times[:, 0])
    assert close(reached, 0.5)
    assert close(np.isfinite(times[reached][:, 1]), 1 / (1 + 4 * np.exp(-1.5)))
    assert close(np.isfinite(times[~reached][:, 1]), 0.2)
    # It acts from its moment on: the first of the counts, P(T <= t) = 2 (1 - P(nothing by t)) where anything is counted.
    grid = np.linspace(0, 1, 20_001)
    law = 2 * (1 - (1 + mean * grid / 1000) ** -1000)
    middle, mass = (grid[1:] + grid[:-1]) / 2, np.diff(law)
    quiet = float((mass * np.exp(-0.3 * (middle + (1 - middle) * np.exp(5.0)))).sum())
    assert close(np.isfinite(times[reached][:, 2]), 1 - quiet)


@pytest.mark.parametrize("forced", [{"o0": 2.0}, {"o3": np.inf}, {"o5": 1.0}, {"o4": 0.0, "o1": 3.0}])
def test_knowing_the_undisturbed_futures_saves_work_and_changes_nothing(forced: dict[str, float]) -> None:
    present = make_present(
        [[0.05] * 6, [0.04] * 6, [0.05] * 6, [0.0] * 6, [0.1] * 6, [0.0] * 6], groups=[0, 0, 2, 3, 4, 5],
        yes={3: 0.4}, resolves=[6, 6, 6, 4.5, 6, 6], states={"f": (0.3, 0.8)}, effects={(0, "f"): 0.4, (4, "f"): 0.6},
        links={(3, 0): 1.0, (0, 2): 0.8, (5, 3): 0.5, (2, 4): 0.3}, streams=[(0.3, 0.8, 0.4, "f")],
        thresholds={5: (0, 5)}, draws=1000,
    )  # fmt: skip
    plain = simulate_futures(present, replicates=5, seed=8)
    whole = simulate_futures(present, replicates=5, seed=8, forced=forced)
    quick = simulate_futures(present, replicates=5, seed=8, forced=forced, known=plain)
    assert np.array_equal(quick.times, whole.times)
    assert not np.array_equal(quick.times, plain.times)
