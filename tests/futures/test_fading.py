"""Links that fade or act with a delay: closed forms, and two outcomes followed on a fine grid of the time since the cause."""

from __future__ import annotations

from dataclasses import replace
from math import exp, inf

import numpy as np
import pytest
from scipy import integrate, special

from forecast.futures.correction import corrected
from forecast.futures.hazards import cumulative_incidence, probability_by_resolution
from forecast.futures.offsets import marginal_offsets
from forecast.futures.present import Expected, PresentCase
from forecast.futures.simulation import simulate_futures
from forecast.study.document.course import Course
from tests.futures.present import make_present
from tests.futures.time_since_cause import follow, share
from tests.suite.sizes import sized

N, DRAWS = sized(200_000, 40_000), 200


def times_of(present: PresentCase, forced: dict[str, float] | None = None) -> np.ndarray:
    times = simulate_futures(present, replicates=N // present.draws, seed=3, forced=forced).times
    return times.reshape(N, -1)


def error(probability: float) -> float:
    return float(np.sqrt(probability * (1 - probability) / N))


def happened_before(present: PresentCase, since: float) -> PresentCase:
    """The first outcome is known to have occurred."""
    count = len(present.outcomes)
    links = replace(present.links, since=np.where(present.links.cause == 0, since, 0.0))
    return replace(present, settled=np.array([-1e-6] + [np.nan] * (count - 1)), links=links)


COURSES = {
    "fades": Course(half_life=3.0),
    "fades within two periods": Course(half_life=0.5),
    "later": Course(delay=2.0),
    "later and fades": Course(delay=1.5, half_life=2.0),
}


@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES.keys())
def test_shares_are_constant_within_periods_and_end(course: Course) -> None:
    ages = np.arange(0, 45, 0.05) + 0.025
    found = [course.share(age) for age in ages]
    assert found == pytest.approx(share(ages, course.half_life, course.delay))
    turns = course.turns(45.0)
    passed = np.searchsorted([age for age, _ in turns], ages, side="right")
    assert found == [([0.0, *(value for _, value in turns)])[place] for place in passed]
    assert course.share_on_day(course.delay + 1.0) == pytest.approx(0.5 ** (1 / course.half_life))
    assert course.share_on_day(course.delay - 0.01) == 0.0 or course.delay == 0.0


def test_the_mean_over_a_period_is_that_of_the_power() -> None:
    course = Course(half_life=1.5)
    exact, _ = integrate.quad(course.share_on_day, 2.0, 3.0)
    assert course.share(2.5) * course.mean_over_middle == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("since", [0.0, 0.7, 4.0, 40.0])
@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES.keys())
def test_a_cause_that_occurred_earlier_has_faded_since(course: Course, since: float) -> None:
    """The hazard times the sum over periods of exp(delta 2^(-(k - 1/2) / half-life)), each for as long as it lies ahead."""
    present = make_present([[0.1] * 10, [0.05] * 10], links={(0, 1): 1.5}, courses={(0, 1): course}, draws=DRAWS)
    found = np.isfinite(times_of(happened_before(present, since))[:, 1]).mean()
    edges = np.unique(np.clip(course.delay + np.arange(60) - since, 0.0, 10.0))
    middles = since + (np.append(0.0, edges) + np.append(edges, 10.0)) / 2
    lengths = np.append(edges, 10.0) - np.append(0.0, edges)
    exact = -np.expm1(-0.05 * float(lengths @ np.exp(1.5 * share(middles, course.half_life, course.delay))))
    assert found == pytest.approx(exact, abs=4 * error(exact))


