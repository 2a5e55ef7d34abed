"""A job's page: how far it is, and when it has ended, how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from api.pages.shared.bars import PROBABILITY
from api.pages.shared.job_words import (
    ATTEMPT_WORDS,
    FAILURES,
    KIND_WORDS,
    STATE_WORDS,
    lead_of,
    result_anchor,
    result_url,
)
from api.pages.shared.page import PageContext
from forecast.jobs.states import JobState
from forecast.jobs.view import AttemptView, ChainView, JobView
from forecast.wording import numbers
from forecast.wording.stages import STAGES, stage_of, stage_position


@dataclass(frozen=True)
class StageStep:
    """A stage as a step on the way."""

    key: str
    name: str
    explanation: str
    status: str
    """done, current or ahead."""


@dataclass(frozen=True)
class EstimateRow:
    """The running probability of an outcome; rough while the draws are few."""

    outcome: str
    probability: str
    error: str
    """Its Monte Carlo standard error; empty while that is not known."""
    position: str
    """Along the bar, in percent of its width."""
    low: str
    high: str
    """Where the bar of two standard errors to either side begins and ends."""
    chains: tuple[str, ...]
    """Where each chain is by itself."""


@dataclass(frozen=True)
class ChainRow:
    """One chain beside the others."""

    name: str
    doing: str
    done: int
    wanted: int
    draws: str
    divergences: str


@dataclass(frozen=True)
class Sampling:
    """How far the draws are; warm-up draws count in both numbers."""

    draws_done: int
    draws_wanted: int
    draws: str
    divergences: str


@dataclass(frozen=True)
class Failure:
    """Why a job failed and what to do."""

    code: str
    name: str
    detail: str
    advice: str


@dataclass(frozen=True)
class AttemptRow:
    """One run of the job."""

    number: str
    started_at: str
    lasted: str
    outcome: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class JobPage(PageContext):
    """A job as it stands when the page is made; `static/job.js` keeps it up to date."""

    template: ClassVar[str] = "job.html"

    job_id: str
    heading: str
    kind: str
    study: str
    state: str
    state_word: str
    lead: str
    is_live: bool
    """Whether the job can still change."""
    is_running: bool
    is_cancelling: bool
    explanation: str
    """What is happening now."""
    stages: tuple[StageStep, ...]
    sampling: Sampling
    estimates: tuple[EstimateRow, ...]
    chains: tuple[ChainRow, ...]
    failure: Failure | None
    attempts: tuple[AttemptRow, ...]
    facts: tuple[tuple[str, str], ...]
    events_url: str
    cancel_url: str
    forecast_url: str | None
    explained_url: str | None
    """The forecast that it explains."""
    anchor: str
    """The place of the result on the forecast's page."""
    queue_note: str | None
    attempt_note: str
    """Empty for the first attempt, which needs no mention."""
    words: dict[str, tuple[str, str]]
    """State and lead by the key of a state that the page can come to without being loaded again."""


def build_job(job: JobView, *, now: datetime, jobs_ahead: int = 0) -> JobPage:
    """The page of a job.

    Parameters
    ----------
    jobs_ahead
        Queued jobs of the same workspace that came before this one.
    """
    progress = job.progress
    is_running = job.state is JobState.RUNNING
    stage = stage_of(progress.stage) if progress and is_running else None
    explanation = stage.explanation if stage else "starting" if is_running else "waiting for a worker"
    return JobPage(
        page_title=f"{STATE_WORDS[job.state].capitalize()}: {numbers.shortened(job.title)}",
        json_url=f"/v1/jobs/{job.id}",
        job_id=job.id,
        heading=job.title,
        kind=KIND_WORDS[job.kind],
        study=job.study,
        state=job.state.value,
        state_word=STATE_WORDS[job.state],
        lead=lead_of(job.kind, job.state),
        is_live=not job.state.is_terminal,
        is_running=is_running,
        is_cancelling=job.cancel_requested and not job.state.is_terminal,
        explanation=explanation,
        stages=_steps(stage_position(stage.key) if stage else -1),
        sampling=_sampling(job),
        estimates=_estimates(job),
        chains=_chains(job),
        failure=_failure(job),
        attempts=tuple(_attempt_row(attempt, now) for attempt in job.attempts),
        facts=_facts(job, now),
        events_url=f"/v1/jobs/{job.id}/events",
        cancel_url=f"/v1/jobs/{job.id}/cancel",
        forecast_url=result_url(job.kind, job.forecast_id) if job.forecast_id else None,
        explained_url=f"/forecasts/{job.target_forecast_id}" if job.target_forecast_id else None,
        anchor=result_anchor(job.kind),
        words={
            state.value: (STATE_WORDS[state], lead_of(job.kind, state)) for state in JobState if not state.is_terminal
        },
        attempt_note=f"attempt {job.attempt}" if job.attempt > 1 else "",
        queue_note=f"{numbers.plural(jobs_ahead, 'job')} of yours before this one" if jobs_ahead else None,
    )


