"""Jobs that explain a forecast: accepted with the forecast's own document and seed, settled as every other job."""

from __future__ import annotations

import threading

import pytest

from forecast.jobs.errors import BacklogFullError, ForecastRefusedError, IdempotencyMismatchError
from forecast.jobs.lifecycle import (
    Cancellation,
    Completion,
    cancel_job,
    claim_job,
    complete_job,
    fail_job,
    release_job,
    renew_lease,
)
from forecast.jobs.quotas import JobLimits
from forecast.jobs.recover import DEADLINE_GRACE_SECONDS, enforce_deadlines, enforce_queue_age
from forecast.jobs.states import AttemptOutcome, FailureCode, JobKind, JobState
from forecast.jobs.view import view_job
from forecast.store import ClockRepository, ForecastRepository
from tests.coin import NOW, coin_study
from tests.explanations import KINDS, explanation_row, submit_explanation_of
from tests.installation import LEASE_SECONDS, Installation, forecast_row
from tests.leases import see_a_lease_pass

VERSION = "v" * 64


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> JobKind:
    found = request.param
    assert isinstance(found, JobKind)
    return found


@pytest.fixture
def forecast_id(installation: Installation) -> str:
    return add_forecast(installation)


def add_forecast(installation: Installation, verdict: str = "published") -> str:
    claim = installation.claim(installation.submit(coin_study(sampler={"seed": 42}), version_digest=VERSION))
    row = forecast_row(claim, verdict=verdict)
    with installation.database.write() as session:
        complete_job(session, claim, row, {}, NOW)
    return row.id


def stored(installation: Installation, forecast_id: str) -> list[str]:
    with installation.database.read() as session:
        return [row.kind for row in ForecastRepository(session).explanations(forecast_id)]


def test_the_job_is_about_the_forecasts_own_document_and_seed(
    installation: Installation, forecast_id: str, kind: JobKind
) -> None:
    job = installation.job(submit_explanation_of(installation, forecast_id, kind))
    study = coin_study(sampler={"seed": 42})
    assert (job.kind, job.target, job.state) == (kind, forecast_id, JobState.QUEUED)
    assert (job.study, job.title, job.digest, job.version) == ("coin", study.title, study.digest, VERSION)
    assert (job.seed, job.as_of) == (42, study.as_of)


def test_a_drawn_seed_is_used_again(installation: Installation) -> None:
    claim = installation.claim(installation.submit())
    row = forecast_row(claim)
    with installation.database.write() as session:
        complete_job(session, claim, row, {}, NOW)
    job = installation.job(submit_explanation_of(installation, row.id, JobKind.ATTRIBUTION))
    assert job.seed == claim.seed


def test_a_refused_forecast_is_not_explained(installation: Installation, kind: JobKind) -> None:
    refused = add_forecast(installation, verdict="refused")
    with pytest.raises(ForecastRefusedError, match="refused by its own checks"):
        submit_explanation_of(installation, refused, kind)


