"""What a check of scenarios costs where chance meets none of them; printed by `make bench`, CPU time since the machine is shared.

Scenarios that are met by chance need one evaluation over all futures. Long orders of outcomes have to be drawn, and what is
impossible has to be gone through. The promise is a ratio between the two.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence

import pytest

from forecast.futures.possible import Possible
from forecast.futures.shape import scenario_questions
from forecast.study import Study
from tests.benchmarks.test_growth import cpu
from tests.categories import categorical_outcome
from tests.documents import Document, event_outcome, make_study

SCENARIOS = 30
NAMES = [f"x{place}" for place in range(12)]
MOST_TIMES = 60.0


def orders(number: int) -> str:
    """All twelve, one before the other."""
    mixed = random.Random(number).sample(NAMES, len(NAMES))
    return " and ".join(f"before({first}, {second})" for first, second in itertools.pairwise(mixed))


def circles(number: int) -> str:
    """The same, and the last before the first; there are too many orders to go through."""
    mixed = random.Random(number).sample(NAMES, len(NAMES))
    return " and ".join(f"before({a}, {b})" for a, b in itertools.pairwise([*mixed, mixed[0]]))


def options(_: int) -> str:
    """Two of twelve options, and an order of two events: none of 24,037 combinations has that."""
    every = ", ".join(f"option(winner, {name})" for name in NAMES)
    return f"at_least(2, {every}) and before(a, b) and by(a, 5)"


def study_of(outcomes: Sequence[Document], when: Callable[[int], str]) -> Study:
    scenarios = [{"id": f"s{number}", "title": "t", "when": when(number)} for number in range(SCENARIOS)]
    return make_study(*outcomes, scenarios=scenarios)


@pytest.mark.parametrize("when", [orders, circles, options])
def test_scenarios_that_chance_does_not_meet(when: Callable[[int], str]) -> None:
    if when is options:
        parts = [{"id": name, "probability": 1 / len(NAMES)} for name in NAMES]
        outcomes = [categorical_outcome(*parts), event_outcome(id="a"), event_outcome(id="b")]
    else:
        outcomes = [event_outcome(id=name) for name in NAMES]
    study = study_of(outcomes, when)
    expressions = [scenario.expression for scenario in study.scenarios]

    def by_chance() -> None:
        possible = Possible(study, expressions)
        for expression in expressions:
            possible.is_true(expression, possible.common)

    base = cpu(by_chance)
    taken = cpu(lambda: scenario_questions(study))
    print(f"\n| {when.__name__} | {taken:.3f} CPU s | {taken / base:.1f} times an evaluation over futures by chance |")
    assert taken <= MOST_TIMES * base
