"""What happens to a job when the processes that run it die, are stopped, or are asked to stop."""

from __future__ import annotations

import os
import signal

import pytest
from sqlalchemy import select, update

from forecast.jobs.states import AttemptOutcome, FailureCode, JobState
from forecast.jobs.view import JobView
from forecast.queue.publish import Publisher
from forecast.store import Database, ForecastRepository
from forecast.store.tables.core import ForecastRow, JobRow
from tests.coin import QUICK, coin_document, long_document
from tests.stack import Stack, running_stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.fault]


def submit(stack: Stack) -> str:
    with stack.client as client:
        return client.submit(document=coin_document(sampler=QUICK)).id


def forecasts_of(stack: Stack, job_id: str) -> list[str]:
    database = Database(stack.settings.database)
    try:
        with database.read() as session:
            rows = session.scalars(select(ForecastRow).where(ForecastRow.job_id == job_id)).all()
            assert {row.artifact_path for row in rows} <= ForecastRepository(session).artifact_paths()
    finally:
        database.dispose()
    return [row.id for row in rows]


def assert_succeeded_once(stack: Stack, job: JobView) -> None:
    assert job.state is JobState.SUCCEEDED, (job.error, stack.logs())
    assert forecasts_of(stack, job.id) == [job.forecast_id]


def outcomes(job: JobView) -> list[AttemptOutcome | None]:
    return [attempt.outcome for attempt in job.attempts]


def test_a_killed_child_costs_an_attempt_and_the_job_succeeds_once(stack: Stack) -> None:
    with stack.held():
        job_id = submit(stack)
        stack.wait_for_sampling(job_id)
        os.kill(stack.child_of_job(job_id), signal.SIGKILL)
    job = stack.wait_for_end(job_id)
    assert_succeeded_once(stack, job)
    assert outcomes(job) == [AttemptOutcome.LOST, AttemptOutcome.SUCCEEDED]


def test_a_frozen_child_loses_its_lease_and_its_late_result_is_refused(stack: Stack) -> None:
    with stack.held():
        job_id = submit(stack)
        stack.wait_for_sampling(job_id)
        child = stack.child_of_job(job_id)
        os.kill(child, signal.SIGSTOP)
    try:
        stack.clock.advance(stack.settings.lease_seconds + 1)
        wait_until(lambda: stack.job_row(job_id).state == JobState.QUEUED, 60, "the lease to expire")
    finally:
        os.kill(child, signal.SIGCONT)
    job = stack.wait_for_end(job_id)
    assert_succeeded_once(stack, job)
    assert job.attempts[0].outcome is AttemptOutcome.LOST


def test_a_killed_worker_is_started_again_and_the_job_succeeds_once(stack: Stack) -> None:
    with stack.held():
        job_id = submit(stack)
        stack.wait_for_sampling(job_id)
        os.kill(stack.process("workers.worker"), signal.SIGKILL)
    job = stack.wait_for_end(job_id)
    assert_succeeded_once(stack, job)
    assert job.attempt == 2


def test_a_stopped_worker_hands_its_job_back_and_the_attempt_does_not_count(stack: Stack) -> None:
    with stack.held():
        job_id = submit(stack)
        stack.wait_for_sampling(job_id)
        fence = stack.job_row(job_id).fence
        os.killpg(stack.process("workers.worker"), signal.SIGTERM)
        wait_until(lambda: stack.job_row(job_id).fence != fence, 60, "the job to be handed back")
    job = stack.wait_for_end(job_id)
    assert_succeeded_once(stack, job)
    assert outcomes(job) == [AttemptOutcome.RELEASED, AttemptOutcome.SUCCEEDED]
    assert job.max_attempts == 4


def test_a_second_message_about_a_running_job_changes_nothing(stack: Stack) -> None:
    with stack.held():
        job_id = submit(stack)
        stack.wait_for_sampling(job_id)
        publisher = Publisher(stack.settings.broker_url, Database(stack.settings.database))
        publisher.publish_job(job_id)
        publisher.close()
    job = stack.wait_for_end(job_id)
    # A job behind it shows that the second message was taken from the queue.
    stack.wait_for_end(submit(stack))
    assert_succeeded_once(stack, job)
    assert stack.job_row(job_id).attempt == 1


