"""What the dispatcher sets right."""

from __future__ import annotations

import copy
from datetime import timedelta

import pytest

from forecast.jobs.lifecycle import Renewal, cancel_job, renew_lease
from forecast.jobs.recover import (
    DEADLINE_GRACE_SECONDS,
    enforce_deadlines,
    enforce_queue_age,
    lose_attempt,
)
from forecast.jobs.states import AttemptOutcome, FailureCode, JobState
from forecast.store import ClockRepository, JobRepository
from tests.coin import NOW
from tests.installation import LEASE_SECONDS, Installation
from tests.leases import Watcher, see_a_lease_pass

pytestmark = pytest.mark.both_databases

expire = see_a_lease_pass


def let_workers_be_there(installation: Installation, seconds: float) -> None:
    """Add to the time in which there were workers."""
    with installation.database.write() as session:
        clocks = ClockRepository(session)
        assert clocks.advance_worker_seconds(clocks.worker_seconds(), seconds)


def test_a_job_whose_worker_fell_silent_waits_again(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    assert expire(installation) == [claim.job_id]
    job = installation.job(claim.job_id)
    assert (job.state, job.attempt, job.fence, job.dispatched_at) == (JobState.QUEUED, 1, None, None)
    assert installation.attempts(claim.job_id)[0].outcome == AttemptOutcome.LOST


def test_a_renewed_lease_does_not_expire(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    watcher = Watcher(installation)
    for _ in range(12):
        assert watcher.look(after=LEASE_SECONDS / 3) == []
        with installation.database.write() as session:
            renew_lease(session, claim, 1.0)


def test_a_standstill_shorter_than_the_lease_is_forgiven(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    watcher = Watcher(installation)
    watcher.look()
    for _ in range(3):
        assert [watcher.look(after=LEASE_SECONDS * 0.3) for _ in range(3)] == [[], [], []]
        with installation.database.write() as session:
            renew_lease(session, claim, 1.0)
        assert watcher.look(after=LEASE_SECONDS * 0.3) == []


def test_a_watcher_that_was_itself_stopped_takes_no_job(installation: Installation) -> None:
    """All of a machine was asleep, or the watcher alone: the attempt has its chance to renew before it is judged."""
    claim = installation.claim(installation.submit())
    watcher = Watcher(installation)
    watcher.look()
    assert watcher.look(after=50 * 3600.0) == []
    assert watcher.look(after=50 * 3600.0) == []
    with installation.database.write() as session:
        assert renew_lease(session, claim, 1.0) is Renewal.RENEWED
    assert watcher.look(after=50 * 3600.0) == []
    assert installation.state(claim.job_id) is JobState.RUNNING


def test_a_watcher_that_looks_rarely_takes_a_silent_job_at_last(installation: Installation) -> None:
    job_id = installation.submit()
    installation.claim(job_id)
    watcher = Watcher(installation)
    assert [watcher.look(after=1000.0) for _ in range(4)] == [[], [], [], [job_id]]


def test_a_renewal_between_the_look_and_the_expiry_keeps_the_job(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a database that lets both begin, the expiry asks for the counter that was seen."""
    claim = installation.claim(installation.submit())
    watcher = Watcher(installation)
    watcher.look()
    watcher.look(after=LEASE_SECONDS)
    watcher.look(after=LEASE_SECONDS)
    seen = copy.copy(installation.job(claim.job_id))
    with installation.database.write() as session:
        renew_lease(session, claim, 1.0)
    monkeypatch.setattr(JobRepository, "running", lambda _: (seen,))
    assert watcher.look(after=LEASE_SECONDS) == []
    monkeypatch.undo()
    assert installation.job(claim.job_id).fence == claim.fence


def test_two_watchers_at_the_end_of_a_lease_take_a_job_once(installation: Installation) -> None:
    installation.claim(installation.submit())
    one, other = Watcher(installation), Watcher(installation)
    for _ in range(3):
        one.look(after=LEASE_SECONDS / 3)
        other.look(after=LEASE_SECONDS / 3)
    assert [len(one.look(after=LEASE_SECONDS / 3)), len(other.look(after=LEASE_SECONDS / 3))] == [1, 0]


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
    much_later = NOW + timedelta(days=30)
    with installation.database.write() as session:
        renew_lease(session, claim, 600.0)
        assert enforce_deadlines(session, much_later) == [], "what counts is what it has computed"
        renew_lease(session, claim, 600.0 + DEADLINE_GRACE_SECONDS + 1)
        assert enforce_deadlines(session, NOW) == [claim.job_id]
    job = installation.job(claim.job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, FailureCode.DEADLINE)


def test_a_job_that_is_not_claimed_in_time_fails(installation: Installation) -> None:
    job_id = installation.submit()
    let_workers_be_there(installation, 59.0)
    with installation.database.write() as session:
        assert enforce_queue_age(session, 60.0, NOW + timedelta(days=30)) == [], "no workers were there meanwhile"
    let_workers_be_there(installation, 2.0)
    with installation.database.write() as session:
        assert enforce_queue_age(session, 60.0, NOW) == [job_id]
    assert installation.job(job_id).error_code == FailureCode.QUEUE_TIMEOUT


def test_waiting_again_starts_the_clock_again(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    let_workers_be_there(installation, 59.0)
    expire(installation)
    let_workers_be_there(installation, 59.0)
    with installation.database.write() as session:
        assert enforce_queue_age(session, 60.0, NOW) == []
    assert installation.state(claim.job_id) is JobState.QUEUED
