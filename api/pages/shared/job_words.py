"""What each state, failure and attempt of a job is called, and what to do about a failure."""

from __future__ import annotations

from typing import Final

from forecast.jobs.states import AttemptOutcome, FailureCode, JobKind, JobState

STATE_WORDS: Final = {
    JobState.QUEUED: "waiting",
    JobState.RUNNING: "running",
    JobState.SUCCEEDED: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
}

KIND_WORDS: Final = {
    JobKind.FORECAST: "forecast",
    JobKind.UPDATE: "update",
    JobKind.ATTRIBUTION: "attribution",
    JobKind.INFLUENCE: "influence",
    JobKind.SENSITIVITY: "sensitivity",
    JobKind.TRIAGE: "comparison with the forecast before",
}

LEAD: Final = {
    JobState.QUEUED: "The job is stored and waits for a worker.",
    JobState.RUNNING: "A worker is computing the forecast.",
    JobState.SUCCEEDED: "The forecast is ready.",
    JobState.FAILED: "The job ended without a forecast.",
    JobState.CANCELLED: "The job was cancelled before anything was stored.",
}

EXPLANATION_LEAD: Final = {
    JobState.QUEUED: "The job is stored and waits for a worker.",
    JobState.RUNNING: "A worker is computing what moves the forecast.",
    JobState.SUCCEEDED: "The forecast’s page shows the result.",
    JobState.FAILED: "The job ended without a result; the forecast stays as it is.",
    JobState.CANCELLED: "The job was cancelled before anything was stored; the forecast stays as it is.",
}
"""What a state means for a job that explains a forecast."""

FAILURES: Final = {
    FailureCode.MODEL_ERROR: (
        "The sampler could not do its work",
        "Look for extreme priors or data in the study, or raise target_accept, then submit it again.",
    ),
    FailureCode.DATA_ERROR: (
        "The study cannot be computed as it is",
        "Correct the place named above; `forecast check` finds such mistakes without a server.",
    ),
    FailureCode.MEMORY_LIMIT: (
        "There was not enough memory",
        "Ask for fewer draws or chains, shorten the horizon, or give the worker more memory.",
    ),
    FailureCode.DEADLINE: (
        "It took longer than it may",
        "Ask for fewer draws, or raise FORECAST_DEADLINE_SECONDS where the service runs.",
    ),
    FailureCode.KILLED: (
        "The computing process was killed",
        "The system may have run out of memory: see the worker's log, then submit the study again.",
    ),
    FailureCode.WORKER_LOST: (
        "Every attempt lost its worker",
        "See the worker's log for what stops it (memory, a crash), then submit the study again.",
    ),
    FailureCode.STORAGE_FULL: (
        "There was no room for the result",
        "Make room where the service keeps its data, then submit the study again.",
    ),
    FailureCode.QUEUE_TIMEOUT: (
        "No worker took the job in time",
        "See whether a worker is running, then submit the study again.",
    ),
    FailureCode.URL_REFUSED: (
        "A source of evidence may not be fetched",
        "Put the data into the study's tables, or name a source that is allowed.",
    ),
    FailureCode.INCOMPLETE_SAMPLING: (
        "Fewer draws came back than were asked for",
        "A truncated posterior is never used. Submit the study again; if it repeats, see the worker's log.",
    ),
    FailureCode.INTERNAL: (
        "A defect of the service",
        "It is not the study's fault. See the worker's log under the id above.",
    ),
}
"""What each failure is called, and what to do about it."""

ATTEMPT_WORDS: Final = {
    AttemptOutcome.SUCCEEDED: "stored the result",
    AttemptOutcome.FAILED: "failed",
    AttemptOutcome.CANCELLED: "was cancelled",
    AttemptOutcome.LOST: "lost its worker",
    AttemptOutcome.RELEASED: "was handed back",
}


def lead_of(kind: JobKind, state: JobState) -> str:
    """What a state means for a job of this kind, as a sentence."""
    return (EXPLANATION_LEAD if kind.explains else LEAD)[state]


def result_url(kind: JobKind, forecast_id: str) -> str:
    """Where the result of a job of this kind is shown: the forecast, or its place on the forecast's page."""
    return f"/forecasts/{forecast_id}{result_anchor(kind)}"


def result_anchor(kind: JobKind) -> str:
    """The place of a result on the forecast's page; empty for a forecast."""
    return f"#{kind.value}" if kind.explains else ""
