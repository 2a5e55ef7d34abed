"""Desks: a child does what may take long, within limits, for all workspaces in turn."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from api.desks import MOST_OF_WORKSPACE, Desk, DeskBusyError, DeskDefectError, OverBudgetError
from forecast.errors import FieldError, StudyError
from forecast.futures.query import InsufficientDrawsError
from tests.api import desk_tasks
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    made = Desk("tests", 100_000_000, 1.0)
    yield made
    made.end()


def test_what_a_child_gives_and_what_it_refuses_comes_back_as_it_was(desk: Desk) -> None:
    assert desk.submit("a", desk_tasks.double, 21).result(60) == 42
    with pytest.raises(StudyError) as refused:
        desk.submit("a", desk_tasks.refuse).result(60)
    assert refused.value.errors == (FieldError("outcomes", "bad", "wrong; expected right; correct it"),)
    with pytest.raises(InsufficientDrawsError, match="1 of 2 futures") as few:
        desk.submit("a", desk_tasks.too_few).result(60)
    assert (few.value.futures, few.value.total) == (1, 2)
    with pytest.raises(DeskDefectError, match="ZeroDivisionError"):
        desk.submit("a", desk_tasks.divide_by_zero).result(60)


@pytest.mark.parametrize(("task", "limit"), [(desk_tasks.spin, "CPU time"), (desk_tasks.hoard, "memory")])
def test_what_takes_more_than_it_may_is_refused_and_the_child_is_replaced(desk: Desk, task: Any, limit: str) -> None:
    before = desk.submit("a", os.getpid).result(60)
    with pytest.raises(OverBudgetError, match=limit):
        desk.submit("a", task).result(120)
    after = desk.submit("a", os.getpid).result(60)
    assert before != after
    assert after == desk.child_id


def test_a_child_that_is_killed_costs_its_task_and_nothing_else(desk: Desk) -> None:
    child = desk.submit("a", os.getpid).result(60)
    waiting = desk.submit("a", desk_tasks.wait_for_end)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(OverBudgetError):
        waiting.result(60)
    assert desk.submit("a", desk_tasks.double, 1).result(60) == 2


def test_workspaces_are_served_in_turn_and_one_has_so_many_places(desk: Desk) -> None:
    done: list[str] = []
    first = desk.submit("a", desk_tasks.wait_for_end)
    wait_until(first.running, 30, "the first to be done")
    futures: list[Future[Any]] = []
    for name in [f"a{number}" for number in range(MOST_OF_WORKSPACE)]:
        futures.append(desk.submit("a", desk_tasks.double, 1))
        futures[-1].add_done_callback(lambda _, name=name: done.append(name))
    with pytest.raises(DeskBusyError):
        desk.submit("a", desk_tasks.double, 1)
    futures.append(desk.submit("b", desk_tasks.double, 1))
    futures[-1].add_done_callback(lambda _: done.append("b0"))
    os.kill(desk.child_id or 0, signal.SIGKILL)
    with pytest.raises(OverBudgetError):
        first.result(60)
    for future in futures:
        future.result(60)
    wait_until(lambda: len(done) == MOST_OF_WORKSPACE + 1, 10)
    assert done.index("b0") <= 1, "the other workspace did not wait behind eight of the first"


def test_a_caller_that_stopped_waiting_costs_nothing(desk: Desk) -> None:
    first = desk.submit("a", desk_tasks.wait_for_end)
    wait_until(first.running, 30, "the first to be done")
    given_up = desk.submit("a", desk_tasks.spin)
    assert given_up.cancel()
    os.kill(desk.child_id or 0, signal.SIGKILL)
    assert desk.submit("a", desk_tasks.double, 2).result(60) == 4
    assert [thread.name for thread in threading.enumerate()].count("desk-tests") == 1
