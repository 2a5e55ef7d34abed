"""Links and factors leave the stated probability of an outcome where it was stated.

Against exact numbers where there are some, else against the futures themselves: what was stated has to come back within
.01 and three Monte Carlo standard errors, whatever links and factors do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, optimize, special

from forecast.futures.correction import corrected
from forecast.futures.hazards import cumulative_incidence, probability_by_resolution
from forecast.futures.odds_offsets import solve_offset
from forecast.futures.present import Expected, PresentCase
from forecast.futures.simulation import simulate_futures
from forecast.futures.thresholds import threshold_hazards
from tests.futures.present import make_present
from tests.suite.sizes import sized

N = 200_000
DRAWS = 1000


def shares(present: PresentCase, seed: int = 1) -> np.ndarray:
    """Share of futures in which each outcome occurs by its date."""
    times = simulate_futures(corrected(present), replicates=N // present.draws, seed=seed).times
    return np.asarray((times <= present.resolves).mean(axis=(0, 1)))


def hazards(stated: list[float], horizon: int) -> np.ndarray:
    """A constant hazard that reaches each probability by the horizon."""
    return np.repeat(-np.log1p(-np.array(stated))[:, None] / horizon, horizon, axis=1)


def standard_error(probability: np.ndarray | float) -> np.ndarray:
    return np.sqrt(np.asarray(probability) * (1 - np.asarray(probability)) / N)


WORLDS = {
    "one link": ([0.5, 0.35], {(0, 1): 1.5}),
    "a link against": ([0.5, 0.4], {(0, 1): -1.5}),
    "two causes": ([0.5, 0.4, 0.3], {(0, 2): 1.2, (1, 2): 1.0}),
    "a chain": ([0.5, 0.4, 0.3], {(0, 1): 1.5, (1, 2): 1.5}),
    "a chain and a direct link": ([0.5, 0.4, 0.3], {(0, 1): 1.5, (1, 2): 1.2, (0, 2): 1.0}),
    "five causes": ([0.4] * 5 + [0.3], {(cause, 5): 0.8 for cause in range(5)}),
    "causes of one cause": ([0.5, 0.4, 0.4, 0.3], {(0, 1): 2.0, (0, 2): 2.0, (1, 3): 1.2, (2, 3): 1.2}),
    "each the other's cause": ([0.5, 0.4], {(0, 1): 1.0, (1, 0): 1.0}),
}


@pytest.mark.parametrize("horizon", [5, 60])
@pytest.mark.parametrize(("stated", "links"), WORLDS.values(), ids=WORLDS.keys())
def test_what_was_stated_comes_back(stated: list[float], links: dict[tuple[int, int], float], horizon: int) -> None:
    present = make_present(hazards(stated, horizon), links=links, keeps_marginal=True, draws=DRAWS)
    assert np.all(np.abs(shares(present) - stated) < 0.01 + 3 * standard_error(np.array(stated)))


def test_without_the_offset_the_same_link_raises_the_probability() -> None:
    present = make_present(hazards([0.5, 0.35], 60), links={(0, 1): 1.5}, draws=DRAWS)
    assert shares(present)[1] == pytest.approx(0.521, abs=0.005)


def test_random_worlds_with_rivals_binary_outcomes_and_factors() -> None:
    """Two to six outcomes, with chains and common factors; what is left is below .01 and noise in all of them."""
    rng, errors = np.random.default_rng(3), []
    for world in range(sized(40, 10)):
        present = _random_world(rng)
        stated = probability_by_resolution(present, cumulative_incidence(present))[0]
        found = shares(present, seed=world)
        errors.append(np.abs(found - stated).max())
        assert np.all(np.abs(found - stated) < 0.01 + 3 * standard_error(stated)), world
    assert np.quantile(errors, 0.8) < 0.006


def _random_world(rng: np.random.Generator) -> PresentCase:
    count, horizon = int(rng.integers(2, 7)), int(rng.choice([5, 12, 36]))
    groups = list(range(count))
    if count > 2 and rng.random() < 0.5:
        groups[1] = 0
    stated = rng.uniform(0.03, 0.9, count)
    yes = {o: float(stated[o]) for o in range(count) if groups.count(groups[o]) == 1 and rng.random() < 0.25}
    alone = [stated[o] / groups.count(groups[o]) for o in range(count)]
    links: dict[tuple[int, int], float] = {}
    for cause in range(count):
        for effect in range(count):
            is_circle = (effect, cause) in links or (cause in yes and effect in yes and cause > effect)
            if groups[cause] != groups[effect] and rng.random() < 0.35 and not is_circle:
                links[cause, effect] = float(rng.normal(0, 1))
    effects = {(o, "f"): float(rng.normal(0, 0.5)) for o in range(count) if rng.random() < 0.4}
    present = make_present(
        hazards(alone, horizon), groups=groups, yes=yes, links=links, keeps_marginal=True, draws=DRAWS,
        resolves=[float(rng.uniform(0.3, 1) * horizon) if o in yes else float(horizon) for o in range(count)],
        states={"f": (0.0, 0.85)} if effects else None, effects=effects or None,
    )  # fmt: skip
    if not effects:
        return present
    # What is stated is the mean over the stationary law of the factor.
    return replace(present, factors=replace(present.factors, state=rng.standard_normal((DRAWS, 1))))


def test_a_known_state_still_moves_the_answer() -> None:
    high = make_present(hazards([0.36], 12), states={"f": (2.0, 0.9)}, effects={(0, "f"): 0.6}, draws=DRAWS)
    low = make_present(hazards([0.36], 12), states={"f": (-2.0, 0.9)}, effects={(0, "f"): 0.6}, draws=DRAWS)
    assert shares(low)[0] < 0.3 < 0.45 < shares(high)[0]


def test_an_uninformative_factor_leaves_the_probability() -> None:
    """The effect is known up to its sign, the state not at all: .362 was .405 before the offset."""
    rng, present = np.random.default_rng(2), make_present(
        hazards([0.362], 60), states={"f": (0.0, 0.8)}, effects={(0, "f"): 1.0}, draws=4000
    )  # fmt: skip
    factors = replace(present.factors, state=rng.standard_normal((4000, 1)), gamma=rng.normal(0, 0.6, (4000, 1)))
    assert shares(replace(present, factors=factors))[0] == pytest.approx(0.362, abs=0.004)


@pytest.mark.parametrize("delta", [1.5, -2.0])
def test_a_binary_effect_is_the_mixture_of_both_worlds(delta: float) -> None:
    """Cause .5, effect .35: the root of .5 logistic(x) + .5 logistic(x + delta) = .35, and both conditionals."""
    present = make_present(
        np.zeros((2, 12)), yes={0: 0.5, 1: 0.35}, links={(0, 1): delta}, keeps_marginal=True, draws=DRAWS
    )
    times = simulate_futures(present, replicates=N // DRAWS, seed=1).times.reshape(N, -1)
    cause, effect = np.isfinite(times).T
    level = optimize.brentq(lambda x: 0.5 * special.expit(x) + 0.5 * special.expit(x + delta) - 0.35, -9, 9)
    assert effect.mean() == pytest.approx(0.35, abs=4 * standard_error(0.35))
    assert effect[cause].mean() == pytest.approx(special.expit(level + delta), abs=0.007)
    assert effect[~cause].mean() == pytest.approx(special.expit(level), abs=0.007)


def test_the_root_holds_for_any_number_of_patterns() -> None:
    rng = np.random.default_rng(1)
    level, shifts = rng.normal(0, 3, 50), rng.normal(0, 2, (7, 50))
    chances = rng.dirichlet(np.ones(7), 50).T
    offset = solve_offset(level, shifts, chances)
    mean = (chances * special.expit(level + offset + shifts)).sum(axis=0)
    assert mean == pytest.approx(special.expit(level), abs=1e-9)


def test_a_count_that_is_a_cause() -> None:
    """A threshold's own hazard is counted over the draws (`threshold_hazards`)."""
    present = make_present(
        np.array([[0.0] * 12, [0.04] * 12]), streams=[(np.log(4.0), 0.0, 0.5, None)], thresholds={0: (0, 9)},
        links={(0, 1): 1.5}, keeps_marginal=True, draws=DRAWS,
    )  # fmt: skip
    streams = replace(present.streams, hazard=threshold_hazards(present, 1))
    found = shares(replace(present, streams=streams))
    assert found[1] == pytest.approx(-np.expm1(-0.48), abs=0.006)
    assert found[0] > 0.3


