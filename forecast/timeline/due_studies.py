"""The study of a due time, read before the transaction that fires it: reading takes long, and others wait to write."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from forecast.answer import METHOD_VERSION
from forecast.errors import StudyError
from forecast.jobs.limits import StudyLimits
from forecast.jobs.states import JobState
from forecast.jobs.submit import prepare_study
from forecast.store import Database, ScheduleRepository, StudyRepository
from forecast.store.tables.core import JobRow
from forecast.store.tables.living import ScheduleRow
from forecast.study import Study, with_as_of
from forecast.timeline.appending import Standing
from forecast.timeline.knowledge import Knowledge, known_study


@dataclass(frozen=True)
class Circumstances:
    """What a due time's study depends on; equal ones give the same study."""

    due_at: datetime
    standing: Standing
    timezone: str
    sampler: str
    last_job: str | None
    last_state: str | None

    @classmethod
    def of(cls, session: Session, row: ScheduleRow, due_at: datetime) -> Circumstances:
        """As a transaction sees them."""
        last = ScheduleRepository(session).newest_job(row.id)
        return cls(
            due_at,
            Standing.of(session, row.study),
            row.timezone,
            repr(row.sampler),
            None if last is None else last.id,
            None if last is None else last.state,
        )


@dataclass(frozen=True)
class DueStudy:
    """What a due time would compute."""

    circumstances: Circumstances
    study: Study | None
    """None when it cannot be read."""
    version: str
    unchanged: str | None = None
    """Why another forecast would give nothing new."""
    error: str | None = None


def read_due_study(
    database: Database, schedule_id: str, due_at: datetime, now: datetime, limits: StudyLimits | None
) -> DueStudy | None:
    """Read the study of a due time; None when the schedule is gone."""
    with database.read() as session:
        row = ScheduleRepository(session).get(schedule_id)
        if row is None:
            return None
        circumstances = Circumstances.of(session, row, due_at)
        last = ScheduleRepository(session).newest_job(row.id)
        try:
            known = _known(session, row, due_at, now)
            study = prepare_study(known.study, None, row.sampler, limits)
        except StudyError as error:
            return DueStudy(circumstances, None, circumstances.standing.digest, error=str(error))
        return DueStudy(circumstances, study, known.version, None if last is None else _unchanged(last, study))


def _known(session: Session, row: ScheduleRow, due_at: datetime, now: datetime) -> Knowledge:
    study_row = StudyRepository(session).get(row.study)
    assert study_row is not None, "a schedule points to its study"
    as_of = due_at.astimezone(zoneinfo.ZoneInfo(row.timezone)).date()
    return known_study(session, study_row, now, as_of=as_of, recorded_by=due_at)


def _unchanged(last: JobRow, study: Study) -> str | None:
    """Why another forecast would give nothing new: same document, evidence and method, within the same period."""
    if (
        last.state not in (JobState.SUCCEEDED, JobState.QUEUED, JobState.RUNNING)
        or last.method_version != METHOD_VERSION
    ):
        return None
    calendar = study.calendar
    if calendar.natural_period(last.as_of) != calendar.natural_period(study.as_of):
        return None
    try:
        then = with_as_of(study, last.as_of)
    except StudyError:  # it says something that could not be said on that day
        return None
    if then.digest != last.digest:
        return None
    return f"nothing has changed since job {last.id}: no new evidence, the same document, method and {calendar.period}"
