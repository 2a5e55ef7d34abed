"""How many jobs a workspace may have: running, waiting, and accepted within a day.

The numbers are counted in the database, so that they hold for all processes and survive each of them. A transaction
that counts locks the workspace's row, so that two requests cannot both take the last place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from forecast.jobs.errors import QuotaExceededError
from forecast.jobs.limits import StudyLimits
from forecast.jobs.states import JobState
from forecast.runtime.settings import Settings
from forecast.store import JobRepository, WorkspaceRepository
from forecast.store.binding import workspace_of
from forecast.store.tables.core import WorkspaceRow

DAY: Final = timedelta(days=1)


class Quotas(BaseModel):
    """How many jobs a workspace may have."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    running: int
    """Largest number of jobs that run at a time."""
    queued: int
    """Largest number of jobs that wait."""
    daily: int
    """Largest number of jobs accepted within 24 hours."""


@dataclass(frozen=True)
class JobLimits:
    """What a job gets and how many may wait."""

    max_attempts: int
    deadline_seconds: float
    max_queued: int
    quotas: Quotas = field(default_factory=lambda: Quotas(running=64, queued=10_000, daily=1_000_000))
    """Of a workspace that has none of its own."""
    study: StudyLimits | None = None
    """What a study may ask for; None for as much as the format allows."""

    @classmethod
    def of(cls, settings: Settings) -> JobLimits:
        """Those of an installation."""
        quotas = Quotas(
            running=settings.workspace_running, queued=settings.workspace_queued, daily=settings.workspace_daily
        )
        study = StudyLimits.of(settings)
        return cls(settings.max_attempts, settings.deadline_seconds, settings.max_queued, quotas, study)


class Usage(BaseModel):
    """How many jobs a workspace has, and may have."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    running: int
    """Jobs that run now."""
    queued: int
    """Jobs that wait now."""
    daily: int
    """Jobs accepted within the last 24 hours."""
    limits: Quotas
    """How many there may be."""


def quotas_of(row: WorkspaceRow, limits: JobLimits) -> Quotas:
    """Those of a workspace; the installation's where it has none of its own."""
    own = {"running": row.max_running, "queued": row.max_queued, "daily": row.max_daily}
    return limits.quotas.model_copy(update={name: value for name, value in own.items() if value is not None})


def read_usage(session: Session, limits: JobLimits, now: datetime) -> Usage:
    """How many jobs the session's workspace has, and may have."""
    row = WorkspaceRepository(session).known(workspace_of(session))
    jobs = JobRepository(session)
    return Usage(
        running=jobs.count(JobState.RUNNING),
        queued=jobs.count(JobState.QUEUED),
        daily=jobs.count_since(now - DAY),
        limits=quotas_of(row, limits),
    )


def require_room(session: Session, limits: JobLimits, now: datetime) -> None:
    """Make sure that the session's workspace may have another job.

    Raises
    ------
    QuotaExceededError
        When it may not.
    """
    row = WorkspaceRepository(session).lock(workspace_of(session))
    quotas = quotas_of(row, limits)
    jobs = JobRepository(session)
    if (queued := jobs.count(JobState.QUEUED)) >= quotas.queued:
        raise QuotaExceededError(
            f"{queued} jobs of the workspace {row.id!r} are waiting, at most {quotas.queued} may; try again when some of "
            "them have run"
        )
    if (daily := jobs.count_since(now - DAY)) >= quotas.daily:
        raise QuotaExceededError(
            f"the workspace {row.id!r} has submitted {daily} jobs within 24 hours, at most {quotas.daily} may be; try "
            "again later, or ask the operator for more (`forecast workspace limit`)"
        )


def is_at_work(session: Session, workspace: str, limits: JobLimits) -> bool:
    """Whether as many jobs of a workspace run as may; its row is held until the transaction ends."""
    row = WorkspaceRepository(session).lock(workspace)
    return JobRepository(session).count_in(workspace, JobState.RUNNING) >= quotas_of(row, limits).running
