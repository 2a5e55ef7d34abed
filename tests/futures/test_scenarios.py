"""Scenario probabilities: meaning of the grammar, Monte Carlo error, posterior spread."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom

from forecast.futures.present import DAY_BEFORE
from forecast.futures.scenarios import conditional_each, draws_left, estimate, evaluate
from forecast.futures.simulation import Futures, simulate_futures
from forecast.study import Calendar, Period, parse_expression
from tests.futures.present import make_present

CALENDAR = Calendar(Period.MONTH, date(2021, 9, 10))
NEVER = np.inf


def futures(*times: tuple[float, float]) -> Futures:
    table = np.array([list(row) for row in times])[None]
    return Futures(("a", "b"), np.array([0]), 1, table, 60)


FOUR = futures((3.0, NEVER), (3.0, 5.0), (55.0, 5.0), (NEVER, NEVER))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [True, True, False, False]),  # resolves by period 50
        ("b", [False, True, True, False]),
        ("by(a, 60)", [True, True, True, False]),
        ("by(a, 3)", [True, True, False, False]),
        ("by(a, 2.9)", [False, False, False, False]),
        ("by(b, 2022-02-10)", [False, True, True, False]),
        ("by(b, 2022-02-09)", [False, False, False, False]),
        ("before(a, b)", [True, True, False, False]),
        ("before(b, a)", [False, False, True, False]),
        ("a and not b", [True, False, False, False]),
        ("not a or b", [False, True, True, True]),
        ("not (a or b)", [False, False, False, True]),
        ("between(a, 3, 60)", [False, False, True, False]),  # after 3 periods
        ("between(a, 2, 3)", [True, True, False, False]),
        ("between(b, 2022-02-10, 2022-02-10)", [False, True, True, False]),  # both days are included
        ("between(b, 2022-02-11, 60)", [False, False, False, False]),
        ("within(b, a, 2)", [False, True, False, False]),
        ("within(b, a, 1.9)", [False, False, False, False]),
        ("within(a, b, 50)", [False, False, True, False]),  # not where a comes before b
        ("within(a, b, 49.9)", [False, False, False, False]),
        ("at_least(1, a, b)", [True, True, True, False]),
        ("at_least(2, a, b)", [False, True, False, False]),
        ("at_most(1, a, b)", [True, False, True, True]),
        ("exactly(1, a, b)", [True, False, True, False]),
        ("exactly(0, a, b)", [False, False, False, True]),
        ("at_least(2, a, not b, by(a, 60))", [True, True, False, False]),
    ],
)
def test_expressions_mean_what_the_grammar_says(text: str, expected: list[bool]) -> None:
    expression = parse_expression(text, {"a", "b"})
    happened = evaluate(expression, FOUR, resolves={"a": 50.0, "b": 60.0}, calendar=CALENDAR)
    assert happened[0].tolist() == expected


def test_what_is_settled_counts_from_its_own_day() -> None:
    """Settled on 10 June 2021, three months before the as-of date; the other occurs a month after that."""
    settled = futures((-DAY_BEFORE * (CALENDAR.as_of - date(2021, 6, 10)).days, 1.0))
    answers = {
        "within(b, a, 4)": True,
        "within(b, a, 3.9)": False,
        "between(a, 2021-06-10, 60)": True,
        "between(a, 2021-06-11, 60)": False,
        "between(a, 0, 60)": False,
        "by(a, 1)": True,
    }
    for text, expected in answers.items():
        happened = evaluate(parse_expression(text, "ab"), settled, resolves={"a": 60.0, "b": 60.0}, calendar=CALENDAR)
        assert happened.tolist() == [[expected]], text


def test_at_least_so_many_of_ten_is_the_binomial_tail() -> None:
    """Ten coups with a log rate of -3.5 a month, within 24 months: at least 3, .955; at least 5, .661."""
    case = make_present([[np.exp(-3.5)] * 24] * 10, draws=4000)
    simulated = simulate_futures(case, replicates=10, seed=3)
    names = ", ".join(case.outcomes)
    for least in (3, 5):
        expression = parse_expression(f"at_least({least}, {names})", case.outcomes)
        found = evaluate(expression, simulated, resolves=dict.fromkeys(case.outcomes, 24.0), calendar=CALENDAR)
        exact = float(binom.sf(least - 1, 10, -np.expm1(-24 * np.exp(-3.5))))
        assert round(exact, 3) == {3: 0.955, 5: 0.661}[least]
        assert abs(found.mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / found.size)


def test_within_is_what_two_constant_hazards_make_of_it() -> None:
    first, later, periods, horizon = 0.05, 0.1, 6.0, 12
    case = make_present([[later] * horizon, [first] * horizon], draws=4000)
    simulated = simulate_futures(case, replicates=25, seed=5)
    a, b = case.outcomes
    found = evaluate(
        parse_expression(f"within({a}, {b}, {periods})", case.outcomes),
        simulated,
        resolves=dict.fromkeys(case.outcomes, float(horizon)),
        calendar=CALENDAR,
    )

    def density(time: float) -> float:
        left = min(periods, horizon - time)
        return float(first * np.exp(-(first + later) * time) * -np.expm1(-later * left))

    exact = quad(density, 0.0, horizon, points=[horizon - periods])[0]
    assert abs(found.mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / found.size)


def test_the_error_of_independent_futures_is_the_binomial_one() -> None:
    rng = np.random.default_rng(1)
    result = estimate(rng.random((4000, 5)) < 0.3, chains=4)
    exact = np.sqrt(0.3 * 0.7 / 20_000)
    assert result.mcse == pytest.approx(exact, rel=0.15)
    assert result.effective_draws == pytest.approx(20_000, rel=0.35)
    assert abs(result.probability - 0.3) < 4 * exact


def test_the_error_covers_what_repeated_runs_really_scatter_by() -> None:
    """Draws whose probability drifts slowly: the futures' binomial error alone would be far too small."""
    rng = np.random.default_rng(2)
    means, errors = [], []
    for _ in range(200):
        noise = rng.standard_normal((4, 500))
        walk = np.empty_like(noise)
        walk[:, 0] = noise[:, 0]
        for step in range(1, 500):
            walk[:, step] = 0.9 * walk[:, step - 1] + np.sqrt(1 - 0.81) * noise[:, step]
        probability = 1 / (1 + np.exp(-walk.ravel()))
        result = estimate(rng.random((2000, 5)) < probability[:, None], chains=4)
        means.append(result.probability)
        errors.append(result.mcse)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.2)