CAUSE, EFFECT, LINK, PERIODS = 0.5, 0.35, 1.5, 60


def stated_earlier(now: float, *, lead: int = 0, settled: bool = False) -> PresentCase:
    """The effect was stated when its cause was at .5 by 60 periods; by now the cause is at `now`, `lead` periods later."""
    left = PERIODS - lead
    rates = np.array([[-np.log1p(-now) / left] * left, [-np.log1p(-EFFECT) / PERIODS] * left])
    present = make_present(rates, links={(0, 1): LINK}, keeps_marginal=True, draws=DRAWS)
    steps = np.full((1, PERIODS + 1), -np.log1p(-CAUSE) / PERIODS)
    lead = max(lead, 1)  # a lead of none would mean the as-of date
    expected = Expected(np.array([0, lead]), steps, steps, np.zeros(1, dtype=bool), np.full(2, np.inf))
    known = np.array([-1e-6 if settled else np.nan, np.nan])
    return replace(present, expected=expected, settled=known)


def base_hazards(periods: int) -> tuple[np.ndarray, np.ndarray]:
    """Times, and the effect's hazard r / M in small steps up to them, M from a fine chain at a cause of .5."""
    fine = 200 * periods
    step, rate, cause = periods / fine, -np.log1p(-EFFECT) / PERIODS, -np.log1p(-CAUSE) / PERIODS
    share, base = 0.0, np.empty(fine)
    for k in range(fine):
        base[k] = rate / (1 + share * np.expm1(LINK))
        share += step * ((1 - share) * cause - share * (1 - share) * base[k] * np.expm1(LINK))
    return (np.arange(fine) + 0.5) * step, base * step


