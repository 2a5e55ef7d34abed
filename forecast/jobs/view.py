"""A job and a watcher's events as they are shown: over HTTP, in the client, on the pages.

What guards a job (fence, worker, lease) is never shown.
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

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True, use_attribute_docstrings=True)


class ChainView(View):
    """Progress of one chain; warm-up draws count in both numbers."""

    draws_done: int
    """Draws made so far."""
    draws_wanted: int
    """Draws that the chain will make."""
    divergences: int
    """Divergent transitions so far."""
    is_warming_up: bool
    """Whether the chain is still in its warm-up."""


class ProgressView(View):
    """Progress of a running job."""

    stage: str
    """Stage of the computation: load, compile, sample, diagnose, futures, figures or store."""
    draws_done: int = 0
    """Draws made so far, warm-up draws of every chain included."""
    draws_wanted: int = 0
    """Draws to make, warm-up draws of every chain included."""
    divergences: int = 0
    """Divergent transitions so far, in all chains."""
    estimates: dict[str, float] = {}
    """Running probability by outcome; empty until there is one."""
    errors: dict[str, float | None] = {}
    """Monte Carlo standard error of each running probability, by outcome; null while the draws are too few to tell."""
    chain_estimates: dict[str, list[float]] = {}
    """Running probability of each chain alone, by outcome."""
    chains: list[ChainView] = []
    """Progress of each chain of the current run."""


class JobError(View):
    """Why a job failed."""

    code: FailureCode
    """Kind of failure, from a closed list."""
    detail: str
    """What happened and what to do, in words."""


class AttemptView(View):
    """One run of a job."""

    number: int
    """1 for the first attempt."""
    started_at: datetime
    """When a worker claimed the job (UTC)."""
    ended_at: datetime | None
    """When the attempt ended (UTC); null while it runs."""
    outcome: AttemptOutcome | None
    """How the attempt ended; null while it runs."""
    detail: str | None
    """Why it ended so, in words; null when there is nothing to add."""


class JobView(View):
    """A job."""

    id: str
    """UUID of the job."""
    kind: JobKind
    """What the job computes."""
    study: str
    """Id of the study."""
    title: str
    """Title of the study."""
    study_digest: str
    """SHA-256 (hex) of the canonical document that is computed."""
    study_version: str | None
    """Digest of the stored version that it was made from; null for a document that came with the request."""
    target_forecast_id: str | None = None
    """UUID of the forecast that the job explains; null for a job that makes one."""
    as_of: date
    """What was known on this day is used, nothing later."""
    recorded_by: datetime | None = None
    """Evidence recorded after this moment is left out; null for a document that came with the request."""
    seed: int
    """Seed of all random numbers, 0 or more."""
    state: JobState
    """Where the job stands; `succeeded`, `failed` and `cancelled` are final."""
    revision: int
    """Grows by 1 with every change of the job."""
    attempt: int
    """Number of the current or last attempt; 0 before the first."""
    max_attempts: int
    """Attempts before a job whose worker dies fails."""
    cancel_requested: bool
    """Whether it was asked to stop."""
    deadline_seconds: float
    """Longest run of one attempt, in seconds."""
    progress: ProgressView | None
    """Latest progress; null until the first report."""
    error: JobError | None
    """Why it failed; null unless it failed."""
    forecast_id: str | None
    """UUID of the forecast that it made or explained; null until it has succeeded."""
    created_at: datetime
    """When the job was accepted (UTC)."""
    started_at: datetime | None
    """When the first attempt began (UTC); null while it waits."""
    finished_at: datetime | None
    """When it reached a final state (UTC); null before."""
    attempts: tuple[AttemptView, ...] = ()
    """Each run of the job, oldest first; empty in lists."""


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