def test_a_job_is_cancelled_while_it_samples_and_does_not_keep_the_worker(stack: Stack) -> None:
    """It would sample for minutes: an end within the time that one waits is that of the cancellation."""
    with stack.client as client:
        job_id = client.submit(document=long_document(sampler={"draws": 20_000, "tune": 5000, "seed": 7})).id
        stack.wait_for_sampling(job_id)
        client.cancel(job_id)
    job = stack.wait_for_end(job_id)
    assert job.state is JobState.CANCELLED
    assert forecasts_of(stack, job_id) == []
    after = stack.wait_for_end(submit(stack))
    assert_succeeded_once(stack, after)


def test_ctrl_c_never_makes_a_truncated_posterior(stack: Stack) -> None:
    """The sampler would return early on SIGINT; the child ignores it."""
    with stack.client as client:
        job_id = client.submit(document=long_document()).id
    stack.wait_for_sampling(job_id)
    os.kill(stack.child_of_job(job_id), signal.SIGINT)
    job = stack.wait_for_end(job_id)
    assert_succeeded_once(stack, job)
    assert job.attempt == 1


def test_a_job_past_its_deadline_fails(stack: Stack) -> None:
    database = Database(stack.settings.database)
    with stack.held():
        job_id = submit(stack)
        stack.wait_for_sampling(job_id)
        with database.write() as session:
            # By its worker's settings, it has an hour.
            session.execute(update(JobRow).where(JobRow.id == job_id).values(deadline_seconds=-60.0))
        job = stack.wait_for_end(job_id)
    database.dispose()
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error.code is FailureCode.DEADLINE
    assert forecasts_of(stack, job_id) == []


def test_a_job_that_kills_its_process_every_time_fails_after_its_attempts_and_others_still_run(stack: Stack) -> None:
    """Whatever runs it is killed as soon as it samples, as by a study that brings the sampler down."""
    killed: list[int] = []
    with stack.held():
        poison = submit(stack)
        for _ in range(stack.settings.max_attempts):
            stack.wait_for_sampling(poison)
            child = stack.child_of_job(poison)
            assert child not in killed
            os.kill(child, signal.SIGKILL)
            killed.append(child)
            wait_until(lambda: stack.job_row(poison).fence is None, 60, "the attempt to be given up")
    job = stack.wait_for_end(poison)
    assert (job.state, job.attempt) == (JobState.FAILED, 3)
    assert job.error is not None
    assert job.error.code is FailureCode.WORKER_LOST
    assert all(f":{child} fell silent" in job.error.detail for child in killed), job.error.detail
    assert forecasts_of(stack, poison) == []
    assert_succeeded_once(stack, stack.wait_for_end(submit(stack)))


def test_a_sampler_that_ends_its_process_for_want_of_memory_is_not_asked_again(stack: Stack) -> None:
    """Rust and C++ abort when they get no memory; an exception never comes.

    On a busy machine the lease may run out before the worker has noticed; then the next attempt aborts as well.
    """

    def has_ended() -> bool:
        row = stack.job_row(job_id)
        if row.state == JobState.RUNNING and row.fence not in aborted and (row.progress or {}).get("draws_done"):
            aborted.append(row.fence)
            os.kill(stack.child_of_job(job_id), signal.SIGABRT)
        return JobState(row.state).is_terminal

    aborted: list[str | None] = []
    with stack.held():
        job_id = submit(stack)
        wait_until(has_ended, 240, lambda: f"the job to end:\n{stack.logs()}")
    job = stack.wait_for_end(job_id)
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error.code is FailureCode.MEMORY_LIMIT
    assert "SIGABRT" in job.error.detail
    assert_succeeded_once(stack, stack.wait_for_end(submit(stack)))


def test_a_job_beyond_its_memory_fails_and_the_next_one_runs() -> None:
    """The program alone takes some 450 MB; the futures of two dozen outcomes would take as much again."""
    large = coin_document(sampler={"draws": 1000, "tune": 100, "chains": 4, "seed": 7, "futures_per_draw": 200})
    large["outcomes"] = [{**large["outcomes"][0], "id": f"heads_{number}"} for number in range(24)]
    with running_stack(job_memory_bytes=750_000_000) as stack:
        assert_succeeded_once(stack, stack.wait_for_end(submit(stack)))
        worker = stack.process("workers.worker")
        with stack.client as client:
            job = stack.wait_for_end(client.submit(document=large).id)
        assert job.error is not None, job
        assert job.error.code is FailureCode.MEMORY_LIMIT
        assert forecasts_of(stack, job.id) == []
        assert_succeeded_once(stack, stack.wait_for_end(submit(stack)))
        assert stack.process("workers.worker") == worker
