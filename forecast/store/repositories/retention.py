"""Queries about what may be removed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from forecast.store.tables.core import (
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
from forecast.store.tables.living import OccurrenceRow

REMOVED = "its job was removed by the rules of retention"


_NEEDED: Final[tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...]] = (
    # As `ForecastRepository.latest` orders them, with and without those that were refused.
    ((ForecastRow.version.is_(None), ForecastRow.as_of.desc(), ForecastRow.id.desc()), ()),
    (
        (ForecastRow.version.is_(None), ForecastRow.as_of.desc(), ForecastRow.id.desc()),
        (ForecastRow.verdict != "refused",),
    ),
    # As `sampled_before` does. Only its answer says whether an update was sampled again, so forecasts that are no
    # update count.
    (
        (ForecastRow.as_of.desc(), ForecastRow.id.desc()),
        (
            ForecastRow.version.is_not(None),
            ForecastRow.verdict == "published",
            ForecastRow.job_id.in_(select(JobRow.id).where(JobRow.kind == "forecast")),
        ),
    ),
)


def _first_of(order: tuple[Any, ...], *guards: Any) -> Select[tuple[str]]:
    """Ids of the first forecast of each study in an order, among those that have draws."""
    place = func.row_number().over(partition_by=(ForecastRow.workspace, ForecastRow.study), order_by=order)
    ranked = (
        select(ForecastRow.id, place.label("place")).where(ForecastRow.draws_removed_at.is_(None), *guards).subquery()
    )
    return select(ranked.c.id).where(ranked.c.place == 1)


class RetentionRepository:
    """What may be removed, as one transaction sees it; of all workspaces."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def removable_draws(self, limit: int, made_before: datetime | None = None) -> tuple[ForecastRow, ...]:
        """Forecasts that still have draws which are not needed, oldest first.

        Needed for each study are the draws of three forecasts: the latest one, which is shown and queried; the latest
        sampled and published one, from which updates begin; and the newest one of the current version. Also needed are
        draws from which a job that has not ended begins, and draws whose figures are not drawn yet.
        """
        needed = [_first_of(order, *guards) for order, guards in _NEEDED]
        current = (
            select(func.max(ForecastRow.id))
            .join(StudyRow, and_(StudyRow.workspace == ForecastRow.workspace, StudyRow.id == ForecastRow.study))
            .where(ForecastRow.version == StudyRow.digest)
            .group_by(ForecastRow.workspace, ForecastRow.study)
        )
        wanted = select(JobRow.target).where(JobRow.target.is_not(None), JobRow.state.in_(("queued", "running")))
        undrawn = select(DrawingRow.forecast_id).where(DrawingRow.drawn_at.is_(None))
        query = (
            select(ForecastRow)
            .where(ForecastRow.draws_removed_at.is_(None))
            .where(*(ForecastRow.id.not_in(chosen) for chosen in (*needed, current, wanted, undrawn)))
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
