"""What is counted for the operator of the installation: names of counters, and their values right now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from forecast.jobs.states import JobKind, JobState
from forecast.queue.queues import ErrandKind
from forecast.store import ClockRepository, CounterRepository, ErrandRepository, JobRepository, ScheduleRepository


class Counter(StrEnum):
    """Names of counters in the database."""

    JOBS_ENDED = "jobs_ended"
    """By kind and state."""
    STAGE_SECONDS = "stage_seconds"
    """By stage, summed over forecasts."""
    STAGE_RUNS = "stage_runs"
    DIVERGENCES = "divergences"
    LEASES_EXPIRED = "leases_expired"
    REDISPATCHES = "redispatches"
    RESULTS_REFUSED = "results_refused"
    """Late results of attempts that had lost their job."""
    OCCURRENCES = "occurrences"
    """Due times of schedules, by what came of them."""
    LATENESS_SECONDS = "lateness_seconds"
    """From due times to their jobs, summed."""
    PROGRAMS = "programs"
    """Compiled, or read from the cache."""
    DRAWS_REMOVED = "draws_removed"
    """Files removed for their age or for want of room."""


class Kind(StrEnum):
    """How a measurement is to be read."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True)
class Measurement:
    """A number under a name; with a label where there are several of them."""

    name: str
    help: str
    kind: Kind
    labels: tuple[str, ...]
    """Names of the labels."""
    values: Mapping[tuple[str, ...], float]
    """By the values of the labels, in that order."""


_COUNTERS: Final[Mapping[Counter, tuple[str, str, tuple[str, ...]]]] = {
    Counter.JOBS_ENDED: ("forecast_jobs_ended", "Jobs that have ended, by kind and state.", ("kind", "state")),
    Counter.STAGE_SECONDS: ("forecast_stage_seconds", "Time spent in each stage of forecasts.", ("stage",)),
    Counter.STAGE_RUNS: ("forecast_stage_runs", "How often each stage has run.", ("stage",)),
    Counter.DIVERGENCES: ("forecast_divergences", "Divergent transitions after warm-up.", ()),
    Counter.LEASES_EXPIRED: ("forecast_leases_expired", "Attempts whose worker fell silent.", ()),
    Counter.REDISPATCHES: ("forecast_redispatches", "Jobs that were published again.", ()),
    Counter.RESULTS_REFUSED: ("forecast_results_refused", "Results of attempts that had lost their job.", ()),
    Counter.OCCURRENCES: ("forecast_occurrences", "Due times of schedules, by what came of them.", ("status",)),
    Counter.LATENESS_SECONDS: ("forecast_lateness_seconds", "From due times to their jobs, summed.", ()),
    Counter.PROGRAMS: (
        "forecast_programs",
        "Programs that workers have compiled, or read from the cache.",
        ("source",),
    ),
    Counter.DRAWS_REMOVED: ("forecast_draws_removed", "Files of draws removed by the rules of retention.", ()),
}


def read_measurements(session: Session, now: datetime) -> tuple[Measurement, ...]:
    """All measurements of the whole installation that the database holds, at a moment."""
    jobs = JobRepository(session)
    # A counter without labels is 0 before anything happened; of others it is not known yet which there will be.
    counted: dict[str, dict[tuple[str, ...], float]] = {
        counter: {} if labels else {(): 0.0} for counter, (_, _, labels) in _COUNTERS.items()
    }
    for row in CounterRepository(session).all():
        if row.name in counted:
            counted[row.name][tuple(row.label.split(":")) if row.label else ()] = row.value
    found = [
        Measurement(name, text, Kind.COUNTER, labels, counted[counter])
        for counter, (name, text, labels) in _COUNTERS.items()
    ]
    standing = jobs.standing()
    states: dict[tuple[str, ...], float] = {
        (kind.value, state.value): float(standing.get((kind.value, state.value), 0))
        for kind in JobKind
        for state in (JobState.QUEUED, JobState.RUNNING)
    }
    clocks = ClockRepository(session)
    held: dict[tuple[str, ...], float] = {
        (row.host,): float(row.held_until is not None) for row in clocks.host_clocks()
    }
    offsets: dict[tuple[str, ...], float] = {
        (row.host, row.role): row.offset_seconds for row in clocks.signs() if row.offset_seconds is not None
    }
    errands = ErrandRepository(session)
    waiting: dict[tuple[str, ...], float] = {
        (kind.value, state): float(counts.get(kind.value, 0))
        for state, counts in (("waiting", errands.count_by_kind()), ("given_up", errands.count_given_up()))
        for kind in ErrandKind
    }
    oldest, due = jobs.oldest_queued_at(), ScheduleRepository(session).longest_due(now)
    return (
        *found,
        Measurement(
            "forecast_jobs", "Jobs that have not ended, by kind and state.", Kind.GAUGE, ("kind", "state"), states
        ),
        Measurement(
            "forecast_errands",
            "Fetches, deliveries, drawings and previews that wait, or that were given up within a week.",
            Kind.GAUGE,
            ("kind", "state"),
            waiting,
        ),
        Measurement(
            "forecast_clock_held",
            "Whether nothing is done by the clock of a machine because it has jumped.",
            Kind.GAUGE,
            ("host",),
            held,
        ),
        Measurement(
            "forecast_clock_offset_seconds",
            "How far the clock of a process is ahead of that of the database.",
            Kind.GAUGE,
            ("host", "role"),
            offsets,
        ),
        _gauge("forecast_queue_age_seconds", "How long the oldest queued job has waited.", _age(oldest, now)),
        _gauge("forecast_schedule_overdue_seconds", "How long a schedule has been due.", _age(due, now)),
    )


def _gauge(name: str, text: str, value: float) -> Measurement:
    return Measurement(name, text, Kind.GAUGE, (), {(): value})


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())
