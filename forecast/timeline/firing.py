"""Makes the jobs of schedules that are due: each due time once, however many processes ask and however often.

A due time becomes one row under the key (schedule, due time), its job, and the schedule's next due time in a single
transaction. So the dispatcher and any number of beats may all call `fire_due`, and any of them may die anywhere.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from forecast.errors import StudyError
from forecast.jobs.counting import Counter
from forecast.jobs.crash_points import crash_point
from forecast.jobs.errors import BacklogFullError, QuotaExceededError
from forecast.jobs.quotas import JobLimits
from forecast.jobs.states import JobState
from forecast.jobs.submit import submit_job
from forecast.runtime.logs import get_logger
from forecast.store import CounterRepository, Database, ScheduleRepository, utc_now
from forecast.store.tables.living import OccurrenceRow, ScheduleRow
from forecast.timeline.due_studies import Circumstances, DueStudy, read_due_study
from forecast.timeline.schedule_rule import rule_of

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
    """It is left out; where all are made up for, it waits for that job."""
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


class _LaterError(Exception):
    """A due time has to wait: for the job before it, or until its study has been read.

    Attributes
    ----------
    to_read
        The due time whose study is to be read; None for one that waits for a job.
    """

    def __init__(self, to_read: datetime | None = None) -> None:
        super().__init__()
        self.to_read = to_read


def fire_due(database: Database, limits: JobLimits, now: datetime | None = None) -> list[str]:
    """Deal with every due time up to now; ids of the jobs that were made.

    After a standstill one call handles at most `MAX_CAUGHT_UP` due times of a schedule. These are the latest ones.
    Where all are made up for, they are the oldest ones, and later calls handle the others.
    """
    now = now or utc_now()
    with database.read() as session:
        waiting = ScheduleRepository(session).due(now, BATCH)
    made: list[str] = []
    for workspace, schedule_id in waiting:
        try:
            made += _fire_one_by_one(database.of(workspace), schedule_id, limits, now)
        except _NoRoomError as error:
            log.warning("schedule_waits_for_room", schedule=schedule_id, error=str(error))
        except IntegrityError:
            # Another process was faster, on a database that lets both begin; all of it is there already.
            log.info("schedule_fired_elsewhere", schedule=schedule_id)
        except SQLAlchemyError:
            raise
        except Exception:
            # One schedule that cannot be dealt with must not keep the others waiting.
            log.exception("schedule_defect", schedule=schedule_id)
            with database.write() as session:
                _give_up(session, schedule_id, now)
    return made


def _fire_one_by_one(database: Database, schedule_id: str, limits: JobLimits, now: datetime) -> list[str]:
    """The jobs of one schedule. Its studies are read outside of the transactions that make them."""
    made: list[str] = []
    read: DueStudy | None = None
    for _ in range(2 * MAX_CAUGHT_UP):
        with database.write() as session:
            jobs, to_read = _fire(session, schedule_id, limits, now, read)
            crash_point("schedule_fired")
        made += jobs
        if to_read is None or len(made) >= MAX_CAUGHT_UP:
            return made
        read = read_due_study(database, schedule_id, to_read, now, limits.study)
    log.warning("schedule_changes_all_the_time", schedule=schedule_id)
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


def _fire(
    session: Session, schedule_id: str, limits: JobLimits, now: datetime, read: DueStudy | None
) -> tuple[list[str], datetime | None]:
    """Deal with due times as far as their studies have been read; the jobs, and the due time whose study is to be read."""
    schedules = ScheduleRepository(session)
    row = schedules.claim_due(schedule_id, now)
    if row is None or row.next_due is None:
        return [], None
    rule = rule_of(row)
    # Of all that are made up for, the oldest come first and the rest with the next call; else only the latest matter.
    look = rule.first_due if row.catch_up == CatchUp.ALL else rule.latest_due
    due = look(row.next_due, now, MAX_CAUGHT_UP) or [row.next_due]
    jobs: list[str] = []
    for due_at in due:
        if schedules.has_occurrence(row.id, due_at):
            continue
        if reason := _missed(row, due_at, now, is_latest=due_at == due[-1]):
            more = "" if due_at != due[0] or due_at == row.next_due else "; and so were those before it"
            _record(session, row, due_at, now, RunStatus.MISSED, reason + more)
            continue
        try:
            job_id = _run(session, row, due_at, limits, now, read)
        except _LaterError as later:
            # What was dealt with is; this one stays due.
            row.next_due = due_at
            return jobs, later.to_read
        if job_id:
            jobs.append(job_id)
            late = max(0.0, (now - due_at).total_seconds())
            CounterRepository(session).add({(Counter.LATENESS_SECONDS, ""): late})
    row.next_due = rule.next_after(due[-1])
    row.updated_at = now
    return jobs, None


def _missed(row: ScheduleRow, due_at: datetime, now: datetime, *, is_latest: bool) -> str | None:
    """Why a due time is not made up for; None when it is due now, or is."""
    late = (now - due_at).total_seconds()
    if late <= ON_TIME_SECONDS or row.catch_up == CatchUp.ALL or (row.catch_up == CatchUp.ONCE and is_latest):
        return None
    return f"nothing was running when it was due; {late:.0f} s later, catch_up is {row.catch_up}"


def _run(
    session: Session, row: ScheduleRow, due_at: datetime, limits: JobLimits, now: datetime, read: DueStudy | None
) -> str | None:
    """The job of a due time, or a record of why there is none.

    Raises
    ------
    _LaterError
        When it has to wait.
    """
    last = ScheduleRepository(session).newest_job(row.id)
    if last is not None and not JobState(last.state).is_terminal and row.overlap == Overlap.SKIP:
        if row.catch_up == CatchUp.ALL:
            # None is left out: they come one after the other.
            raise _LaterError
        _record(session, row, due_at, now, RunStatus.SKIPPED, f"job {last.id} was still {last.state}")
        return None
    if read is None or read.circumstances != Circumstances.of(session, row, due_at):
        raise _LaterError(due_at)
    if read.study is None:
        _record(session, row, due_at, now, RunStatus.FAILED, (read.error or "")[:2000])
        return None
    # Where all are made up for, each missed one is, whether or not anything is new.
    is_made_up = row.catch_up == CatchUp.ALL and (now - due_at).total_seconds() > ON_TIME_SECONDS
    if row.unchanged == Unchanged.SKIP and read.unchanged is not None and not is_made_up:
        _record(session, row, due_at, now, RunStatus.SKIPPED, read.unchanged)
        return None
    try:
        job = submit_job(session, read.study, limits, version_digest=read.version, recorded_by=due_at, now=now).job
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
