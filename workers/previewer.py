"""Computes what a document's priors alone imply."""

from __future__ import annotations

import json
from enum import StrEnum

from forecast.errands import ErrandKind, ErrandRule, begin_errand
from forecast.errors import ForecastError
from forecast.jobs.previews import PriorAnswer, PriorOutcome
from forecast.pipeline.preview import PriorCurves, preview_priors
from forecast.runtime.logs import get_logger
from forecast.store import Database, ErrandRepository, PreviewRepository, StudyRepository, utc_now
from forecast.study import study_from_document

log = get_logger(__name__)


class PreviewOutcome(StrEnum):
    """What came of a message about a preview."""

    DROPPED = "dropped"
    """No request asked for it, or it is answered."""
    ANSWERED = "answered"
    FAILED = "failed"


def answer_preview(database: Database, digest: str, rule: ErrandRule) -> PreviewOutcome:
    """Answer a preview that waits, of the workspace that the database is confined to."""
    assert database.workspace is not None, "a preview belongs to a workspace"
    with database.write() as session:
        row = PreviewRepository(session).get(digest)
        errand = begin_errand(session, ErrandKind.PREVIEW, database.workspace, digest, rule, utc_now())
        if row is None or errand is None:
            return PreviewOutcome.DROPPED
        if rule.is_spent(errand):
            ErrandRepository(session).finish(errand, utc_now(), given_up=True)
            row.error, row.made_at = rule.gave_up, utc_now()
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
        row, errands = PreviewRepository(session).get(digest), ErrandRepository(session)
        held = errands.held(errand) or errands.given_up(errand)
        if row is None or held is None:
            return PreviewOutcome.DROPPED
        errands.finish(held, utc_now())
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
                confidence=outcome.confidence,
                horizon=outcome.horizon,
            )
            for outcome in curves.outcomes
        ),
        figure=curves.figure,
        draws=curves.draws,
    )