def exact_effect(now: float) -> float:
    """Given the cause at t the effect's hazard is r / M before and r e / M after."""
    times, base = base_hazards(PERIODS)
    reached = np.cumsum(base)
    hazard = -np.log1p(-now) / PERIODS
    effect = -np.expm1(-(reached + np.exp(LINK) * (reached[-1] - reached)))
    with_cause = integrate.trapezoid(hazard * np.exp(-hazard * times) * effect, times)
    return float(with_cause + (1 - now) * -np.expm1(-reached[-1]))


@pytest.mark.parametrize(("now", "published"), [(0.5, 0.35), (0.95, 0.53), (0.10, 0.25)])
def test_what_is_learned_of_a_cause_later_moves_its_effect(now: float, published: float) -> None:
    exact = exact_effect(now)
    assert exact == pytest.approx(published, abs=0.006)
    assert shares(stated_earlier(now))[1] == pytest.approx(exact, abs=0.008)


def test_quiet_time_and_an_occurrence_move_it_as_well() -> None:
    quiet = stated_earlier(1 - (1 - CAUSE) ** (36 / 60), lead=24)
    assert shares(quiet)[1] == pytest.approx(0.174, abs=0.006)
    # It occurs when the statement is one period old: hazards r e / M from there on, for as long.
    _, base = base_hazards(PERIODS + 1)
    exact = -np.expm1(-np.exp(LINK) * base[len(base) // (PERIODS + 1) :].sum())
    assert shares(stated_earlier(CAUSE, settled=True))[1] == pytest.approx(exact, abs=4 * standard_error(exact))
    at_once = -np.expm1(-np.exp(LINK) * base_hazards(PERIODS)[1].sum())
    assert at_once == pytest.approx(0.68, abs=0.006)
