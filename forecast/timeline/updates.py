"""Explanations that are submitted automatically.

A scheduled forecast is compared with the one before it. A scored forecast gets an attribution, which shows what the
prior and the reference classes alone would have said.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from forecast.answer import Verdict
from forecast.errors import ForecastError
from forecast.jobs.errors import BacklogFullError, QuotaExceededError
from forecast.jobs.quotas import JobLimits
from forecast.jobs.states import JobKind
from forecast.jobs.submit import submit_explanation
from forecast.runtime.logs import get_logger
from forecast.store import Database, ForecastRepository, ScoreRepository
from forecast.timeline.ledger import PUBLISHED

LOOK_BACK: Final = timedelta(days=2)
"""How long a forecast may wait for it, while the backlog is full or nothing runs."""
BATCH: Final = 200
SCORED_BATCH: Final = 10
"""An attribution runs the program several times; the ledger is not in a hurry."""

log = get_logger(__name__)


def explain_updates(database: Database, limits: JobLimits, now: datetime) -> list[str]:
    """Submit the comparison of each forecast that a schedule made with the one before it; ids of the new jobs.

    Each forecast is asked about once, however many processes look: the job's idempotency key is the forecast's.
    """
    with database.read() as session:
        forecasts = ForecastRepository(session)
        waiting = [
            (workspace, forecast_id)
            for workspace, forecast_id in forecasts.scheduled_without(JobKind.TRIAGE.value, now - LOOK_BACK, BATCH)
            if _has_previous(forecasts, forecast_id)
        ]
    return _ask(database, limits, JobKind.TRIAGE, waiting, now)


def attribute_scored(database: Database, limits: JobLimits, now: datetime) -> list[str]:
    """Submit the attribution of forecasts that were scored, a few at a time; ids of the new jobs.

    Its first steps are the baselines of the ledger. Each forecast is asked about once.
    """
    with database.read() as session:
        waiting = ScoreRepository(session).never_asked(PUBLISHED, JobKind.ATTRIBUTION.value, SCORED_BATCH)
    return _ask(database, limits, JobKind.ATTRIBUTION, waiting, now)


def _ask(
    database: Database, limits: JobLimits, kind: JobKind, forecasts: Iterable[tuple[str, str]], now: datetime
) -> list[str]:
    made, full = [], set[str]()
    for workspace, forecast_id in forecasts:
        if workspace in full:
            continue
        with database.of(workspace).write() as session:
            target = ForecastRepository(session).get(forecast_id)
            assert target is not None, "forecasts are never removed"
            # No client can send a key with a control character.
            key = f"\x1f{kind.value}:{forecast_id}"
            try:
                submission = submit_explanation(
                    session, target, kind, limits, idempotency_key=key, request_hash=key, now=now
                )
            except BacklogFullError as error:
                log.warning("explanation_waits", forecast=forecast_id, kind=kind.value, error=str(error))
                break
            except QuotaExceededError as error:
                log.warning("explanation_waits", forecast=forecast_id, kind=kind.value, error=str(error))
                full.add(workspace)
                continue
            except ForecastError as error:
                log.warning("explanation_refused", forecast=forecast_id, kind=kind.value, error=str(error))
                continue
        if submission.is_new:
            made.append(submission.job.id)
    return made


def _has_previous(forecasts: ForecastRepository, forecast_id: str) -> bool:
    """Whether there is something to compare: not for the first of its study, nor for one that was refused.

    Asked while reading: a look at what nothing follows from must not keep writers waiting.
    """
    row = forecasts.get(forecast_id)
    return row is not None and row.verdict != Verdict.REFUSED and forecasts.previous(row) is not None
