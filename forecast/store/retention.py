"""Queries about what may be removed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from forecast.store.living_tables import OccurrenceRow
from forecast.store.tables import (
    AttemptRow,
    DocumentRow,
    DrawingRow,
    ExplanationRow,
    ForecastRow,
    JobEventRow,
    JobRow,
    PriorPreviewRow,
    StudyRow,
    StudyVersionRow,
)

REMOVED = "its job was removed by the rules of retention"


class RetentionRepository:
    """What may be removed, as one transaction sees it; of all workspaces."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def removable_draws(self, limit: int, made_before: datetime | None = None) -> tuple[ForecastRow, ...]:
        """Forecasts that still have draws nobody needs, oldest first.

        Needed are those of the newest forecast of each study that was not refused, of which queries and updates are; those
        that a job which has not ended begins from; and those whose figures are not drawn yet.
        """
        newest = (
            select(func.max(ForecastRow.id))
            .where(ForecastRow.verdict != "refused")
            .group_by(ForecastRow.workspace, ForecastRow.study)
        )
        wanted = select(JobRow.target).where(JobRow.target.is_not(None), JobRow.state.in_(("queued", "running")))
        undrawn = select(DrawingRow.forecast_id).where(DrawingRow.drawn_at.is_(None))
        query = (
            select(ForecastRow)
            .where(ForecastRow.draws_removed_at.is_(None))
            .where(ForecastRow.id.not_in(newest), ForecastRow.id.not_in(wanted), ForecastRow.id.not_in(undrawn))
            .order_by(ForecastRow.id)
            .limit(limit)
        )
        if made_before is not None:
            query = query.where(ForecastRow.made_at < made_before)
        return tuple(self._session.scalars(query))

    def draws_bytes(self) -> int:
        """Size of all draws that there are."""
        query = select(func.sum(ForecastRow.artifact_bytes)).where(ForecastRow.draws_removed_at.is_(None))
        return int(self._session.scalar(query) or 0)

    def mark_removed(self, forecast_ids: Collection[str], now: datetime) -> None:
        """Say that the draws of forecasts are gone."""
        chosen = ForecastRow.id.in_(list(forecast_ids))
        self._session.execute(update(ForecastRow).where(chosen).values(draws_removed_at=now))

    def remove_jobs(self, ended_before: datetime, limit: int) -> int:
        """Remove jobs that failed or were cancelled before a moment, with their attempts and events; how many."""
        query = (
            select(JobRow.id)
            .where(JobRow.state.in_(("failed", "cancelled")), JobRow.finished_at < ended_before)
            .where(JobRow.id.not_in(select(ForecastRow.job_id)), JobRow.id.not_in(select(ExplanationRow.job_id)))
            .order_by(JobRow.id)
            .limit(limit)
        )
        jobs = list(self._session.scalars(query))
        # A due time stays in the record of its schedule.
        occurrences = update(OccurrenceRow).where(OccurrenceRow.job_id.in_(jobs))
        self._session.execute(occurrences.values(job_id=None, reason=func.coalesce(OccurrenceRow.reason, REMOVED)))
        for row in (AttemptRow, JobEventRow):
            self._session.execute(delete(row).where(row.job_id.in_(jobs)))
        self._session.execute(delete(JobRow).where(JobRow.id.in_(jobs)))
        return len(jobs)

    def remove_documents(self, made_before: datetime, limit: int) -> int:
        """Remove documents that nothing mentions any more; how many."""
        mentioned = [
            select(row.digest).where(row.digest == DocumentRow.digest).exists()
            for row in (StudyRow, StudyVersionRow, JobRow, ForecastRow, PriorPreviewRow)
        ]
        query = select(DocumentRow.digest).where(DocumentRow.created_at < made_before, ~or_(*mentioned)).limit(limit)
        digests = list(self._session.scalars(query))
        self._session.execute(delete(DocumentRow).where(DocumentRow.digest.in_(digests)))
        return len(digests)
