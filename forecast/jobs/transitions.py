"""What changes in a job's row when it ends or goes back to the queue, and in the counters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from forecast.jobs.counting import Counter
from forecast.jobs.states import JobState
from forecast.store import CounterRepository, worker_seconds_now


def count_ended(session: Session, kind: str, state: JobState) -> None:
    """Count a job that has ended."""
    CounterRepository(session).add({(Counter.JOBS_ENDED, f"{kind}:{state.value}"): 1})


def ended_values(state: JobState, now: datetime) -> dict[str, Any]:
    """What changes in a job's row when it ends."""
    return {"state": state.value, "finished_at": now, "fence": None, "lease_seconds": None}


def requeued_values(now: datetime) -> dict[str, Any]:
    """What changes in a job's row when it goes back to the queue."""
    return {
        "state": JobState.QUEUED.value,
        "queued_at": now,
        "queued_worker_time": worker_seconds_now(),
        "fence": None,
        "lease_seconds": None,
        "beats": 0,
        "computed_seconds": 0.0,
        "worker": None,
        "progress": None,
        "dispatched_at": None,
        "dispatches": 0,
    }
