"""Making room: draws of old forecasts, jobs that left nothing, documents that nothing mentions. Never the ledger.

The row first records that a file is gone, and then the file is removed. A process that dies in between leaves an
orphan, which the dispatcher removes like any other. Answers, probabilities, scores, evidence and resolutions stay for
ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from forecast.jobs.counting import Counter
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings
from forecast.store import ArtifactStore, CounterRepository, Database, KeyedAnswerRepository, RetentionRepository

BATCH: Final = 200
DOCUMENT_AGE: Final = timedelta(days=1)
"""Far longer than from storing a document to storing the row that mentions it."""

ANSWERS_KEPT: Final = timedelta(days=2)
"""How long a request may be repeated with its key; a promise of 24 hours, and a day for clocks and holidays."""
ANSWER_BATCHES: Final = 50
"""In one pass: jobs come faster than one batch of answers goes."""

log = get_logger(__name__)


@dataclass(frozen=True)
class Retention:
    """What is kept, and for how long."""

    draws_for: timedelta | None = None
    draws_bytes: int | None = None
    jobs_for: timedelta | None = None

    @classmethod
    def of(cls, settings: Settings) -> Retention:
        """That of an installation."""
        return cls(_days(settings.keep_draws_days), settings.keep_draws_bytes, _days(settings.keep_jobs_days))


def _days(count: float | None) -> timedelta | None:
    return None if count is None else timedelta(days=count)


@dataclass(frozen=True)
class Removed:
    """What was removed."""

    draws: tuple[str, ...] = ()
    """Forecasts whose files are gone."""
    jobs: int = 0
    documents: int = 0
    answers: int = 0
    """To requests with a key, which can be repeated no longer."""


def make_room(database: Database, artifacts: ArtifactStore, retention: Retention, now: datetime) -> Removed:
    """Remove what the rules let go, a batch of each kind."""
    draws = _remove_draws(database, artifacts, retention, now)
    with database.write() as session:
        rows = RetentionRepository(session)
        jobs = 0 if retention.jobs_for is None else rows.remove_jobs(now - retention.jobs_for, BATCH)
        documents = rows.remove_documents(now - DOCUMENT_AGE, BATCH)
    answers = _remove_answers(database, now - ANSWERS_KEPT)
    removed = Removed(draws, jobs, documents, answers)
    if removed != Removed():
        log.info("room_made", draws=len(draws), jobs=jobs, documents=documents, answers=answers)
    return removed


def _remove_answers(database: Database, than: datetime) -> int:
    total = 0
    for _ in range(ANSWER_BATCHES):
        with database.write() as session:
            count = KeyedAnswerRepository(session).remove_older(than, BATCH)
        total += count
        if count < BATCH:
            break
    return total


def _remove_draws(database: Database, artifacts: ArtifactStore, retention: Retention, now: datetime) -> tuple[str, ...]:
    with database.write() as session:
        rows = RetentionRepository(session)
        chosen = {}
        if retention.draws_for is not None:
            chosen = {row.id: row.artifact_path for row in rows.removable_draws(BATCH, now - retention.draws_for)}
        if retention.draws_bytes is not None:
            too_much = rows.draws_bytes() - retention.draws_bytes
            for row in rows.removable_draws(BATCH):
                if too_much <= 0:
                    break
                chosen[row.id] = row.artifact_path
                too_much -= row.artifact_bytes
        rows.mark_removed(chosen, now)
        if chosen:
            CounterRepository(session).add({(Counter.DRAWS_REMOVED, ""): len(chosen)})
    for path in chosen.values():
        artifacts.remove(path)
    return tuple(chosen)
