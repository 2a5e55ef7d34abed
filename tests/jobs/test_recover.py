"""What the dispatcher sets right."""

from __future__ import annotations

from datetime import timedelta

import pytest

from forecast.jobs.lifecycle import cancel_job, renew_lease
from forecast.jobs.recover import (
    DEADLINE_GRACE_SECONDS,
    enforce_deadlines,
    enforce_queue_age,
    expire_leases,
    lose_attempt,
)
from forecast.jobs.states import AttemptOutcome, FailureCode, JobState
from tests.coin import NOW
from tests.installation import LEASE_SECONDS, Installation

pytestmark = pytest.mark.both_databases

AFTER_LEASE = NOW + timedelta(seconds=LEASE_SECONDS + 1)


def expire(installation: Installation, now: object = AFTER_LEASE) -> list[str]:
    with installation.database.write() as session:
        return expire_leases(session, now)  # type: ignore[arg-type]


def test_a_job_whose_worker_fell_silent_waits_again(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    assert expire(installation) == [claim.job_id]
    job = installation.job(claim.job_id)
    assert (job.state, job.attempt, job.fence, job.dispatched_at) == (JobState.QUEUED, 1, None, None)
    assert installation.attempts(claim.job_id)[0].outcome == AttemptOutcome.LOST


def test_a_renewed_lease_does_not_expire(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    with installation.database.write() as session:
        renew_lease(session, claim, LEASE_SECONDS, NOW + timedelta(seconds=20))
    assert expire(installation) == []


def test_expiring_twice_expires_once(installation: Installation) -> None:
    installation.claim(installation.submit())
    assert len(expire(installation)) == 1
    assert expire(installation) == []


def test_after_the_last_attempt_the_job_fails_and_names_each_end(installation: Installation) -> None:
    job_id = installation.submit()
    for attempt in range(3):
        installation.claim(job_id, f"host:1:{attempt}")
        assert expire(installation) == [job_id]
    job = installation.job(job_id)
    assert (job.state, job.error_code, job.attempt) == (JobState.FAILED, FailureCode.WORKER_LOST, 3)
    assert job.error_detail is not None
    for attempt in range(3):
        assert f"host:1:{attempt}" in job.error_detail


def test_a_silent_job_that_was_to_be_cancelled_is_cancelled(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    with installation.database.write() as session:
        cancel_job(session, claim.job_id, NOW)
    expire(installation)
    assert installation.state(claim.job_id) is JobState.CANCELLED


def test_a_job_of_a_worker_known_to_be_dead_waits_again_at_once(installation: Installation) -> None:
    claim = installation.claim(installation.submit(), "host:1:2")
    with installation.database.write() as session:
        assert not lose_attempt(session, claim.job_id, "host:1:3", NOW)
        assert lose_attempt(session, claim.job_id, "host:1:2", NOW)
    assert installation.state(claim.job_id) is JobState.QUEUED


def test_an_attempt_past_its_deadline_fails_even_if_it_goes_on(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    at_deadline = NOW + timedelta(seconds=600)
    with installation.database.write() as session:
        renew_lease(session, claim, 10_000.0, NOW)
        assert enforce_deadlines(session, at_deadline) == []
        late = at_deadline + timedelta(seconds=DEADLINE_GRACE_SECONDS + 1)
        assert enforce_deadlines(session, late) == [claim.job_id]
    job = installation.job(claim.job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, FailureCode.DEADLINE)


def test_a_job_that_nobody_claims_in_time_fails(installation: Installation) -> None:
    job_id = installation.submit()
    with installation.database.write() as session:
        assert enforce_queue_age(session, 60.0, NOW + timedelta(seconds=59)) == []
        assert enforce_queue_age(session, 60.0, NOW + timedelta(seconds=61)) == [job_id]
    assert installation.job(job_id).error_code == FailureCode.QUEUE_TIMEOUT


def test_waiting_again_starts_the_clock_again(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    expire(installation)
    with installation.database.write() as session:
        assert enforce_queue_age(session, 60.0, AFTER_LEASE + timedelta(seconds=59)) == []
    assert installation.state(claim.job_id) is JobState.QUEUED
