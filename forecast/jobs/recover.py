"""What the dispatcher sets right: leases that ran out, deadlines that passed, jobs that waited too long.

None of it is measured with a wall clock; `now` is only the time that is shown.

Each function does one kind of repair for all jobs in one transaction, and returns what it did. Several processes may
run it at once.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from forecast.jobs.counting import Counter
from forecast.jobs.leases import LeaseWatch
from forecast.jobs.states import AttemptOutcome, FailureCode, JobState
from forecast.jobs.transitions import count_ended, ended_values, requeued_values
from forecast.store import CounterRepository, JobRepository, utc_now
from forecast.store.tables.core import JobRow

DEADLINE_GRACE_SECONDS = 20.0
"""A worker ends its own attempt at the deadline; this is for one that cannot, stuck in native code."""


def expire_leases(session: Session, watch: LeaseWatch, now: datetime | None = None) -> list[str]:
    """Take jobs from workers that this watch has seen silent for a whole lease.

    A job goes back to the queue, or fails when no attempt is left.
    """
    now = now or utc_now()
    silent = watch.look(JobRepository(session).running())
    return [row.id for row in silent if _lose(session, row, now, JobRow.beats == row.beats)]


def lose_attempt(
    session: Session,
    job_id: str,
    worker: str,
    now: datetime | None = None,
    *,
    why: str | None = None,
    fence: str | None = None,
) -> bool:
    """As an expired lease, for a worker that is known to be dead; returns whether the worker still held the job.

    Parameters
    ----------
    why, fence
        Of an attempt that gives up while its worker lives.
    """
    now = now or utc_now()
    jobs = JobRepository(session)
    row = jobs.get(job_id)
    if row is None or row.state != JobState.RUNNING or row.worker != worker or fence not in (None, row.fence):
        return False
    return _lose(session, row, now, why=why)


def fail_attempt(session: Session, job_id: str, worker: str, code: FailureCode, detail: str) -> bool:
    """Fail a job whose worker died for a reason that another attempt would meet; returns whether it still held the
    job."""
    now = utc_now()
    jobs = JobRepository(session)
    row = jobs.get(job_id)
    if row is None or row.state != JobState.RUNNING or row.worker != worker:
        return False
    if not jobs.change(
        row.id,
        JobRow.fence == row.fence,
        JobRow.state == JobState.RUNNING.value,
        error_code=code.value,
        error_detail=detail,
        **ended_values(JobState.FAILED, now),
    ):
        return False
    jobs.end_attempt(row.id, row.attempt, AttemptOutcome.FAILED, f"{code.value}: {detail}", now)
    jobs.add_event(row.id, "failed", now, attempt=row.attempt, code=code.value)
    count_ended(session, row.kind, JobState.FAILED)
    return True


def _lose(session: Session, row: JobRow, now: datetime, *guards: ColumnElement[bool], why: str | None = None) -> bool:
    jobs = JobRepository(session)
    held = (JobRow.fence == row.fence, JobRow.state == JobState.RUNNING.value, *guards)
    ended = why or f"the worker {row.worker} fell silent"
    if row.cancel_requested:
        moved, event = jobs.change(row.id, *held, **ended_values(JobState.CANCELLED, now)), "cancelled"
    elif row.attempt < row.max_attempts:
        held = (*held, JobRow.cancel_requested.is_(False))
        moved, event = jobs.change(row.id, *held, **requeued_values(now)), "requeued"
    else:
        history = "; ".join(
            f"attempt {attempt.number}: {attempt.detail or attempt.outcome or ended}"
            for attempt in jobs.attempts(row.id)
        )
        moved, event = (
            jobs.change(
                row.id,
                *held,
                JobRow.cancel_requested.is_(False),
                error_code=FailureCode.WORKER_LOST.value,
                error_detail=f"every one of {row.attempt} attempts was lost ({history}); look for the reason "
                "(memory, a crash, a database that refuses) in the worker's log before submitting again",
                **ended_values(JobState.FAILED, now),
            ),
            "failed",
        )
    if moved:
        jobs.end_attempt(row.id, row.attempt, AttemptOutcome.LOST, ended, now)
        jobs.add_event(row.id, event, now, attempt=row.attempt, reason="given_up" if why else "worker_lost")
        CounterRepository(session).add({(Counter.LEASES_EXPIRED, ""): 1})
        if event != "requeued":
            count_ended(session, row.kind, JobState(event))
    return moved


def enforce_deadlines(session: Session, now: datetime | None = None) -> list[str]:
    """Fail attempts that have computed longer than they may, by their own count, and did not end themselves."""
    now = now or utc_now()
    jobs = JobRepository(session)
    failed = []
    for row in jobs.running_past_deadline(DEADLINE_GRACE_SECONDS):
        detail = f"the attempt ran longer than {row.deadline_seconds:g} seconds and did not stop by itself"
        if jobs.change(
            row.id,
            JobRow.fence == row.fence,
            JobRow.state == JobState.RUNNING.value,
            error_code=FailureCode.DEADLINE.value,
            error_detail=detail,
            **ended_values(JobState.FAILED, now),
        ):
            jobs.end_attempt(row.id, row.attempt, AttemptOutcome.FAILED, detail, now)
            jobs.add_event(row.id, "failed", now, attempt=row.attempt, code=FailureCode.DEADLINE.value)
            count_ended(session, row.kind, JobState.FAILED)
            failed.append(row.id)
    return failed


def enforce_queue_age(session: Session, queue_timeout_seconds: float, now: datetime | None = None) -> list[str]:
    """Fail jobs that no worker claimed in time; only time in which there were workers counts."""
    now = now or utc_now()
    jobs = JobRepository(session)
    failed = []
    for row in jobs.waiting_longer(queue_timeout_seconds):
        if jobs.change(
            row.id,
            JobRow.state == JobState.QUEUED.value,
            JobRow.queued_worker_time == row.queued_worker_time,
            error_code=FailureCode.QUEUE_TIMEOUT.value,
            error_detail=f"no worker claimed the job within {queue_timeout_seconds:g} seconds in which workers were there; "
            "see what keeps them busy, then submit it again",
            **ended_values(JobState.FAILED, now),
        ):
            jobs.add_event(row.id, "failed", now, code=FailureCode.QUEUE_TIMEOUT.value)
            count_ended(session, row.kind, JobState.FAILED)
            failed.append(row.id)
    return failed
