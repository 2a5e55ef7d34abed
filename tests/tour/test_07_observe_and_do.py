"""Two questions sound alike: what if we learn that something happens, and what if it is made to happen?

To observe is to keep the futures in which it is so: one learns about its causes as well. To do is to make it so: its causes
are cut, and only what follows from it changes. Both are asked of stored futures; nothing is computed again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from forecast.futures.query import InsufficientDrawsError, QueryAnswer, QueryRequest, answer_query
from forecast.futures.simulation import simulate_futures
from forecast.futures.stored import StoredFutures
from forecast.study import Calendar, Period
from tests.futures.present import make_present

WAR, FLIGHT, EXIT = IDS = ("war", "flight", "exit")
"""A war makes people flee, and it makes the mission leave. The flight itself does not move the mission."""


@pytest.fixture(scope="module")
def stored() -> StoredFutures:
    rates = [[0.02] * 24, [0.02] * 24, [0.02] * 24]
    case = replace(make_present(rates, links={(0, 1): 2.0, (0, 2): 2.0}, draws=4000, chains=4), outcomes=IDS)
    futures = simulate_futures(case, replicates=5, seed=4)
    return StoredFutures(Calendar(Period.MONTH, date(2021, 9, 10)), 24, case, futures, 4, ())


def ask(stored: StoredFutures, expression: str, **conditions: Any) -> QueryAnswer:
    return answer_query(stored, QueryRequest.model_validate({"expression": expression, **conditions}))


def test_learning_of_the_flight_makes_an_exit_likelier(stored: StoredFutures) -> None:
    plain, seen = ask(stored, EXIT), ask(stored, EXIT, observe=[FLIGHT])
    assert seen.probability > plain.probability + 4 * np.hypot(seen.mcse, plain.mcse)
    # It tells of a war, and the answer rests on fewer futures.
    assert ask(stored, WAR, observe=[FLIGHT]).probability > ask(stored, WAR).probability
    assert seen.futures < plain.futures


def test_making_people_flee_moves_no_mission(stored: StoredFutures) -> None:
    made = ask(stored, EXIT, do=[{"outcome": FLIGHT, "at": 0}])
    assert made.probability == made.unconditional.probability == ask(stored, EXIT).probability


def test_making_war_does(stored: StoredFutures) -> None:
    at_once, late, never = (ask(stored, EXIT, do=[{"outcome": WAR, "at": at}]).probability for at in (0, 12, None))
    assert at_once > late > never
    assert never < ask(stored, EXIT).probability


def test_what_hardly_ever_happens_is_no_ground_for_an_answer(stored: StoredFutures) -> None:
    with pytest.raises(InsufficientDrawsError, match="at least 200"):
        ask(stored, EXIT, observe=[f"by({WAR}, 1) and by({FLIGHT}, 1)"])