def test_the_error_of_a_conditional_probability_covers_what_repeated_runs_scatter_by() -> None:
    """Draws that drift slowly and move the condition and the event together: a ratio of two correlated means."""
    rng = np.random.default_rng(6)
    ratios, errors = [], []
    for _ in range(200):
        walk = rng.standard_normal((4, 500))
        for step in range(1, 500):
            walk[:, step] = 0.8 * walk[:, step - 1] + 0.6 * walk[:, step]
        condition = rng.random((2000, 5)) < 1 / (1 + np.exp(1 - walk.ravel()))[:, None]
        joint = condition & (rng.random((2000, 5)) < 1 / (1 + np.exp(-walk.ravel()))[:, None])
        (result,) = conditional_each(joint.sum(axis=1)[None], condition.sum(axis=1), 5, chains=4)
        ratios.append(result.probability)
        errors.append(result.mcse)
    assert np.mean(errors) == pytest.approx(np.std(ratios), rel=0.2)


def test_a_condition_that_always_holds_changes_nothing_and_leaves_all_draws() -> None:
    rng = np.random.default_rng(7)
    happened, always = rng.random((1000, 5)) < 0.3, np.ones((1000, 5), dtype=bool)
    (result,) = conditional_each(happened.sum(axis=1)[None], always.sum(axis=1), 5, chains=4)
    plain = estimate(happened, chains=4)
    assert (result.probability, result.mcse) == pytest.approx((plain.probability, plain.mcse))
    assert draws_left(estimate(always, chains=4)) == pytest.approx(5000)


def test_no_future_out_of_many_is_not_certainty() -> None:
    result = estimate(np.zeros((1000, 5), dtype=bool), chains=4)
    assert result.probability == 0.0
    assert 0 < result.mcse < 0.001
