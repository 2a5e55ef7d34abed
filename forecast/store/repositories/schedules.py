"""Queries about schedules and their due times."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from forecast.store.repositories.pages import Page, decode_cursor, make_page, moment_in
from forecast.store.tables.core import JobRow
from forecast.store.tables.living import OccurrenceRow, ScheduleRow

_RUNS = "runs"


class ScheduleRepository:
    """Schedules, as one transaction sees them. Deleted ones are kept for their runs, and no query finds them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: ScheduleRow) -> None:
        self._session.add(row)
        self._session.flush()

    def get(self, schedule_id: str) -> ScheduleRow | None:
        row = self._session.get(ScheduleRow, schedule_id, populate_existing=True)
        return None if row is None or row.deleted_at is not None else row

    def claim_due(self, schedule_id: str, now: datetime) -> ScheduleRow | None:
        """A schedule that is still due, held until the transaction ends, where the database can; else None."""
        query = select(ScheduleRow).where(
            ScheduleRow.id == schedule_id,
            ScheduleRow.enabled,
            ScheduleRow.deleted_at.is_(None),
            ScheduleRow.next_due <= now,
        )
        return self._session.scalar(query.with_for_update(skip_locked=True).execution_options(populate_existing=True))

    def due(self, now: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """Workspace and id of schedules that are due, the one that has waited longest first."""
        query = select(ScheduleRow.workspace, ScheduleRow.id).where(
            ScheduleRow.enabled, ScheduleRow.deleted_at.is_(None), ScheduleRow.next_due <= now
        )
        found = self._session.execute(query.order_by(ScheduleRow.next_due).limit(limit))
        return tuple((row.workspace, row.id) for row in found)

    def longest_due(self, now: datetime) -> datetime | None:
        """Since when the schedule that has waited longest is due; None when none is."""
        query = select(func.min(ScheduleRow.next_due)).where(
            ScheduleRow.enabled, ScheduleRow.deleted_at.is_(None), ScheduleRow.next_due <= now
        )
        return self._session.scalar(query)

    def next_due_of(self, studies: Collection[str]) -> dict[str, datetime]:
        """When each study is due next, for those that have a schedule in force."""
        query = (
            select(ScheduleRow.study, func.min(ScheduleRow.next_due))
            .where(ScheduleRow.study.in_(studies), ScheduleRow.deleted_at.is_(None), ScheduleRow.next_due.is_not(None))
            .group_by(ScheduleRow.study)
        )
        return {study: due for study, due in self._session.execute(query) if due is not None}

    def page(self, limit: int, cursor: str | None = None, study: str | None = None) -> Page[ScheduleRow]:
        """Schedules, newest first."""
        listing = f"schedules:{study or ''}"
        query = select(ScheduleRow).where(ScheduleRow.deleted_at.is_(None)).order_by(ScheduleRow.id.desc())
        if study is not None:
            query = query.where(ScheduleRow.study == study)
        if (before := decode_cursor(listing, cursor)) is not None:
            query = query.where(ScheduleRow.id < before)
        rows = list(self._session.scalars(query.limit(limit + 1)))
        return make_page(listing, rows, [row.id for row in rows], limit)

    def add_occurrence(self, row: OccurrenceRow) -> None:
        self._session.add(row)
        self._session.flush()

    def has_occurrence(self, schedule_id: str, due_at: datetime) -> bool:
        return self._session.get(OccurrenceRow, (schedule_id, due_at)) is not None

    def runs(self, schedule_id: str, limit: int, cursor: str | None = None) -> Page[OccurrenceRow]:
        """Due times and what came of them, newest first."""
        listing = f"{_RUNS}:{schedule_id}"
        query = select(OccurrenceRow).where(OccurrenceRow.schedule_id == schedule_id)
        if (before := decode_cursor(listing, cursor)) is not None:
            query = query.where(OccurrenceRow.due_at < moment_in(before))
        rows = list(self._session.scalars(query.order_by(OccurrenceRow.due_at.desc()).limit(limit + 1)))
        return make_page(listing, rows, [row.due_at.isoformat() for row in rows], limit)

    def newest_job(self, schedule_id: str) -> JobRow | None:
        """The job of the latest due time that has one."""
        query = select(JobRow).join(OccurrenceRow, OccurrenceRow.job_id == JobRow.id)
        query = query.where(OccurrenceRow.schedule_id == schedule_id).order_by(OccurrenceRow.due_at.desc()).limit(1)
        return self._session.scalar(query)
