"""Making the jobs of schedules that are due: each due time once, whoever asks and however often.

A due time becomes one row under the key (schedule, due time), its job, and the schedule's next due time in a single
transaction. So the dispatcher and any number of beats may all call `fire_due`, and any of them may die anywhere.
"""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from forecast.errors import StudyError
from forecast.jobs.counting import Counter
from forecast.jobs.crash_points import crash_point
from forecast.jobs.errors import BacklogFullError, QuotaExceededError
from forecast.jobs.knowledge import known_study
from forecast.jobs.schedule_rule import rule_of
from forecast.jobs.states import JobState
from forecast.jobs.submit import CODE_VERSION, JobLimits, prepare_study, submit_job
from forecast.logs import get_logger
from forecast.store import CounterRepository, Database, ScheduleRepository, StudyRepository, utc_now
from forecast.store.living_tables import OccurrenceRow, ScheduleRow
from forecast.store.tables import JobRow
from forecast.study import Study

MAX_CAUGHT_UP: Final = 100
"""Due times of a schedule that one call deals with."""
ON_TIME_SECONDS: Final = 120.0
"""A due time this old has been missed; the dispatcher looks every few seconds."""
BATCH: Final = 100

log = get_logger(__name__)


class CatchUp(StrEnum):
    """What becomes of due times that were missed, while nothing ran."""

    SKIP = "skip"
    """None is made up for."""
    ONCE = "once"
    """The latest one is."""
    ALL = "all"
    """All are, oldest first."""


class Overlap(StrEnum):
    """What becomes of a due time while the schedule's last job is still queued or running."""

    SKIP = "skip"
    ALLOW = "allow"


class Unchanged(StrEnum):
    """What becomes of a due time when document, evidence, method and period are those of the last job."""

    SKIP = "skip"
    RUN = "run"


class RunStatus(StrEnum):
    """What came of a due time."""

    JOB = "job"
    MISSED = "missed"
    SKIPPED = "skipped"
    FAILED = "failed"


class _NoRoomError(Exception):
    """A due time has to wait: as many jobs are waiting as may."""


def fire_due(database: Database, limits: JobLimits, now: datetime | None = None) -> list[str]:
    """Deal with every due time up to now; ids of the jobs that were made.

    After a standstill at most `MAX_CAUGHT_UP` due times of one schedule are looked at in one call: the latest ones, or,
    where all are made up for, the oldest ones, with the others in later calls.
    """
    now = now or utc_now()
    with database.read() as session:
        waiting = ScheduleRepository(session).due(now, BATCH)
    made: list[str] = []
    for workspace, schedule_id in waiting:
        try:
            with database.of(workspace).write() as session:
                made += _fire(session, schedule_id, limits, now)
                crash_point("schedule_fired")
        except _NoRoomError as error:
            log.warning("schedule_waits_for_room", schedule=schedule_id, error=str(error))
        except IntegrityError:
            # Somebody else was faster, on a database that lets both begin; all of it is there already.
            log.info("schedule_fired_elsewhere", schedule=schedule_id)
        except SQLAlchemyError:
            raise
        except Exception:
            # One schedule that cannot be dealt with must not keep the others waiting.
            log.exception("schedule_defect", schedule=schedule_id)
            with database.write() as session:
                _give_up(session, schedule_id, now)
    return made


def _give_up(session: Session, schedule_id: str, now: datetime) -> None:
    schedules = ScheduleRepository(session)
    row = schedules.claim_due(schedule_id, now)
    if row is None or row.next_due is None:
        return
    if not schedules.has_occurrence(row.id, row.next_due):
        reason = "a defect of ours; it is in the dispatcher's log"
        _record(session, row, row.next_due, now, RunStatus.FAILED, reason)
    row.next_due = rule_of(row).next_after(now)


