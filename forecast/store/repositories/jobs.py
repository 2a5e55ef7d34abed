"""Queries about jobs. Every change of state is one UPDATE with a guard: it happens once, or not at all.

This module knows how rows are changed, `forecast.jobs` decides when. Nothing here reads a row first and writes it
later, so no two processes can both believe that they made the same change.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from forecast.store.binding import EVERYWHERE
from forecast.store.repositories.clocks import worker_seconds_now
from forecast.store.repositories.pages import Page, decode_cursor, make_page
from forecast.store.tables.core import AttemptRow, JobEventRow, JobRow

CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""Between two processes; more is a clock that was set."""


class JobRepository:
    """Jobs, their attempts and events, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: JobRow) -> None:
        self._session.add(row)
        self._session.flush()

    def get(self, job_id: str) -> JobRow | None:
        """The job as it stands in the database now."""
        return self._session.get(JobRow, job_id, populate_existing=True)

    def by_key(self, idempotency_key: str) -> JobRow | None:
        return self._session.scalar(select(JobRow).where(JobRow.idempotency_key == idempotency_key))

    def page(
        self, limit: int, cursor: str | None = None, state: str | None = None, study: str | None = None
    ) -> Page[JobRow]:
        """Jobs, newest first."""
        listing = f"jobs:{state or ''}:{study or ''}"
        query = select(JobRow).order_by(JobRow.id.desc()).limit(limit + 1)
        if state is not None:
            query = query.where(JobRow.state == state)
        if study is not None:
            query = query.where(JobRow.study == study)
        if (before := decode_cursor(listing, cursor)) is not None:
            query = query.where(JobRow.id < before)
        rows = list(self._session.scalars(query))
        return make_page(listing, rows, [row.id for row in rows], limit)

    def explaining(self, forecast_id: str) -> dict[str, str]:
        """Id by kind of jobs that will explain a forecast and have not ended, the newest of each kind."""
        query = select(JobRow.kind, JobRow.id).where(
            JobRow.target == forecast_id, JobRow.kind != "update", JobRow.state.in_(("queued", "running"))
        )
        return {row.kind: row.id for row in self._session.execute(query.order_by(JobRow.id))}

    def count(self, state: str) -> int:
        """How many jobs are in a state; of its workspace, in a session that is bound to one."""
        return self._session.scalar(select(func.count()).select_from(JobRow).where(JobRow.state == state)) or 0

    def count_everywhere(self, state: str) -> int:
        """How many jobs of the installation are in a state."""
        query = select(func.count()).select_from(JobRow).where(JobRow.state == state)
        return self._session.scalar(query, execution_options={EVERYWHERE: True}) or 0

    def count_in(self, workspace: str, state: str) -> int:
        """How many jobs of a workspace are in a state."""
        query = select(func.count()).select_from(JobRow).where(JobRow.workspace == workspace, JobRow.state == state)
        return self._session.scalar(query) or 0

    def standing(self) -> dict[tuple[str, str], int]:
        """How many jobs have not ended, by kind and state."""
        query = (
            select(JobRow.kind, JobRow.state, func.count())
            .where(JobRow.state.in_(("queued", "running")))
            .group_by(JobRow.kind, JobRow.state)
        )
        return {(row[0], row[1]): row[2] for row in self._session.execute(query)}

    def oldest_queued_at(self) -> datetime | None:
        """Since when the job that has waited longest is queued; None when none is."""
        return self._session.scalar(select(func.min(JobRow.queued_at)).where(JobRow.state == "queued"))

    def count_of_worker(self, prefix: str) -> int:
        """How many jobs run in processes whose name begins with this prefix."""
        query = select(func.count()).select_from(JobRow)
        query = query.where(JobRow.state == "running", JobRow.worker.startswith(prefix, autoescape=True))
        return self._session.scalar(query) or 0

    def running_by_workspace(self) -> dict[str, int]:
        """How many jobs each workspace has running, for those that have any."""
        query = select(JobRow.workspace, func.count()).where(JobRow.state == "running").group_by(JobRow.workspace)
        return {row[0]: row[1] for row in self._session.execute(query)}

    def count_since(self, moment: datetime) -> int:
        """How many jobs were accepted since a moment; of its workspace, in a session that is bound to one."""
        query = select(func.count()).select_from(JobRow).where(JobRow.created_at >= moment)
        return self._session.scalar(query) or 0

    def count_before(self, row: JobRow) -> int:
        """How many queued jobs of its workspace came before this one; those of other workspaces are not counted."""
        query = select(func.count()).select_from(JobRow).where(JobRow.state == "queued", JobRow.id < row.id)
        return self._session.scalar(query) or 0

    def change(self, job_id: str, *guards: ColumnElement[bool], **values: Any) -> bool:
        """Change one row if every guard holds; returns whether it did. Watchers see a new revision."""
        statement = (
            update(JobRow)
            .where(JobRow.id == job_id, *guards)
            .values(revision=JobRow.revision + 1, **values)
            .execution_options(synchronize_session=False)
        )
        return self._rows_of(statement) == 1

    def touch(self, job_id: str, *guards: ColumnElement[bool], **values: Any) -> bool:
        """As `change`, for what watchers need not see."""
        statement = update(JobRow).where(JobRow.id == job_id, *guards).values(**values)
        return self._rows_of(statement.execution_options(synchronize_session=False)) == 1

    def _rows_of(self, statement: Any) -> int:
        return int(self._session.execute(statement).rowcount)  # type: ignore[attr-defined]

    def add_attempt(self, job_id: str, number: int, worker: str, now: datetime) -> None:
        self._session.add(AttemptRow(job_id=job_id, number=number, worker=worker, started_at=now))
        self._session.flush()

    def end_attempt(self, job_id: str, number: int, outcome: str, detail: str | None, now: datetime) -> None:
        statement = (
            update(AttemptRow)
            .where(AttemptRow.job_id == job_id, AttemptRow.number == number, AttemptRow.ended_at.is_(None))
            .values(ended_at=now, outcome=outcome, detail=detail)
            .execution_options(synchronize_session=False)
        )
        self._session.execute(statement)

    def attempts(self, job_id: str) -> tuple[AttemptRow, ...]:
        query = select(AttemptRow).where(AttemptRow.job_id == job_id).order_by(AttemptRow.number)
        return tuple(self._session.scalars(query.execution_options(populate_existing=True)))

    def add_event(self, job_id: str, event: str, now: datetime, **detail: Any) -> None:
        self._session.add(JobEventRow(job_id=job_id, at=now, event=event, detail=detail))
        self._session.flush()

    def events(self, job_id: str) -> tuple[JobEventRow, ...]:
        """What happened to a job, in order."""
        return tuple(
            self._session.scalars(select(JobEventRow).where(JobEventRow.job_id == job_id).order_by(JobEventRow.id))
        )

    def running(self) -> tuple[JobRow, ...]:
        return self._where(JobRow.state == "running")

    def running_past_deadline(self, grace_seconds: float) -> tuple[JobRow, ...]:
        return self._where(JobRow.state == "running", JobRow.computed_seconds > JobRow.deadline_seconds + grace_seconds)

    def waiting_longer(self, seconds: float) -> tuple[JobRow, ...]:
        """Jobs that have waited longer, of the time in which there were workers."""
        return self._where(JobRow.state == "queued", JobRow.queued_worker_time < worker_seconds_now() - seconds)

    def due_for_dispatch(
        self, backoff_seconds: Sequence[float], now: datetime, limit: int, but_not: Collection[str] = ()
    ) -> tuple[JobRow, ...]:
        """Queued jobs that were never dispatched, or too long ago for how often they were; oldest first.

        Parameters
        ----------
        but_not
            Workspaces whose jobs have to wait.
        """
        last = len(backoff_seconds)
        steps = [
            and_(
                JobRow.dispatches == count if count < last else JobRow.dispatches >= last,
                # Otherwise a row noted by a clock that was ahead would wait until that moment comes.
                or_(
                    JobRow.dispatched_at < now - timedelta(seconds=seconds), JobRow.dispatched_at > now + CLOCKS_DIFFER
                ),
            )
            for count, seconds in enumerate(backoff_seconds, start=1)
        ]
        query = select(JobRow).where(JobRow.state == "queued", or_(JobRow.dispatched_at.is_(None), *steps))
        if but_not:
            query = query.where(JobRow.workspace.not_in(but_not))
        return tuple(self._session.scalars(query.order_by(JobRow.id).limit(limit)))

    def mark_dispatched(self, job_id: str, now: datetime) -> bool:
        """Note that a job that still waits was published."""
        return self.touch(job_id, JobRow.state == "queued", dispatched_at=now, dispatches=JobRow.dispatches + 1)

    def forget_dispatches(self) -> int:
        """Treat every queued job as never dispatched; returns how many there are."""
        statement = update(JobRow).where(JobRow.state == "queued").values(dispatched_at=None, dispatches=0)
        return self._rows_of(statement.execution_options(synchronize_session=False))

    def republish_later(self, job_id: str) -> bool:
        """Treat a queued job as never dispatched: its message reached a worker while its workspace had no place
        left."""
        return self.touch(job_id, JobRow.state == "queued", dispatched_at=None, dispatches=0)

    def unclaimed_since(self, moment: datetime) -> int:
        """How many queued jobs were published more than once and have waited since before a moment."""
        query = (
            select(func.count())
            .select_from(JobRow)
            .where(JobRow.state == "queued", JobRow.queued_at < moment, JobRow.dispatches > 1)
        )
        return self._session.scalar(query) or 0

    def _where(self, *guards: ColumnElement[bool]) -> tuple[JobRow, ...]:
        return tuple(self._session.scalars(select(JobRow).where(*guards).order_by(JobRow.id)))
