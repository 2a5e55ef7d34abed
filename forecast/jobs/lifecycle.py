"""How a job moves from state to state: each move is one guarded UPDATE, so it happens once or not at all.

A claim draws a new random fence. A worker that holds an older one (it was frozen and came back) can renew, complete or
fail nothing. A move returns what happened instead of raising an exception.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from forecast.jobs.counting import Counter
from forecast.jobs.errors import JobFinishedError
from forecast.jobs.quotas import is_at_work
from forecast.jobs.states import AttemptOutcome, FailureCode, JobKind, JobState
from forecast.jobs.transitions import count_ended, ended_values, requeued_values
from forecast.store import CounterRepository, ForecastRepository, JobRepository, NotStoredError, utc_now
from forecast.store.repositories.counters import Counts
from forecast.store.tables.core import ExplanationRow, ForecastRow, JobRow

if TYPE_CHECKING:
    from forecast.jobs.quotas import JobLimits

MAX_DETAIL_CHARACTERS = 4000


@dataclass(frozen=True)
class Claim:
    """One attempt's right to compute a job, for as long as its lease is renewed."""

    job_id: str
    workspace: str
    attempt: int
    fence: str
    digest: str
    seed: int
    study: str
    version: str | None
    deadline_seconds: float
    kind: JobKind
    target: str | None
    """The forecast to explain, or to update; None for a job that needs none."""


class Renewal(StrEnum):
    """What came of renewing a lease."""

    RENEWED = "renewed"
    """The job is still ours."""
    CANCEL_REQUESTED = "cancel_requested"
    """It is ours, and a cancellation was requested."""
    LOST = "lost"
    """It is no longer ours: write nothing."""


class Completion(StrEnum):
    """What came of handing in a result."""

    STORED = "stored"
    """The result is stored and the job has succeeded."""
    CANCELLED = "cancelled"
    """A cancellation came first: nothing is stored."""
    LOST = "lost"
    """The job is no longer ours: nothing is stored."""


class Cancellation(StrEnum):
    """What came of asking a job to stop."""

    CANCELLED = "cancelled"
    """It was waiting and will never run."""
    REQUESTED = "requested"
    """It is running and will be stopped."""


