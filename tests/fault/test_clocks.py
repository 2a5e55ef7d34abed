"""Wall clocks that are set while the service runs, PostgreSQL's included: jobs do not notice, due times wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, update

from forecast.jobs.states import JobState
from forecast.runtime.clock import host_name
from forecast.store import ClockRepository, Database, utc_now
from forecast.store.tables.core import DrawingRow, ForecastRow, JobRow
from forecast.store.tables.living import OccurrenceRow
from tests.coin import QUICK, coin_document
from tests.set_clocks import POSTGRESQL, ClockStack, clock_stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.program]

HOUR, DAY, MONTH = 3600.0, 86_400.0, 30 * 86_400.0
STEPS = (HOUR, 25 * HOUR, -HOUR, MONTH)


class Service:
    """A service with set clocks, and what a test asks of its database."""

    def __init__(self, stack: ClockStack, database: Database) -> None:
        self.stack = stack
        self.database = database

    def submit(self) -> str:
        with self.stack.client as client:
            return client.submit(document=coin_document(sampler=QUICK)).id

    def assert_succeeded_at_once(self, job_id: str, attempts: int = 1) -> None:
        """It has ended well, without an attempt more than that, and with one result."""
        job = self.stack.wait_for_end(job_id)
        assert job.state is JobState.SUCCEEDED, (job, self.stack.logs())
        assert job.attempt <= attempts, (job, self.stack.logs())
        assert self.count(ForecastRow, ForecastRow.job_id == job_id) == 1

    def count(self, row: type, *guards: object) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(row).where(*guards)) or 0  # type: ignore[arg-type]

    def wait_for_hold(self, jump: float) -> None:
        """Until a process has noticed that the clock of this machine has jumped so far."""

        def is_held() -> bool:
            with self.database.read() as session:
                row = ClockRepository(session).host_clock()
            return row is not None and row.held_until is not None and abs((row.jump_seconds or 0.0) - jump) < 30.0

        wait_until(is_held, 60, lambda: f"a jump of {jump:g} s to be noticed:\n{self.stack.logs()}")

    def wait_for_renewals(self, job_id: str, count: int) -> None:
        seen = self.stack.job_row(job_id).beats
        wait_until(lambda: self.stack.job_row(job_id).beats >= seen + count, 60, "renewals")

    def run(self, *words: str) -> str:
        """What a command says whose clock is the service's."""
        command = [sys.executable, "-m", "forecast.cli", *words]
        found = subprocess.run(command, env=self.stack.environment, capture_output=True, text=True, check=False)
        return found.stdout + found.stderr

    @contextmanager
    def stopped(self, part: str) -> Iterator[None]:
        """One process meanwhile does nothing."""
        pid = self.stack.process(part)
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def service(*, on_postgresql: bool) -> Iterator[Service]:
    with clock_stack(on_postgresql=on_postgresql, keep_draws_days=1.0) as stack:
        database = Database(stack.settings.database)
        try:
            yield Service(stack, database)
        finally:
            database.dispose()