def _steps(current: int) -> tuple[StageStep, ...]:
    return tuple(
        StageStep(
            stage.key,
            stage.name,
            stage.explanation,
            "done" if position < current else "current" if position == current else "ahead",
        )
        for position, stage in enumerate(STAGES)
    )


def _sampling(job: JobView) -> Sampling:
    progress = job.progress
    done, wanted = (progress.draws_done, progress.draws_wanted) if progress else (0, 0)
    return Sampling(
        draws_done=done,
        draws_wanted=wanted,
        draws=f"{done:,} of {wanted:,} draws" if wanted else "no draws yet",
        divergences=f"{progress.divergences:,}" if progress else "0",
    )


def _estimates(job: JobView) -> tuple[EstimateRow, ...]:
    progress = job.progress
    if progress is None:
        return ()
    return tuple(
        _estimate_row(outcome, value, progress.errors.get(outcome), progress.chain_estimates.get(outcome, []))
        for outcome, value in progress.estimates.items()
    )


def _estimate_row(outcome: str, value: float, error: float | None, chains: Sequence[float]) -> EstimateRow:
    half = 2.0 * (error or 0.0)
    return EstimateRow(
        outcome=outcome,
        probability=numbers.percent(value, error if error is not None else float("inf")),
        error="" if error is None else f"±{numbers.points(error)}",
        position=PROBABILITY.position(value),
        low=PROBABILITY.position(value - half),
        high=PROBABILITY.position(value + half),
        chains=tuple(PROBABILITY.position(own) for own in chains),
    )


def _chains(job: JobView) -> tuple[ChainRow, ...]:
    chains = job.progress.chains if job.progress else []
    return tuple(
        ChainRow(
            name=f"Chain {place}",
            doing=_doing(chain),
            done=chain.draws_done,
            wanted=max(chain.draws_wanted, 1),
            draws=f"{chain.draws_done:,} of {chain.draws_wanted:,}",
            divergences=f"{chain.divergences:,}",
        )
        for place, chain in enumerate(chains)
    )


def _doing(chain: ChainView) -> str:
    if chain.draws_done >= chain.draws_wanted:
        return "done"
    return "warming up" if chain.is_warming_up else "sampling"


def _failure(job: JobView) -> Failure | None:
    if job.error is None:
        return None
    name, advice = FAILURES[job.error.code]
    return Failure(job.error.code.value, name, job.error.detail, advice)


def _attempt_row(attempt: AttemptView, now: datetime) -> AttemptRow:
    lasted = ((attempt.ended_at or now) - attempt.started_at).total_seconds()
    return AttemptRow(
        number=str(attempt.number),
        started_at=numbers.moment(attempt.started_at),
        lasted=numbers.duration(max(lasted, 0.0)),
        outcome=ATTEMPT_WORDS[attempt.outcome] if attempt.outcome else "is running",
        detail=attempt.detail or "",
    )


def _facts(job: JobView, now: datetime) -> tuple[tuple[str, str], ...]:
    facts = [
        ("As of", numbers.day(job.as_of)),
        ("Submitted", f"{numbers.moment(job.created_at)} ({numbers.age((now - job.created_at).total_seconds())})"),
    ]
    if job.started_at and job.finished_at:
        facts.append(("Took", numbers.duration(max((job.finished_at - job.started_at).total_seconds(), 0.0))))
    facts += [
        ("Attempts allowed", str(job.max_attempts)),
        ("Seed", str(job.seed)),
        ("Longest run", numbers.duration(job.deadline_seconds)),
        ("Job", job.id),
    ]
    return tuple(facts)
