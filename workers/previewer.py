"""Answering what a document's priors alone imply."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Final

from forecast.errors import ForecastError
from forecast.jobs.previews import PriorAnswer, PriorOutcome
from forecast.pipeline.preview import PriorCurves, preview_priors
from forecast.runtime.logs import get_logger
from forecast.store import Database, PreviewRepository, StudyRepository, utc_now
from forecast.study import study_from_document

MAX_ATTEMPTS: Final = 3
GIVEN_UP: Final = f"given up after {MAX_ATTEMPTS} tries that did not end"

log = get_logger(__name__)


class PreviewOutcome(StrEnum):
    """What came of a message about a preview."""

    DROPPED = "dropped"
    """Nobody asked for it, or it is answered."""
    ANSWERED = "answered"
    FAILED = "failed"


def answer_preview(database: Database, digest: str) -> PreviewOutcome:
    """Answer a preview that waits."""
    with database.write() as session:
        row = PreviewRepository(session).get(digest)
        if row is None or row.made_at is not None:
            return PreviewOutcome.DROPPED
        row.attempts += 1
        if row.attempts > MAX_ATTEMPTS:
            row.error, row.made_at = GIVEN_UP, utc_now()
            return PreviewOutcome.FAILED
        document = StudyRepository(session).document(digest)
    answer, error = None, None
    try:
        answer = _answered(preview_priors(study_from_document(json.loads(document or "null"))))
    except ForecastError as refused:
        error = str(refused)
    except Exception as failure:
        log.exception("preview_failed", digest=digest)
        error = f"{type(failure).__name__}: the priors could not be rolled forward; look for extreme priors"
    with database.write() as session:
        row = PreviewRepository(session).get(digest)
        if row is None or (row.made_at is not None and row.error != GIVEN_UP):
            return PreviewOutcome.DROPPED
        row.answer = None if answer is None else answer.model_dump_json()
        row.error, row.made_at = error, utc_now()
    return PreviewOutcome.ANSWERED if error is None else PreviewOutcome.FAILED


def _answered(curves: PriorCurves) -> PriorAnswer:
    return PriorAnswer(
        outcomes=tuple(
            PriorOutcome(
                id=outcome.id,
                title=outcome.title,
                kind=outcome.kind,
                probability=outcome.probability,
                low=outcome.interval.low,
                high=outcome.interval.high,
                words=outcome.words,
                horizon=outcome.horizon,
            )
            for outcome in curves.outcomes
        ),
        figure=curves.figure,
        draws=curves.draws,
    )