def _fire(session: Session, schedule_id: str, limits: JobLimits, now: datetime) -> list[str]:
    schedules = ScheduleRepository(session)
    row = schedules.claim_due(schedule_id, now)
    if row is None or row.next_due is None:
        return []
    rule = rule_of(row)
    # Of all that are made up for, the oldest come first and the rest with the next call; else only the latest matter.
    look = rule.first_due if row.catch_up == CatchUp.ALL else rule.latest_due
    due = look(row.next_due, now, MAX_CAUGHT_UP) or [row.next_due]
    jobs = []
    for due_at in due:
        if schedules.has_occurrence(row.id, due_at):
            continue
        if reason := _missed(row, due_at, now, is_latest=due_at == due[-1]):
            more = "" if due_at != due[0] or due_at == row.next_due else "; and so were those before it"
            _record(session, row, due_at, now, RunStatus.MISSED, reason + more)
        elif job_id := _run(session, row, due_at, limits, now):
            jobs.append(job_id)
            late = max(0.0, (now - due_at).total_seconds())
            CounterRepository(session).add({(Counter.LATENESS_SECONDS, ""): late})
    row.next_due = rule.next_after(due[-1])
    row.updated_at = now
    return jobs


def _missed(row: ScheduleRow, due_at: datetime, now: datetime, *, is_latest: bool) -> str | None:
    """Why a due time is not made up for; None when it is due now, or is."""
    late = (now - due_at).total_seconds()
    if late <= ON_TIME_SECONDS or row.catch_up == CatchUp.ALL or (row.catch_up == CatchUp.ONCE and is_latest):
        return None
    return f"nothing was running when it was due; {late:.0f} s later, catch_up is {row.catch_up}"


def _run(session: Session, row: ScheduleRow, due_at: datetime, limits: JobLimits, now: datetime) -> str | None:
    """The job of a due time, or a record of why there is none."""
    schedules = ScheduleRepository(session)
    last = schedules.newest_job(row.id)
    if last is not None and not JobState(last.state).is_terminal and row.overlap == Overlap.SKIP:
        _record(session, row, due_at, now, RunStatus.SKIPPED, f"job {last.id} was still {last.state}")
        return None
    study_row = StudyRepository(session).get(row.study)
    assert study_row is not None, "a schedule points to its study"
    as_of = due_at.astimezone(zoneinfo.ZoneInfo(row.timezone)).date()
    try:
        known = known_study(session, study_row, now, as_of=as_of, recorded_by=due_at)
        study = prepare_study(known.study, None, row.sampler)
        if last is not None and row.unchanged == Unchanged.SKIP and (reason := _unchanged(last, study)):
            _record(session, row, due_at, now, RunStatus.SKIPPED, reason)
            return None
        job = submit_job(session, study, limits, version_digest=known.version, recorded_by=due_at, now=now).job
    except (BacklogFullError, QuotaExceededError) as error:
        if (now - due_at).total_seconds() <= ON_TIME_SECONDS:
            # It stays due; there may be room with the next pass.
            raise _NoRoomError(str(error)) from error
        _record(session, row, due_at, now, RunStatus.FAILED, str(error)[:2000])
        return None
    except StudyError as error:
        _record(session, row, due_at, now, RunStatus.FAILED, str(error)[:2000])
        return None
    _record(session, row, due_at, now, RunStatus.JOB, None, job.id)
    return job.id


def _unchanged(last: JobRow, study: Study) -> str | None:
    """Why another forecast would tell nothing: same document, evidence and method, within the same period."""
    if last.state not in (JobState.SUCCEEDED, JobState.QUEUED, JobState.RUNNING) or last.code_version != CODE_VERSION:
        return None
    calendar = study.calendar
    if calendar.natural_period(last.as_of) != calendar.natural_period(study.as_of):
        return None
    if study.with_as_of(last.as_of).digest != last.digest:
        return None
    return f"nothing has changed since job {last.id}: no new evidence, the same document, method and {calendar.period}"


def _record(
    session: Session,
    row: ScheduleRow,
    due_at: datetime,
    now: datetime,
    status: RunStatus,
    reason: str | None,
    job_id: str | None = None,
) -> None:
    schedules = ScheduleRepository(session)
    CounterRepository(session).add({(Counter.OCCURRENCES, status.value): 1})
    schedules.add_occurrence(
        OccurrenceRow(schedule_id=row.id, due_at=due_at, status=status.value, reason=reason, job_id=job_id, made_at=now)
    )
