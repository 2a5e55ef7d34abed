"""The moves of a job, each of which happens once or not at all."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from forecast.jobs.errors import JobFinishedError
from forecast.jobs.lifecycle import (
    Cancellation,
    Claim,
    Completion,
    Renewal,
    cancel_claimed,
    cancel_job,
    claim_job,
    complete_job,
    fail_job,
    record_progress,
    release_job,
    renew_lease,
)
from forecast.jobs.states import AttemptOutcome, FailureCode, JobState
from forecast.store import ForecastRepository, NotStoredError
from forecast.store.ids import new_id
from tests.coin import NOW
from tests.installation import LEASE_SECONDS, Installation, forecast_row

pytestmark = pytest.mark.both_databases


def complete(installation: Installation, claim: Claim) -> Completion:
    with installation.database.write() as session:
        return complete_job(session, claim, forecast_row(claim), {}, NOW)


def cancel(installation: Installation, job_id: str) -> Cancellation:
    with installation.database.write() as session:
        return cancel_job(session, job_id, NOW)


def forecasts(installation: Installation, job_id: str) -> int:
    with installation.database.read() as session:
        return int(ForecastRepository(session).of_job(job_id) is not None)


def test_a_claim_makes_the_job_running_with_a_lease_and_a_deadline(installation: Installation) -> None:
    job_id = installation.submit()
    claim = installation.claim(job_id)
    job = installation.job(job_id)
    assert (job.state, job.attempt, job.fence) == (JobState.RUNNING, 1, claim.fence)
    assert (job.lease_seconds, job.beats, job.computed_seconds) == (LEASE_SECONDS, 0, 0.0)
    assert job.deadline_seconds == 600


def test_second_delivery_of_a_claimed_job_changes_nothing(installation: Installation) -> None:
    job_id = installation.submit()
    claim = installation.claim(job_id)
    with installation.database.write() as session:
        assert claim_job(session, job_id, "other", LEASE_SECONDS, NOW) is None
    job = installation.job(job_id)
    assert (job.attempt, job.fence, job.worker) == (1, claim.fence, "host:1:2")


def test_of_many_workers_one_claims(installation: Installation) -> None:
    job_id = installation.submit()
    claims: list[Claim | None] = []

    def try_to_claim(number: int) -> None:
        with installation.database.write() as session:
            claims.append(claim_job(session, job_id, f"worker-{number}", LEASE_SECONDS, NOW))

    threads = [threading.Thread(target=try_to_claim, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 12
    assert sum(claim is not None for claim in claims) == 1


def test_a_message_about_a_job_that_does_not_exist_is_dropped(installation: Installation) -> None:
    with installation.database.write() as session:
        assert claim_job(session, new_id(), "worker", LEASE_SECONDS) is None


def test_completing_stores_the_forecast_and_ends_the_job(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    assert complete(installation, claim) is Completion.STORED
    job = installation.job(claim.job_id)
    assert (job.state, job.finished_at, job.lease_seconds) == (JobState.SUCCEEDED, NOW, None)
    assert [attempt.outcome for attempt in installation.attempts(claim.job_id)] == [AttemptOutcome.SUCCEEDED]
    assert forecasts(installation, claim.job_id) == 1


def test_a_result_is_stored_once(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    complete(installation, claim)
    assert complete(installation, claim) is Completion.LOST
    assert forecasts(installation, claim.job_id) == 1


@pytest.mark.parametrize("move", ["renew", "progress", "complete", "fail", "release", "cancel"])
def test_a_stale_fence_can_do_nothing(installation: Installation, move: str) -> None:
    """A worker that was frozen past its lease comes back while another attempt runs."""
    job_id = installation.submit()
    stale = installation.claim(job_id)
    with installation.database.write() as session:
        release_job(session, stale, NOW)
    current = installation.claim(job_id, "other")
    before = installation.job(job_id)
    with installation.database.write() as session:
        refused = {
            "renew": lambda: renew_lease(session, stale, 1.0) is Renewal.LOST,
            "progress": lambda: not record_progress(session, stale, {"stage": "sample"}),
            "complete": lambda: complete_job(session, stale, forecast_row(stale), {}, NOW) is Completion.LOST,
            "fail": lambda: not fail_job(session, stale, FailureCode.INTERNAL, "late", NOW),
            "release": lambda: not release_job(session, stale, NOW),
            "cancel": lambda: not cancel_claimed(session, stale, NOW),
        }[move]()
    assert refused
    after = installation.job(job_id)
    assert (after.state, after.fence, after.revision) == (JobState.RUNNING, current.fence, before.revision)
    assert complete(installation, current) is Completion.STORED


def test_a_renewal_raises_the_counter_and_says_what_was_computed(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    for seconds in (10.0, 20.5):
        with installation.database.write() as session:
            assert renew_lease(session, claim, seconds) is Renewal.RENEWED
    job = installation.job(claim.job_id)
    assert (job.beats, job.computed_seconds) == (2, 20.5)
    with installation.database.write() as session:
        release_job(session, claim, NOW)
    job = installation.job(claim.job_id)
    assert (job.beats, job.computed_seconds, job.lease_seconds) == (0, 0.0, None)


def test_progress_is_seen_by_watchers_and_renewals_are_not(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    before = installation.job(claim.job_id).revision
    with installation.database.write() as session:
        renew_lease(session, claim, 1.0)
    assert installation.job(claim.job_id).revision == before
    with installation.database.write() as session:
        assert record_progress(session, claim, {"stage": "sample", "draws_done": 5})
    job = installation.job(claim.job_id)
    assert job.progress == {"stage": "sample", "draws_done": 5}
    assert job.revision == before + 1


def test_a_waiting_job_is_cancelled_at_once(installation: Installation) -> None:
    job_id = installation.submit()
    assert cancel(installation, job_id) is Cancellation.CANCELLED
    assert installation.state(job_id) is JobState.CANCELLED
    with installation.database.write() as session:
        assert claim_job(session, job_id, "worker", LEASE_SECONDS) is None


def test_a_running_job_learns_of_its_cancellation_when_it_renews(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    assert cancel(installation, claim.job_id) is Cancellation.REQUESTED
    assert installation.state(claim.job_id) is JobState.RUNNING
    with installation.database.write() as session:
        assert renew_lease(session, claim, 1.0) is Renewal.CANCEL_REQUESTED
        assert cancel_claimed(session, claim, NOW)
    assert installation.state(claim.job_id) is JobState.CANCELLED


@pytest.mark.parametrize("move", ["complete", "fail", "release"])
def test_a_cancellation_goes_before_everything_that_comes_after_it(installation: Installation, move: str) -> None:
    claim = installation.claim(installation.submit())
    cancel(installation, claim.job_id)
    with installation.database.write() as session:
        if move == "complete":
            assert complete_job(session, claim, forecast_row(claim), {}, NOW) is Completion.CANCELLED
        elif move == "fail":
            fail_job(session, claim, FailureCode.MODEL_ERROR, "too late", NOW)
        else:
            release_job(session, claim, NOW)
    job = installation.job(claim.job_id)
    assert (job.state, job.error_code) == (JobState.CANCELLED, None)
    assert forecasts(installation, claim.job_id) == 0


def test_cancelling_twice_is_cancelling_once(installation: Installation) -> None:
    waiting, running = installation.submit(), installation.submit()
    installation.claim(running)
    assert [cancel(installation, waiting) for _ in range(2)] == [Cancellation.CANCELLED] * 2
    assert [cancel(installation, running) for _ in range(2)] == [Cancellation.REQUESTED] * 2
    assert installation.events(running).count("cancel_requested") == 1


def test_an_ended_job_cannot_be_cancelled(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    complete(installation, claim)
    with pytest.raises(JobFinishedError, match="succeeded"):
        cancel(installation, claim.job_id)


def test_an_unknown_job_cannot_be_cancelled(installation: Installation) -> None:
    with pytest.raises(NotStoredError):
        cancel(installation, new_id())


def test_a_failed_job_says_why(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    with installation.database.write() as session:
        assert fail_job(session, claim, FailureCode.DATA_ERROR, "x" * 10_000, NOW)
    job = installation.job(claim.job_id)
    assert (job.state, job.error_code) == (JobState.FAILED, FailureCode.DATA_ERROR)
    assert job.error_detail is not None
    assert len(job.error_detail) == 4000


def test_a_released_job_waits_again_and_its_attempt_does_not_count(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    with installation.database.write() as session:
        assert release_job(session, claim, NOW)
    job = installation.job(claim.job_id)
    assert (job.state, job.attempt, job.max_attempts) == (JobState.QUEUED, 1, 4)
    assert (job.dispatched_at, job.worker, job.progress) == (None, None, None)
    assert [attempt.outcome for attempt in installation.attempts(claim.job_id)] == [AttemptOutcome.RELEASED]


def test_every_move_leaves_an_event(installation: Installation) -> None:
    job_id = installation.submit()
    with installation.database.write() as session:
        release_job(session, installation_claim := claim_job(session, job_id, "w", 30.0, NOW), NOW)  # type: ignore[arg-type]
    assert installation_claim is not None
    complete(installation, installation.claim(job_id))
    assert installation.events(job_id) == ["queued", "claimed", "released", "claimed", "succeeded"]


def test_each_claim_has_a_fence_of_its_own(installation: Installation) -> None:
    first = installation.claim(installation.submit())
    second = installation.claim(installation.submit())
    assert first.fence != second.fence
    assert complete(installation, replace(first, fence=second.fence)) is Completion.LOST
