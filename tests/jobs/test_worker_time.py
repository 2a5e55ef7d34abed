"""The time in which there were workers: what it counts, and what not."""

from __future__ import annotations

import pytest

from forecast.jobs.worker_time import (
    FORGOTTEN_SECONDS,
    MOST_PER_STEP_SECONDS,
    STEP_SECONDS,
    THERE_SECONDS,
    WorkerTime,
)
from forecast.store import ClockRepository
from tests.installation import Installation

pytestmark = pytest.mark.both_databases


class Dispatchers:
    """Some, whose monotonic clock a test moves."""

    def __init__(self, installation: Installation, count: int = 1) -> None:
        self._installation = installation
        self.seconds = 0.0
        self.all = [WorkerTime(installation.database, lambda: self.seconds) for _ in range(count)]

    def look(self, after: float = STEP_SECONDS) -> float:
        """What the time of workers is when all have looked again."""
        self.seconds += after
        for one in self.all:
            one.look()
        with self._installation.database.read() as session:
            return ClockRepository(session).worker_seconds()


def beat(installation: Installation, role: str = "worker") -> None:
    with installation.database.write() as session:
        ClockRepository(session).leave_sign(role, "host:1", None)


def test_it_advances_while_the_counter_of_a_worker_moves(installation: Installation) -> None:
    dispatchers, found = Dispatchers(installation), []
    for _ in range(5):
        beat(installation)
        found.append(dispatchers.look())
    assert found == [0.0, 10.0, 20.0, 30.0, 40.0], "the first look knows nothing yet"


def test_it_stands_still_without_workers_and_forgets_who_is_gone(installation: Installation) -> None:
    dispatchers = Dispatchers(installation)
    for _ in range(3):
        beat(installation)
        stood = dispatchers.look()
    for _ in range(int(THERE_SECONDS // STEP_SECONDS)):
        stood = dispatchers.look()
    for _ in range(int(FORGOTTEN_SECONDS // STEP_SECONDS)):
        assert dispatchers.look() == stood
    with installation.database.read() as session:
        assert ClockRepository(session).signs() == ()


def test_callers_are_no_workers(installation: Installation) -> None:
    dispatchers = Dispatchers(installation)
    for _ in range(4):
        beat(installation, "caller")
        assert dispatchers.look() == 0.0


def test_a_dispatcher_that_was_stopped_counts_next_to_nothing(installation: Installation) -> None:
    dispatchers = Dispatchers(installation)
    for _ in range(2):
        beat(installation)
        before = dispatchers.look()
    beat(installation)
    assert dispatchers.look(after=50 * 3600.0) <= before + MOST_PER_STEP_SECONDS


def test_many_dispatchers_advance_it_as_one(installation: Installation) -> None:
    dispatchers, found = Dispatchers(installation, count=3), 0.0
    for _ in range(7):
        beat(installation)
        found = dispatchers.look()
    assert 0.0 < found <= 6 * STEP_SECONDS
