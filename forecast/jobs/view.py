"""A job and a watcher's events as everybody outside sees them: over HTTP, in the client, on the pages.

What guards a job (fence, worker, lease) never leaves the house.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from forecast.jobs.states import AttemptOutcome, FailureCode, JobKind, JobState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecast.store.tables.core import AttemptRow, JobRow


class View(BaseModel):
    """Base of what is shown: frozen; a client of an older version passes over what it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)


class ChainView(View):
    """How far one chain is; warm-up draws count in both numbers."""

    draws_done: int
    draws_wanted: int
    divergences: int
    is_warming_up: bool


class ProgressView(View):
    """How far a running job is."""

    stage: str
    """load, compile, sample, diagnose, futures, figures or store."""
    draws_done: int = 0
    draws_wanted: int = 0
    """Warm-up draws of every chain included."""
    divergences: int = 0
    estimates: dict[str, float] = {}
    """Running probability by outcome; empty until there is one."""
    errors: dict[str, float | None] = {}
    """Its Monte Carlo standard error by outcome; null while the draws are too few to tell."""
    chain_estimates: dict[str, list[float]] = {}
    """What each chain says by itself, by outcome."""
    chains: list[ChainView] = []
    """Of the run that is going on."""


class JobError(View):
    """Why a job failed."""

    code: FailureCode
    detail: str


class AttemptView(View):
    """One run of a job."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    outcome: AttemptOutcome | None
    detail: str | None


class JobView(View):
    """A job."""

    id: str
    kind: JobKind
    study: str
    title: str
    study_digest: str
    """Digest of the document that is computed."""
    study_version: str | None
    """Digest of the stored version it was made from; null for a document that came with the request."""
    target_forecast_id: str | None = None
    """The forecast that it explains; null for a job that makes one."""
    as_of: date
    recorded_by: datetime | None = None
    """Evidence recorded later is not in it; null for a document that came with the request."""
    seed: int
    state: JobState
    revision: int
    attempt: int
    max_attempts: int
    cancel_requested: bool
    deadline_seconds: float
    progress: ProgressView | None
    error: JobError | None
    forecast_id: str | None
    """The forecast to look at, once the job has succeeded: the one it made, or the one it explains."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: tuple[AttemptView, ...] = ()
    """Filled for a single job, not in lists."""


def view_job(row: JobRow, made_forecast_id: str | None, attempts: Iterable[AttemptRow] = ()) -> JobView:
    """A job's row as others see it, with the forecast that it made, if any."""
    explained = row.target if row.state == JobState.SUCCEEDED else None
    return JobView(
        id=row.id,
        kind=JobKind(row.kind),
        study=row.study,
        title=row.title,
        study_digest=row.digest,
        study_version=row.version,
        target_forecast_id=row.target,
        as_of=row.as_of,
        recorded_by=row.recorded_by,
        seed=row.seed,
        state=JobState(row.state),
        revision=row.revision,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        cancel_requested=row.cancel_requested,
        deadline_seconds=row.deadline_seconds,
        progress=ProgressView.model_validate(row.progress) if row.progress else None,
        error=JobError(code=FailureCode(row.error_code), detail=row.error_detail or "") if row.error_code else None,
        forecast_id=made_forecast_id or explained,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        attempts=tuple(AttemptView.model_validate(attempt) for attempt in attempts),
    )
