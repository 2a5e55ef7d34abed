"""An attempt that has to stop: cancelled, late, of a worker that stops, or no longer the owner of its job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from forecast.errors import StopRequestedError
from forecast.jobs.lifecycle import Claim, cancel_job, fail_job, release_job
from forecast.jobs.quotas import JobLimits
from forecast.jobs.states import AttemptOutcome, FailureCode, JobKind, JobState
from forecast.store import utc_now
from forecast.study import Study
from tests.installation import Installation
from tests.waiting import wait_until
from tests.workers.made_up_runs import Result, files, forecast_of, result_of, runner
from workers.keeper import MOST_PER_BEAT_SECONDS, Keeper
from workers.runner import RunOutcome

ShouldStop = Callable[[], type[StopRequestedError] | None]


def wait_for_stop(seen: list[type[StopRequestedError]], before: Callable[[], object]) -> object:
    """A computation that does something and then goes on until it is stopped."""

    def compute(_study: Study, *, should_stop: ShouldStop, **_: Any) -> Result:
        before()
        reason = wait_until(should_stop, message="a reason to stop")
        seen.append(reason)
        raise reason("stopped")

    return compute


def test_a_cancelled_job_stops(installation: Installation, stopping: threading.Event) -> None:
    job_id = installation.submit()
    seen: list[type[StopRequestedError]] = []

    def cancel() -> None:
        with installation.database.write() as session:
            cancel_job(session, job_id)

    assert runner(installation, wait_for_stop(seen, cancel), stopping).run(job_id) is RunOutcome.STOPPED
    assert installation.state(job_id) is JobState.CANCELLED
    assert seen[0].code == "cancelled"


def test_a_cancelled_job_is_cancelled_even_if_the_computation_does_not_listen(
    installation: Installation, stopping: threading.Event
) -> None:
    job_id = installation.submit()

    def compute(study: Study, **_: Any) -> Result:
        with installation.database.write() as session:
            cancel_job(session, job_id)
        wait_until(lambda: installation.state(job_id) is JobState.CANCELLED, message="the cancellation")
        return result_of(study)

    assert runner(installation, compute, stopping).run(job_id) is RunOutcome.STOPPED
    assert forecast_of(installation, job_id) is None
    assert files(installation) == []


def test_a_job_past_its_deadline_fails(installation: Installation, stopping: threading.Event) -> None:
    job_id = installation.submit(limits=JobLimits(3, 0.2, 10))
    seen: list[type[StopRequestedError]] = []
    assert runner(installation, wait_for_stop(seen, lambda: None), stopping).run(job_id) is RunOutcome.STOPPED
    job = installation.job(job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, FailureCode.DEADLINE)


def test_a_stopping_worker_hands_its_job_back(installation: Installation, stopping: threading.Event) -> None:
    job_id = installation.submit()
    seen: list[type[StopRequestedError]] = []
    assert runner(installation, wait_for_stop(seen, stopping.set), stopping).run(job_id) is RunOutcome.STOPPED
    assert installation.state(job_id) is JobState.QUEUED
    assert installation.attempts(job_id)[0].outcome == AttemptOutcome.RELEASED


def test_a_stopping_worker_takes_no_job(installation: Installation, stopping: threading.Event) -> None:
    job_id = installation.submit()
    stopping.set()
    assert runner(installation, result_of, stopping).run(job_id) is RunOutcome.DROPPED
    assert installation.state(job_id) is JobState.QUEUED


def test_an_attempt_that_lost_its_lease_writes_nothing(installation: Installation, stopping: threading.Event) -> None:
    """As after a freeze: the job was given back, and another attempt has begun."""
    job_id = installation.submit()

    def lose_lease() -> None:
        row = installation.job(job_id)
        assert row.fence is not None
        with installation.database.write() as session:
            stolen = installation_claim(job_id, row.fence, row.digest)
            release_job(session, stolen)
        installation.claim(job_id, "other", utc_now())

    seen: list[type[StopRequestedError]] = []
    assert runner(installation, wait_for_stop(seen, lose_lease), stopping).run(job_id) is RunOutcome.STOPPED
    assert seen[0].code == "lease_lost"
    job = installation.job(job_id)
    assert (job.state, job.worker, job.attempt) == (JobState.RUNNING, "other", 2)


def installation_claim(job_id: str, fence: str, digest: str) -> Claim:
    return Claim(job_id, "default", 1, fence, digest, 1, "coin", None, 600.0, JobKind.FORECAST, None)


def test_an_attempt_that_has_ended_is_not_said_to_have_lost_its_lease(
    installation: Installation, stopping: threading.Event
) -> None:
    """Its row is no longer held, which the keeper may see before it is told to go."""
    settings = installation.settings.model_copy(update={"progress_seconds": 0.5})
    reported = {}
    for lingers in (False, True):
        claim = installation.claim(installation.submit(), now=utc_now())
        with capture_logs() as logs, Keeper(settings, installation.database, claim, stopping) as keeper:
            with installation.database.write() as session:
                fail_job(session, claim, FailureCode.INTERNAL, "made up")
            keeper.show({"stage": "store"})
            wait_until(keeper.stop_reason, message="the keeper to see it")
            if lingers:
                wait_until(lambda seen=logs: seen, message="a word about an attempt that should stop")  # type: ignore[misc]
        reported[lingers] = [line["event"] for line in logs]
    assert reported == {False: [], True: ["attempt_stops"]}


def test_time_in_which_its_process_was_stopped_is_no_time_of_an_attempt(
    installation: Installation, stopping: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr("workers.keeper.time", SimpleNamespace(monotonic=lambda: clock.seconds))
    keeper = Keeper(installation.settings, installation.database, installation.claim(installation.submit()), stopping)
    counted = []
    for passed in (1.0, 10.0, 50 * 3600.0, 1.0):
        clock.seconds += passed
        counted.append(keeper._count())
    assert counted == [1.0, 11.0, 11.0 + MOST_PER_BEAT_SECONDS, 12.0 + MOST_PER_BEAT_SECONDS]