@pytest.mark.parametrize("keeps_marginal", [False, True], ids=["base none", "marginal"])
@pytest.mark.parametrize(
    ("horizon", "cause", "effect", "delta", "course"),
    [
        (12, 0.08, 0.04, 1.5, Course(half_life=3.0)),
        (12, 0.08, 0.04, 1.5, Course(delay=2.0)),
        (12, 0.08, 0.04, -2.0, Course(delay=1.5, half_life=2.0)),
        (5, 0.15, 0.1, 2.0, Course(delay=0.3, half_life=1.0)),
        (50, 0.02, 0.01, 1.5, Course(delay=2.0, half_life=6.0)),
    ],
)
def test_two_outcomes_are_those_of_a_fine_grid(
    horizon: int, cause: float, effect: float, delta: float, course: Course, keeps_marginal: bool
) -> None:
    present = make_present(
        [[cause] * horizon, [effect] * horizon], links={(0, 1): delta}, courses={(0, 1): course},
        keeps_marginal=keeps_marginal, draws=DRAWS,
    )  # fmt: skip
    times = times_of(corrected(present))
    exact = follow(
        cause, effect, delta, horizon, half_life=course.half_life, delay=course.delay, keeps_marginal=keeps_marginal
    )
    first, second = np.isfinite(times).T
    # Offsets hold for a period, the grid's for a hundredth of one.
    more = 0.002 if keeps_marginal else 0.0
    assert second.mean() == pytest.approx(exact.effect, abs=3 * error(exact.effect) + more)
    assert (first & second).mean() == pytest.approx(exact.both, abs=3 * error(exact.both) + more)
    after = (second & (times[:, 0] < times[:, 1])).mean()
    assert after == pytest.approx(exact.effect_after_cause, abs=3 * error(exact.effect_after_cause) + more)
    if keeps_marginal:
        assert exact.effect == pytest.approx(-np.expm1(-effect * horizon), abs=2e-4)


def test_other_links_act_on_the_same_event_at_the_same_time() -> None:
    """A link that stays and one that ends: the hazard is multiplied by both while both act."""
    present = make_present(
        [[0.0] * 10, [0.0] * 10, [0.02] * 10], links={(0, 2): 1.0, (1, 2): 0.8},
        courses={(0, 2): Course(delay=1.0, half_life=0.5)}, draws=DRAWS,
    )  # fmt: skip
    found = np.isfinite(times_of(present, {"o0": 2.25, "o1": 3.5})[:, 2]).mean()
    at = np.arange(0, 10, 0.001) + 0.0005
    shares = np.where(at > 2.25, share(at - 2.25, 0.5, 1.0), 0.0)
    exact = -np.expm1(-0.02 * np.mean(np.exp(shares + 0.8 * (at > 3.5))) * 10)
    assert found == pytest.approx(exact, abs=4 * error(exact))


WORLDS = {
    "a rival of the effect": ([0.35, 0.25, 0.3], [0, 1, 1], {}, {(0, 1): 1.5}),
    "two causes": ([0.5, 0.4, 0.3], [0, 1, 2], {}, {(0, 2): 1.2, (1, 2): 1.0}),
    "causes that exclude each other": ([0.3, 0.3, 0.3], [0, 0, 2], {}, {(0, 2): 1.5, (1, 2): -1.0}),
    "a chain and a direct link": ([0.5, 0.4, 0.3], [0, 1, 2], {}, {(0, 1): 1.5, (1, 2): 1.2, (0, 2): 1.0}),
    "each the other's cause": ([0.5, 0.4], [0, 1], {}, {(0, 1): 1.0, (1, 0): 1.0}),
    "a binary cause": ([0.5, 0.35], [0, 1], {0: 0.5}, {(0, 1): 1.5}),
    "a binary effect": ([0.5, 0.35], [0, 1], {1: 0.35}, {(0, 1): 2.0}),
    "a binary effect of two": ([0.5, 0.5, 0.35], [0, 1, 2], {2: 0.35}, {(0, 2): 2.0, (1, 2): 1.5}),
}


