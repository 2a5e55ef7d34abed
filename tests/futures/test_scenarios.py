"""Scenario probabilities: meaning of the grammar, Monte Carlo error, posterior spread."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from forecast.futures.scenarios import conditional_each, draws_left, estimate, evaluate
from forecast.futures.simulation import Futures
from forecast.study import Calendar, Period, parse_expression

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
    ],
)
def test_expressions_mean_what_the_grammar_says(text: str, expected: list[bool]) -> None:
    expression = parse_expression(text, {"a", "b"})
    happened = evaluate(expression, FOUR, resolves={"a": 50.0, "b": 60.0}, calendar=CALENDAR)
    assert happened[0].tolist() == expected


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
