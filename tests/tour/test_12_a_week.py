"""A study lives on: it is forecast every morning at six, and what has not changed is skipped.

In between a count is corrected, a source brings a new one, an expert speaks, and the study itself is changed. Here that
happens on the whole service, with a clock that is moved. It is a small study and a week; at full size it is a month.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.stack import Stack
from tests.suite.sizes import FULL_SIZE, sized
from tests.tour.week import PLAN, START, Life, lived, numbers_of

pytestmark = [pytest.mark.stack, pytest.mark.timeout(5400 if FULL_SIZE else 600)]


@pytest.fixture(scope="module")
def life(stack: Stack) -> Iterator[Life]:
    with lived(stack) as found:
        yield found


def test_1_every_morning_was_dealt_with_and_only_those_with_news_have_a_forecast(life: Life) -> None:
    due = [datetime.fromisoformat(run["due_at"]) for run in life.runs]
    assert due == [START.replace(hour=6) + timedelta(days=day) for day in range(1, PLAN.days + 1)]
    made = [at.date().isoformat() for at, run in zip(due, life.runs, strict=True) if run["status"] == "job"]
    assert made == list(PLAN.forecast_on)
    skipped = [run for run in life.runs if run["status"] != "job"]
    assert {run["status"] for run in skipped} == {"skipped"}
    assert all("nothing has changed" in run["reason"] for run in skipped)
    assert [entry.as_of.isoformat() for entry in life.history] == made
    assert [run["job_id"] for run in life.runs if run["job_id"]] == [entry.job_id for entry in life.history]


def test_2_each_forecast_says_why_it_differs(life: Life) -> None:
    causes = [
        None if entry.triage is None else [step.cause for step in entry.triage.steps if step.changed]
        for entry in life.history
    ]
    assert causes == [
        None,
        ["clock", "data"],  # a count was corrected
        ["clock", "world"],  # the month is over, and the source had its count
        ["clock", "world"],  # an expert spoke
        ["method", "clock"],  # another prior
    ]
    for entry in life.history[1:]:
        assert entry.triage is not None
        for outcome, move in entry.outcomes.items():
            shares = [step.outcomes[outcome].change for step in entry.triage.steps]
            assert sum(shares) == pytest.approx(move.log_odds_change, abs=1e-9)


def test_3_subscribers_were_told_of_moves_beyond_their_noise_and_of_no_others(life: Life) -> None:
    moved = {
        (entry.forecast_id, name)
        for entry in life.history
        for name, move in {**entry.outcomes, **entry.scenarios}.items()
        if move.beyond_noise and move.change is not None and abs(move.change) >= 0.001
    }
    assert life.told == moved
    assert moved, "days on which nothing moved would test nothing"
    assert len(life.alerts) == len(life.told)


@pytest.mark.parametrize("index", sized(range(5), (1, 4)))
def test_4_each_can_be_computed_again_from_the_store_alone(life: Life, index: int) -> None:
    first, second = life.compute_again(index)
    assert first.forecast_id != second.forecast_id
    assert numbers_of(first) == numbers_of(second)
