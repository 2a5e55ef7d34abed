"""Outcomes of which one must occur: truncated laws in closed form, by enumeration, and in what they act on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecast.futures.hazards import cumulative_incidence, probability_by, probability_by_resolution, sure_hazards
from forecast.futures.offsets import marginal_offsets
from forecast.futures.present import PresentCase
from forecast.futures.simulation import simulate_futures
from tests.futures.present import make_present

HORIZON = 12
FIRST, SECOND = 0.03, 0.01


def two(**changes: object) -> PresentCase:
    made = make_present([[FIRST] * HORIZON, [SECOND] * HORIZON], groups=[0, 0], sure={0, 1}, draws=2000)
    return replace(made, **changes)  # type: ignore[arg-type]


def exact(rate: float, time: float, until: float = HORIZON) -> float:
    """Of two constant hazards, that this one has occurred by a time where one occurs until a later one."""
    total = FIRST + SECOND
    return float(rate / total * np.expm1(-total * min(time, until)) / np.expm1(-total * until))


def test_one_of_two_constant_hazards_occurs_and_never_both() -> None:
    case = two()
    incidence = cumulative_incidence(case)
    for time in (0.4, 1.0, 5.0, 7.3, 12.0):
        for place, rate in enumerate((FIRST, SECOND)):
            assert probability_by(case, incidence, place, time)[0] == pytest.approx(exact(rate, time), rel=1e-12)
    assert probability_by_resolution(case, incidence)[0].sum() == pytest.approx(1.0, abs=1e-14)
    times = simulate_futures(case, replicates=20, seed=1).times.reshape(-1, 2)
    assert (np.isfinite(times).sum(axis=1) == 1).all()
    for time in (0.4, 5.0, 7.3, 11.5):
        for place, rate in enumerate((FIRST, SECOND)):
            chance = exact(rate, time)
            error = np.sqrt(chance * (1 - chance) / len(times))
            assert abs((times[:, place] <= time).mean() - chance) < 4 * error


def test_it_has_occurred_by_the_last_of_their_dates() -> None:
    case = two(resolves=np.array([4.0, 7.3]))
    incidence = cumulative_incidence(case)
    assert incidence[0, :, -1].sum() == pytest.approx(1.0, abs=1e-14)
    for time in (3.0, 6.5, 7.0, 7.3, 9.0):
        assert probability_by(case, incidence, 0, time)[0] == pytest.approx(exact(FIRST, time, 7.3), rel=1e-12)
    times = simulate_futures(case, replicates=20, seed=2).times.reshape(-1, 2)
    assert times.min(axis=1).max() <= 7.3
    assert abs((times[:, 0] <= 3.0).mean() - exact(FIRST, 3.0, 7.3)) < 4 * np.sqrt(0.25 / len(times))


def test_a_last_date_inside_a_period_has_all_of_its_hazard_before_it() -> None:
    """Hazards so high that half of the futures end in that period: neither the date nor its half is where they end."""
    case = make_present([[0.3] * 3, [0.7] * 3], groups=[0, 0], sure={0, 1}, draws=2000)
    case = replace(case, resolves=np.array([1.5, 1.5]))
    times = simulate_futures(case, replicates=25, seed=8).times.reshape(-1, 2)
    for time in (0.6, 1.1, 1.25, 1.4):
        for place, rate in enumerate((0.3, 0.7)):
            chance = rate * np.expm1(-time) / np.expm1(-1.5)
            assert abs((times[:, place] <= time).mean() - chance) < 4 * np.sqrt(chance * (1 - chance) / len(times))


@pytest.mark.parametrize("sure", [{0, 1, 2}, set()])
def test_a_rival_that_is_known_not_to_occur_has_no_part_in_what_the_others_cause(sure: set[int]) -> None:
    """What is stated of a binary effect of one of them stays, though another link has nothing corrected."""
    rates = [[0.3] * 4, [0.3] * 4, [0.7] * 4, [0.0] * 4]
    case = make_present(
        rates,
        groups=[0, 0, 0, 3],
        yes={3: 0.4},
        sure=sure,
        links={(0, 3): 1.5},
        keeps_marginal=True,
        draws=2000,
    )
    case = replace(case, settled=np.array([np.nan, np.nan, np.inf, np.nan]))
    case = replace(case, offsets=marginal_offsets(case))
    times = simulate_futures(case, replicates=25, seed=9).times[..., 3]
    assert abs(np.isfinite(times).mean() - 0.4) < 4 * np.sqrt(0.24 / times.size) + 0.002


@pytest.mark.parametrize("scale", [1e-9, 1.0, 200.0])
def test_hazards_that_change_are_enumerated_period_by_period(scale: float) -> None:
    rng = np.random.default_rng(3)
    rates = rng.uniform(0.0, 0.4, (3, HORIZON)) * scale
    case = make_present(rates, groups=[0, 0, 0], sure={0, 1, 2}, draws=4000)
    left, weights = 1.0, np.zeros((3, HORIZON))
    for period in range(HORIZON):
        total = rates[:, period].sum()
        weights[:, period] = left * -np.expm1(-total) * rates[:, period] / total
        left *= np.exp(-total)
    weights /= weights.sum()
    assert cumulative_incidence(case)[0] == pytest.approx(np.cumsum(weights, axis=1), rel=1e-9)
    times = simulate_futures(case, replicates=25, seed=4).times.reshape(-1, 3)
    winner, period = times.argmin(axis=1), np.ceil(times.min(axis=1)).astype(int) - 1
    counted = np.zeros((3, HORIZON))
    np.add.at(counted, (winner, period), 1 / len(times))
    assert np.abs(counted - weights).max() < 4.5 * np.sqrt(0.25 / len(times))


def test_the_hazard_that_this_comes_to_has_the_same_incidence() -> None:
    case = make_present([[0.2, 0.01, 0.05, 0.3], [0.1, 0.2, 0.02, 0.2]], groups=[0, 0], sure={0, 1})
    hazards = np.stack([sure_hazards(case, place)[0] for place in (0, 1)])
    total = hazards.sum(axis=0)
    at_start = np.exp(-np.concatenate([[0.0], np.cumsum(total)[:-1]]))
    incidence = np.cumsum(at_start * -np.expm1(-total) * hazards / total, axis=1)
    assert incidence == pytest.approx(cumulative_incidence(case)[0], abs=1e-14)


def test_what_is_made_to_occur_or_not_leaves_the_others_to_make_it_sure() -> None:
    rates = [[0.03] * HORIZON, [0.02] * HORIZON, [0.01] * HORIZON]
    case = make_present(rates, groups=[0, 0, 0], sure={0, 1, 2}, draws=2000)
    seen = simulate_futures(case, replicates=10, seed=5)
    never = simulate_futures(case, replicates=10, seed=5, forced={"o0": np.inf}, known=seen).times
    assert not np.isfinite(never[..., 0]).any()
    assert (np.isfinite(never).sum(axis=2) == 1).all()
    assert abs(np.isfinite(never[..., 1]).mean() - 2 / 3) < 4 * np.sqrt(0.25 / 20_000)
    made = simulate_futures(case, replicates=10, seed=5, forced={"o1": 3.0}, known=seen).times
    assert (made[..., 1] == 3.0).all()
    assert not np.isfinite(made[..., [0, 2]]).any()


def test_what_has_resolved_no_leaves_the_others_and_what_occurred_ends_it() -> None:
    rates = [[0.03] * HORIZON, [0.02] * HORIZON, [0.01] * HORIZON]
    case = make_present(rates, groups=[0, 0, 0], sure={0, 1, 2}, draws=1000)
    out = replace(case, settled=np.array([np.inf, np.nan, np.nan]))
    times = simulate_futures(out, replicates=10, seed=6).times
    assert (np.isfinite(times[..., 1:]).sum(axis=2) == 1).all()
    done = replace(case, settled=np.array([-1e-6, np.nan, np.nan]))
    assert not np.isfinite(simulate_futures(done, replicates=2, seed=6).times[..., 1:]).any()


def test_an_outcome_that_one_of_them_acts_on_keeps_its_marginal() -> None:
    """A link from the one that must occur, or its rival: the effect's own probability stays where it was stated."""
    rates = [[0.1] * HORIZON, [0.05] * HORIZON, [0.02] * HORIZON]
    for binary in (False, True):
        case = make_present(
            rates if not binary else [*rates[:2], [0.0] * HORIZON],
            groups=[0, 0, 2],
            yes={2: 0.3} if binary else None,
            sure={0, 1},
            links={(0, 2): 1.2},
            keeps_marginal=True,
            draws=4000,
        )
        case = replace(case, offsets=marginal_offsets(case))
        times = simulate_futures(case, replicates=25, seed=7).times[..., 2]
        marginal = 0.3 if binary else -np.expm1(-0.02 * HORIZON)
        assert abs((times <= HORIZON).mean() - marginal) < 4 * np.sqrt(0.25 / times.size) + 0.002
        if not binary:
            assert abs((times <= 6).mean() - -np.expm1(-0.02 * 6)) < 4 * np.sqrt(0.25 / times.size) + 0.002
