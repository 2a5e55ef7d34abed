"""The states of a job, the codes of its failure, and what each means."""

from __future__ import annotations

from enum import StrEnum


class JobState(StrEnum):
    """Where a job stands. `queued -> running | cancelled | failed`; `running -> succeeded | failed | cancelled | queued`."""

    QUEUED = "queued"
    """Accepted and stored; waits for a worker. An attempt whose worker died comes back here."""
    RUNNING = "running"
    """A worker has claimed it and renews its lease."""
    SUCCEEDED = "succeeded"
    """Its result is stored. A poor forecast is a verdict, not a failure."""
    FAILED = "failed"
    """It ended without a result; code and detail say why."""
    CANCELLED = "cancelled"
    """A client asked for it to stop, and it stopped before anything was stored."""

    @property
    def is_terminal(self) -> bool:
        """Whether the state can never change again."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


class JobKind(StrEnum):
    """What a job computes."""

    FORECAST = "forecast"
    """The probabilities of one study at one as-of date."""
    UPDATE = "update"
    """The same, from the draws of the last forecast where little is new."""
    ATTRIBUTION = "attribution"
    """How much each block of evidence moved a forecast."""
    INFLUENCE = "influence"
    """How a forecast moves when one case or expert is left out."""
    SENSITIVITY = "sensitivity"
    """How much a forecast leans on its priors and stated effects."""
    TRIAGE = "triage"
    """Why a forecast differs from the one before it."""

    @property
    def explains(self) -> bool:
        """Whether it is about a stored forecast, whose document and seed it runs again."""
        return self not in (JobKind.FORECAST, JobKind.UPDATE)


class FailureCode(StrEnum):
    """Why a job failed; a closed list."""

    MODEL_ERROR = "model_error"
    """The sampler could not start, or did not give what was asked for."""
    DATA_ERROR = "data_error"
    """The study document cannot be computed as it is."""
    MEMORY_LIMIT = "memory_limit"
    """The computation needed more memory than there is."""
    DEADLINE = "deadline"
    """The attempt ran longer than it may."""
    KILLED = "killed"
    """The computing process was killed."""
    WORKER_LOST = "worker_lost"
    """Every attempt lost its worker."""
    STORAGE_FULL = "storage_full"
    """There was no room for the result."""
    QUEUE_TIMEOUT = "queue_timeout"
    """No worker claimed it in time."""
    URL_REFUSED = "url_refused"
    """A source of evidence may not be fetched."""
    INCOMPLETE_SAMPLING = "incomplete_sampling"
    """Fewer draws came back than were asked for; a truncated posterior is never used."""
    INTERNAL = "internal"
    """A defect of ours; the detail carries an id that the worker's log explains."""


class AttemptOutcome(StrEnum):
    """How one run of a job ended."""

    SUCCEEDED = "succeeded"
    """It stored the result."""
    FAILED = "failed"
    """It failed for a reason that would repeat."""
    CANCELLED = "cancelled"
    """It was asked to stop."""
    LOST = "lost"
    """Its lease ran out: the worker died, or could not reach the database."""
    RELEASED = "released"
    """Its worker was stopped in order and returned the job to the queue."""


class DeliveryState(StrEnum):
    """How a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