def test_the_same_key_with_the_same_request_is_the_same_job(installation: Installation, forecast_id: str) -> None:
    made: list[str] = []

    def submit() -> None:
        made.append(
            submit_explanation_of(installation, forecast_id, JobKind.INFLUENCE, idempotency_key="k", request_hash="h")
        )

    threads = [threading.Thread(target=submit) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 20
    assert len(set(made)) == 1


def test_a_key_is_one_for_all_kinds(installation: Installation, forecast_id: str) -> None:
    installation.submit(idempotency_key="k", request_hash="h")
    with pytest.raises(IdempotencyMismatchError):
        submit_explanation_of(installation, forecast_id, JobKind.INFLUENCE, idempotency_key="k", request_hash="other")


def test_a_full_queue_turns_explanations_away(installation: Installation, forecast_id: str, kind: JobKind) -> None:
    installation.submit()
    with pytest.raises(BacklogFullError, match="at most 1"):
        submit_explanation_of(installation, forecast_id, kind, limits=JobLimits(3, 600.0, 1))


def test_completing_stores_the_explanation_and_ends_the_job(
    installation: Installation, forecast_id: str, kind: JobKind
) -> None:
    claim = installation.claim(submit_explanation_of(installation, forecast_id, kind))
    assert (claim.kind, claim.target) == (kind, forecast_id)
    with installation.database.write() as session:
        assert complete_job(session, claim, explanation_row(claim), {}, NOW) is Completion.STORED
    assert installation.state(claim.job_id) is JobState.SUCCEEDED
    assert installation.attempts(claim.job_id)[0].outcome == AttemptOutcome.SUCCEEDED
    assert stored(installation, forecast_id) == [kind]


def test_a_stale_fence_stores_no_explanation(installation: Installation, forecast_id: str, kind: JobKind) -> None:
    job_id = submit_explanation_of(installation, forecast_id, kind)
    stale = installation.claim(job_id)
    with installation.database.write() as session:
        release_job(session, stale, NOW)
    current = installation.claim(job_id, "other")
    with installation.database.write() as session:
        assert complete_job(session, stale, explanation_row(stale), {}, NOW) is Completion.LOST
    assert stored(installation, forecast_id) == []
    with installation.database.write() as session:
        assert complete_job(session, current, explanation_row(current), {}, NOW) is Completion.STORED
    assert stored(installation, forecast_id) == [kind]


@pytest.mark.both_databases
def test_a_second_delivery_of_a_claimed_explanation_changes_nothing(
    installation: Installation, forecast_id: str
) -> None:
    claim = installation.claim(submit_explanation_of(installation, forecast_id, JobKind.SENSITIVITY))
    with installation.database.write() as session:
        assert claim_job(session, claim.job_id, "other", LEASE_SECONDS, NOW) is None


def test_a_waiting_explanation_is_cancelled_at_once(
    installation: Installation, forecast_id: str, kind: JobKind
) -> None:
    job_id = submit_explanation_of(installation, forecast_id, kind)
    with installation.database.write() as session:
        assert cancel_job(session, job_id, NOW) is Cancellation.CANCELLED
    assert installation.state(job_id) is JobState.CANCELLED


def test_a_cancellation_goes_before_the_result(installation: Installation, forecast_id: str, kind: JobKind) -> None:
    claim = installation.claim(submit_explanation_of(installation, forecast_id, kind))
    with installation.database.write() as session:
        assert cancel_job(session, claim.job_id, NOW) is Cancellation.REQUESTED
        assert complete_job(session, claim, explanation_row(claim), {}, NOW) is Completion.CANCELLED
    assert installation.state(claim.job_id) is JobState.CANCELLED
    assert stored(installation, forecast_id) == []


def test_an_explanation_past_its_deadline_fails(installation: Installation, forecast_id: str, kind: JobKind) -> None:
    claim = installation.claim(submit_explanation_of(installation, forecast_id, kind))
    with installation.database.write() as session:
        renew_lease(session, claim, 600 + DEADLINE_GRACE_SECONDS + 1)
        assert enforce_deadlines(session, NOW) == [claim.job_id]
    assert installation.job(claim.job_id).error_code == FailureCode.DEADLINE


def test_an_unclaimed_explanation_fails(installation: Installation, forecast_id: str, kind: JobKind) -> None:
    job_id = submit_explanation_of(installation, forecast_id, kind)
    with installation.database.write() as session:
        ClockRepository(session).advance_worker_seconds(0.0, 61.0)
        assert enforce_queue_age(session, 60.0, NOW) == [job_id]
    assert installation.job(job_id).error_code == FailureCode.QUEUE_TIMEOUT


def test_a_silent_worker_loses_the_explanation_until_no_attempt_is_left(
    installation: Installation, forecast_id: str, kind: JobKind
) -> None:
    job_id = submit_explanation_of(installation, forecast_id, kind)
    for attempt in range(1, 4):
        claim = installation.claim(job_id, f"host:1:{attempt}")
        assert (claim.attempt, claim.kind, claim.target) == (attempt, kind, forecast_id)
        assert see_a_lease_pass(installation) == [job_id]
    assert installation.job(job_id).error_code == FailureCode.WORKER_LOST
    assert stored(installation, forecast_id) == []


def test_a_failed_explanation_leaves_the_forecast_as_it_was(
    installation: Installation, forecast_id: str, kind: JobKind
) -> None:
    claim = installation.claim(submit_explanation_of(installation, forecast_id, kind))
    with installation.database.write() as session:
        assert fail_job(session, claim, FailureCode.MODEL_ERROR, "no start", NOW)
    assert stored(installation, forecast_id) == []
    assert view_job(installation.job(claim.job_id), None).forecast_id is None


def test_a_job_leads_to_the_forecast_that_it_explains_once_it_is_done(
    installation: Installation, forecast_id: str, kind: JobKind
) -> None:
    claim = installation.claim(submit_explanation_of(installation, forecast_id, kind))
    before = view_job(installation.job(claim.job_id), None)
    assert (before.kind, before.target_forecast_id, before.forecast_id) == (kind, forecast_id, None)
    with installation.database.write() as session:
        complete_job(session, claim, explanation_row(claim), {}, NOW)
    assert view_job(installation.job(claim.job_id), None).forecast_id == forecast_id