@pytest.mark.parametrize("horizon", sized([7, 50], [7]))
@pytest.mark.parametrize("course", [Course(half_life=4.0), Course(delay=3.5), Course(delay=1.2, half_life=1.0)])
@pytest.mark.parametrize(("stated", "groups", "yes", "links"), WORLDS.values(), ids=WORLDS.keys())
def test_what_was_stated_comes_back(
    stated: list[float], groups: list[int], yes: dict[int, float], links: dict[tuple[int, int], float],
    course: Course, horizon: int,
) -> None:  # fmt: skip
    rates = np.repeat(-np.log1p(-np.array(stated))[:, None] / horizon, horizon, axis=1)
    resolves = [0.55 * horizon if outcome == 0 and 0 in yes else float(horizon) for outcome in range(len(stated))]
    present = make_present(
        rates, groups=groups, yes=yes, links=links, courses=dict.fromkeys(links, course), keeps_marginal=True,
        resolves=resolves, draws=DRAWS,
    )  # fmt: skip
    exact = probability_by_resolution(present, cumulative_incidence(present))[0]
    found = (times_of(corrected(present)) <= present.resolves).mean(axis=0)
    assert np.all(np.abs(found - exact) < 0.005 + 3 * np.array([error(p) for p in exact]))


def test_a_link_that_hardly_waits_has_the_offsets_of_one_that_does_not() -> None:
    """Causes that occur on one date thin more exactly here, within their part of a period."""

    def offsets(of_date: float, course: Course) -> np.ndarray:
        links = {(0, 2): 1.5, (1, 2): -1.0, (3, 2): of_date}
        present = make_present(
            [[0.1] * 7, [0.05] * 7, [0.03] * 7, [0.0] * 7], groups=[0, 0, 2, 3], yes={3: 0.4}, resolves=[7, 7, 7, 3.3],
            links=links, courses=dict.fromkeys(links, course), keeps_marginal=True,
        )  # fmt: skip
        return np.asarray(marginal_offsets(present).log_hazard[2])

    assert offsets(0.0, Course(delay=1e-12)) == pytest.approx(offsets(0.0, Course()), abs=1e-9)
    assert offsets(0.7, Course(delay=1e-12)) == pytest.approx(offsets(0.7, Course()), abs=5e-4)


@pytest.mark.parametrize(("half_life", "delay"), [(4.0, 0.0), (inf, 3.0), (2.0, 1.0)])
def test_log_odds_have_the_share_of_the_day_itself(half_life: float, delay: float) -> None:
    """An event that occurs at t adds delta 2^(-(T - delay - t) / half-life), and nothing after T - delay."""
    rate, delta, horizon = 0.1, 2.0, 8
    present = make_present(
        [[rate] * horizon, [0.0] * horizon], yes={1: 0.3}, links={(0, 1): delta}, draws=DRAWS,
        courses={(0, 1): Course(delay, half_life)},
    )  # fmt: skip
    level = special.logit(0.3)

    def chance(at: float) -> float:
        acting = horizon - delay - at
        return float(special.expit(level + (delta * 2 ** (-acting / half_life) if acting >= 0 else 0.0)))

    ways = [(0.0, horizon - delay), (horizon - delay, float(horizon))]
    exact = sum(integrate.quad(lambda t: rate * exp(-rate * t) * chance(t), *way)[0] for way in ways)
    exact += exp(-rate * horizon) * 0.3
    assert np.isfinite(times_of(present)[:, 1]).mean() == pytest.approx(exact, abs=4 * error(exact))
    known = np.isfinite(times_of(happened_before(present, 1.5))[:, 1]).mean()
    exact = chance(-1.5)
    assert known == pytest.approx(exact, abs=4 * error(exact))


@pytest.mark.parametrize("lead", [0, 6])
@pytest.mark.parametrize(("half_life", "delay"), [(4.0, 0.0), (inf, 3.5), (1.0, 2.2)])
def test_the_offset_of_log_odds_is_that_over_all_times_of_the_cause(half_life: float, delay: float, lead: int) -> None:
    rate, delta, horizon, stated = 0.08, 2.0, 9, 0.3
    present = make_present(
        [[rate] * horizon, [0.0] * horizon], yes={1: stated}, links={(0, 1): delta}, keeps_marginal=True, resolves=[9.0, 8.6],
        courses={(0, 1): Course(delay, half_life)},
    )  # fmt: skip
    steps = np.full((1, lead + horizon), rate)
    present = replace(
        present, expected=Expected(np.array([0, lead]), steps, steps, np.zeros(1, dtype=bool), np.full(2, np.inf))
    )
    offset = float(marginal_offsets(present).log_odds[1][0])
    at = np.arange(-lead, 8.6, 1e-4) + 5e-5
    acting = 8.6 - delay - at
    added = np.where(acting >= 0, delta * 2.0 ** (-np.maximum(acting, 0) / half_life), 0.0)
    weight = rate * np.exp(-rate * (at + lead)) * 1e-4
    found = weight @ special.expit(special.logit(stated) + offset + added)
    found += (1 - weight.sum()) * special.expit(special.logit(stated) + offset)
    assert found == pytest.approx(stated, abs=1e-3)