def _held(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return JobRow.fence == claim.fence, JobRow.state == JobState.RUNNING.value


def claim_job(
    session: Session,
    job_id: str,
    worker: str,
    lease_seconds: float,
    now: datetime | None = None,
    limits: JobLimits | None = None,
) -> Claim | None:
    """Take a queued job; None when it is not to be had, and the message about it can be dropped.

    Parameters
    ----------
    lease_seconds
        How long the attempt's counter may stand still before other processes take the job from it.
    limits
        With them, a job is left in the queue while its workspace has as many running as it may. The dispatcher
        publishes it again as soon as one of them has ended.
    """
    now = now or utc_now()
    jobs = JobRepository(session)
    row = jobs.get(job_id)
    if row is None:
        return None
    if limits is not None and row.state == JobState.QUEUED and is_at_work(session, row.workspace, limits):
        jobs.republish_later(job_id)
        return None
    fence = secrets.token_hex(16)
    claimed = jobs.change(
        job_id,
        JobRow.state == JobState.QUEUED.value,
        JobRow.cancel_requested.is_(False),
        state=JobState.RUNNING.value,
        attempt=JobRow.attempt + 1,
        fence=fence,
        worker=worker,
        lease_seconds=lease_seconds,
        beats=0,
        computed_seconds=0.0,
        started_at=now,
        progress=None,
    )
    if not claimed:
        return None
    row = jobs.get(job_id)
    assert row is not None
    jobs.add_attempt(job_id, row.attempt, worker, now)
    jobs.add_event(job_id, "claimed", now, attempt=row.attempt, worker=worker)
    return Claim(
        job_id,
        row.workspace,
        row.attempt,
        fence,
        row.digest,
        row.seed,
        row.study,
        row.version,
        row.deadline_seconds,
        JobKind(row.kind),
        row.target,
    )


def renew_lease(session: Session, claim: Claim, computed_seconds: float) -> Renewal:
    """Say that the attempt is alive and for how long it has computed, and learn whether it should stop."""
    jobs = JobRepository(session)
    if not jobs.touch(claim.job_id, *_held(claim), beats=JobRow.beats + 1, computed_seconds=computed_seconds):
        return Renewal.LOST
    row = jobs.get(claim.job_id)
    return Renewal.CANCEL_REQUESTED if row is not None and row.cancel_requested else Renewal.RENEWED


def record_progress(session: Session, claim: Claim, progress: Mapping[str, Any]) -> bool:
    """Show how far the attempt is; returns whether the job is still ours."""
    return JobRepository(session).change(claim.job_id, *_held(claim), progress=dict(progress))


def complete_job(
    session: Session,
    claim: Claim,
    result: ForecastRow | ExplanationRow,
    figures: Mapping[str, bytes],
    now: datetime | None = None,
    counts: Counts | None = None,
) -> Completion:
    """Store the result and end the job as succeeded, both or neither.

    Parameters
    ----------
    figures
        Of a forecast; an explanation has none.
    counts
        What to add to the installation's counters with it.
    """
    now = now or utc_now()
    jobs = JobRepository(session)
    completed = jobs.change(
        claim.job_id,
        *_held(claim),
        JobRow.cancel_requested.is_(False),
        **ended_values(JobState.SUCCEEDED, now),
    )
    if not completed:
        if cancel_claimed(session, claim, now):
            return Completion.CANCELLED
        CounterRepository(session).add({(Counter.RESULTS_REFUSED, ""): 1})
        return Completion.LOST
    forecasts = ForecastRepository(session)
    if isinstance(result, ForecastRow):
        forecasts.add(result, figures)
        stored = {"forecast": result.id}
    else:
        forecasts.add_explanation(result)
        stored = {"forecast": result.forecast_id, "explanation": result.id}
    jobs.end_attempt(claim.job_id, claim.attempt, AttemptOutcome.SUCCEEDED, None, now)
    jobs.add_event(claim.job_id, "succeeded", now, attempt=claim.attempt, **stored)
    count_ended(session, claim.kind, JobState.SUCCEEDED)
    CounterRepository(session).add(counts or {})
    return Completion.STORED


def fail_job(session: Session, claim: Claim, code: FailureCode, detail: str, now: datetime | None = None) -> bool:
    """End the job as failed; returns whether it was ours to fail. A requested cancellation goes first."""
    now = now or utc_now()
    detail = detail[:MAX_DETAIL_CHARACTERS]
    jobs = JobRepository(session)
    failed = jobs.change(
        claim.job_id,
        *_held(claim),
        JobRow.cancel_requested.is_(False),
        error_code=code.value,
        error_detail=detail,
        **ended_values(JobState.FAILED, now),
    )
    if not failed:
        return cancel_claimed(session, claim, now)
    jobs.end_attempt(claim.job_id, claim.attempt, AttemptOutcome.FAILED, f"{code.value}: {detail}", now)
    jobs.add_event(claim.job_id, "failed", now, attempt=claim.attempt, code=code.value)
    count_ended(session, claim.kind, JobState.FAILED)
    return True


def cancel_claimed(session: Session, claim: Claim, now: datetime | None = None) -> bool:
    """End a running job whose cancellation was asked for; returns whether it was ours."""
    now = now or utc_now()
    jobs = JobRepository(session)
    guards = (*_held(claim), JobRow.cancel_requested.is_(True))
    if not jobs.change(claim.job_id, *guards, **ended_values(JobState.CANCELLED, now)):
        return False
    jobs.end_attempt(claim.job_id, claim.attempt, AttemptOutcome.CANCELLED, None, now)
    jobs.add_event(claim.job_id, "cancelled", now, attempt=claim.attempt)
    count_ended(session, claim.kind, JobState.CANCELLED)
    return True


def release_job(session: Session, claim: Claim, now: datetime | None = None) -> bool:
    """Hand a job back to the queue because its worker is being stopped; that attempt does not count."""
    now = now or utc_now()
    jobs = JobRepository(session)
    released = jobs.change(
        claim.job_id,
        *_held(claim),
        JobRow.cancel_requested.is_(False),
        max_attempts=JobRow.max_attempts + 1,
        **requeued_values(now),
    )
    if not released:
        return cancel_claimed(session, claim, now)
    jobs.end_attempt(claim.job_id, claim.attempt, AttemptOutcome.RELEASED, "the worker was stopped", now)
    jobs.add_event(claim.job_id, "released", now, attempt=claim.attempt)
    return True


def cancel_job(session: Session, job_id: str, now: datetime | None = None) -> Cancellation:
    """Ask a job to stop: at once while it waits, at its next heartbeat while it runs.

    Raises
    ------
    NotStoredError
        When there is no such job.
    JobFinishedError
        When it has ended already.
    """
    now = now or utc_now()
    jobs = JobRepository(session)
    row = jobs.get(job_id)
    if row is None:
        raise NotStoredError(f"there is no job {job_id}")
    if jobs.change(
        job_id,
        JobRow.state == JobState.QUEUED.value,
        cancel_requested=True,
        **ended_values(JobState.CANCELLED, now),
    ):
        jobs.add_event(job_id, "cancelled", now)
        count_ended(session, row.kind, JobState.CANCELLED)
        return Cancellation.CANCELLED
    if row.state == JobState.CANCELLED:
        return Cancellation.CANCELLED
    if row.state == JobState.RUNNING and row.cancel_requested:
        return Cancellation.REQUESTED
    if jobs.change(job_id, JobRow.state == JobState.RUNNING.value, cancel_requested=True):
        jobs.add_event(job_id, "cancel_requested", now)
        return Cancellation.REQUESTED
    raise JobFinishedError(f"job {job_id} has ended as {row.state}; only a queued or running job can be cancelled")