def test_clocks_that_are_set_cost_no_attempt_fire_nothing_and_remove_nothing() -> None:
    with service(on_postgresql=True) as found:
        stack, clocks = found.stack, found.stack.clocks
        with stack.client as client:
            client.put_study("coin", coin_document(sampler=QUICK))
            client.request("POST", "/v1/schedules", json={"study": "coin", "cron": "0 6 * * *", "catch_up": "all"})
        for _ in range(2):
            found.assert_succeeded_at_once(found.submit())
        with found.database.write() as session:
            # Only what has been drawn may go.
            session.execute(update(DrawingRow).values(drawn_at=utc_now()))
        with stack.held():
            job_id = found.submit()
            stack.wait_for_sampling(job_id)
            clocks.step(HOUR)
            found.wait_for_hold(HOUR)
        found.assert_succeeded_at_once(job_id)
        with found.stopped("workers.worker"):
            job_id = found.submit()
            clocks.step(MONTH)
            found.wait_for_hold(MONTH - HOUR)
            # The next one looks at what may be removed as soon as it is there.
            os.kill(stack.process("workers.dispatcher"), signal.SIGKILL)
            wait_until(lambda: found.count(JobRow, JobRow.dispatches > 1), 60, "the next dispatcher to look")
        found.assert_succeeded_at_once(job_id)
        assert found.count(OccurrenceRow) == 0, "days that have not come"
        assert found.count(ForecastRow, ForecastRow.draws_removed_at.is_not(None)) == 0
        with stack.held():
            job_id = found.submit()
            stack.wait_for_sampling(job_id)
            clocks.step(MONTH + 600.0, "worker")
            expected = f"the clock of {host_name()} (worker) is +600 s off"
            with stack.client as client:
                wait_until(lambda: expected in str(client.readiness()["clock"]), 60, lambda: str(client.readiness()))
            assert expected in found.run("doctor").replace("\n", " ")
        found.assert_succeeded_at_once(job_id)
        clocks.step(MONTH, "worker")
        assert host_name() in found.run("clock", "confirm")
        wait_until(lambda: found.count(OccurrenceRow) > 0, 60, "the schedule to fire, now that the month is true")
        removed = ForecastRow.draws_removed_at.is_not(None)
        wait_until(lambda: found.count(ForecastRow, removed) > 0, 60, "old draws to be removed")


@pytest.mark.soak
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_any_step_of_any_clock_at_any_moment_of_a_job_costs_no_attempt(database: str) -> None:
    with service(on_postgresql=database == "postgresql") as found:
        stack, clocks = found.stack, found.stack.clocks
        with stack.client as client:
            client.put_study("coin", coin_document(sampler=QUICK))
            client.request("POST", "/v1/schedules", json={"study": "coin", "cron": "0 6 * * *", "catch_up": "all"})
        found.assert_succeeded_at_once(found.submit())
        alone = ("worker", "dispatcher", "caller", "api", *((POSTGRESQL,) if database == "postgresql" else ()))
        for step in STEPS:
            for roles in ((), *((role,) for role in alone)):
                with found.stopped("workers.worker"):
                    waiting = found.submit()
                    clocks.step(step, *roles)
                found.assert_succeeded_at_once(waiting)
                clocks.step(0.0)
                for having in ("stage", "draws_done"):
                    with stack.held(having=having):
                        job_id = found.submit()
                        found.wait_for_renewals(job_id, 1)
                        clocks.step(step, *roles)
                        # As long as it takes to look a few times.
                        found.wait_for_renewals(job_id, 5)
                    found.assert_succeeded_at_once(job_id)
                    clocks.step(0.0)
                assert found.count(OccurrenceRow) == 0, (step, roles)
        assert found.count(ForecastRow, ForecastRow.draws_removed_at.is_not(None)) == 0
        assert found.count(ForecastRow) == found.count(JobRow)


@pytest.mark.soak
@pytest.mark.parametrize("part", ["workers.dispatcher", "workers.worker", "-m api ", "spawn_main"])
def test_a_process_that_is_stopped_beyond_a_lease_costs_an_attempt_of_its_own_job_at_most(part: str) -> None:
    with service(on_postgresql=False) as found:
        found.assert_succeeded_at_once(found.submit())
        with found.stack.held():
            job_id = found.submit()
            found.stack.wait_for_sampling(job_id)
            pid = found.stack.child_of_job(job_id) if part == "spawn_main" else found.stack.process(part)
            os.kill(pid, signal.SIGSTOP)
            subprocess.run(["sleep", str(3 * found.stack.settings.lease_seconds)], check=True)
            os.kill(pid, signal.SIGCONT)
        found.assert_succeeded_at_once(job_id, attempts=2 if part == "spawn_main" else 1)