def test_an_occurrence_since_the_statement_fades_from_its_day() -> None:
    """Stated six periods ago with the cause at .04 a period; it occurred four periods ago: r e^(delta share) / M from now on."""
    lead, horizon, cause, effect, delta, course = 6, 10, 0.04, 0.03, 1.5, Course(delay=1.0, half_life=3.0)
    present = make_present(
        [[cause] * horizon, [effect] * horizon], links={(0, 1): delta}, courses={(0, 1): course}, keeps_marginal=True,
        draws=DRAWS,
    )  # fmt: skip
    steps = np.full((1, lead + horizon), cause)
    expected = Expected(np.array([0, lead]), steps, steps, np.zeros(1, dtype=bool), np.full(2, np.inf))
    found = times_of(replace(happened_before(present, 4.0), expected=expected))
    mean, each = _mean_multipliers(cause, effect, delta, course, lead + horizon)
    ages = 4.0 + each[each >= lead] - lead
    reached = (np.exp(delta * share(ages, course.half_life, course.delay)) / mean[each >= lead]).mean() * horizon
    exact = -np.expm1(-effect * reached)
    assert np.isfinite(found[:, 1]).mean() == pytest.approx(exact, abs=4 * error(exact) + 0.002)


@pytest.mark.parametrize("lead", [0, 6])
def test_a_cause_that_had_occurred_by_the_statement_leaves_it_where_it_was(lead: int) -> None:
    """Its effect was known to fade, so the offset takes all of it back, at whatever age; a tenth of a period off would show."""
    horizon, effect, since = 10, 0.05, 8.4
    present = make_present(
        [[0.0] * horizon, [effect] * horizon], links={(0, 1): 3.0}, courses={(0, 1): Course(delay=7.0, half_life=2.0)},
        keeps_marginal=True, draws=DRAWS,
    )  # fmt: skip
    steps = np.zeros((1, lead + horizon))
    expected = Expected(np.array([0, lead]), steps, steps, np.array([lead > 0]), np.full(2, np.inf))
    present = replace(happened_before(present, since), expected=expected)
    rates = np.exp(marginal_offsets(present).log_hazard[1][0])
    edges = since + np.arange(horizon + 1)
    fine = (edges[:-1, None] + (np.arange(1000) + 0.5) / 1000).ravel()
    exact = np.exp(3.0 * share(fine, 2.0, 7.0)).reshape(horizon, -1).mean(axis=1)
    assert rates * exact == pytest.approx(1.0, abs=1e-3)
    found = np.isfinite(times_of(present)[:, 1]).mean()
    assert found == pytest.approx(-np.expm1(-effect * horizon), abs=4 * error(0.4))


def _mean_multipliers(
    cause: float, effect: float, delta: float, course: Course, periods: int
) -> tuple[np.ndarray, np.ndarray]:
    """M among survivors and times, in small steps."""
    fine = 40
    at = (np.arange(periods * fine) + 0.5) / fine
    ratio = np.exp(delta * share(at, course.half_life, course.delay))
    waiting, cohorts, means = 1.0, np.zeros(0), []
    for _ in at:
        multiplier = ratio[: len(cohorts)][::-1]
        means.append((waiting + cohorts @ multiplier) / (waiting + cohorts.sum()))
        base = effect / fine / means[-1]
        waiting, cohorts = waiting * exp(-base), cohorts * np.exp(-base * multiplier)
        cohorts = np.append(cohorts, waiting * -np.expm1(-cause / fine))
        waiting -= cohorts[-1]
    return np.array(means), at
