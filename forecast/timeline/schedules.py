"""Making, changing and ending schedules, as a request asks for it."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from forecast.errors import StudyError
from forecast.jobs.errors import ScheduleError
from forecast.jobs.quotas import JobLimits
from forecast.jobs.submit import prepare_study, submit_job
from forecast.store import ScheduleRepository
from forecast.store.ids import new_id
from forecast.store.tables.core import StudyRow
from forecast.store.tables.living import OccurrenceRow, ScheduleRow
from forecast.study import study_from_document, with_sampler
from forecast.study.document.due_rule import Rule
from forecast.timeline.firing import CatchUp, Overlap, RunStatus, Unchanged
from forecast.timeline.knowledge import Knowledge, known_study
from forecast.timeline.schedule_rule import make_rule, rule_of

LEAST_SECONDS: Final = 60.0
"""Between two due times, unless the settings allow less."""


class ScheduleChange(BaseModel):
    """Changes of a schedule; what is absent stays."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    title: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Title of the schedule, 1 to 200 characters; the study's title by default."""
    cron: str | None = None
    """Cron expression: minute, hour, day of month, month, day of week. Give either this or `every_seconds`."""
    every_seconds: float | None = None
    """Interval between due times in seconds, instead of a cron expression."""
    timezone: str | None = None
    """IANA time zone of the cron expression and of the as-of date; UTC by default."""
    catch_up: CatchUp | None = None
    """What happens to missed due times: `skip` none, run `once` for the latest, run `all`. `once` by default."""
    overlap: Overlap | None = None
    """What happens while the last job still runs: `skip` the due time or `allow` it. `skip` by default."""
    unchanged: Unchanged | None = None
    """What happens when nothing is new: `skip` the due time or `run` it. `skip` by default."""
    sampler: dict[str, Any] | None = None
    """Sampler settings that replace the document's; null for the document's."""
    enabled: bool | None = None
    """False pauses the schedule; true by default."""


class ScheduleRequest(ScheduleChange):
    """A new schedule."""

    study: str
    """Id of a stored study."""


def create_schedule(
    session: Session, study: StudyRow, wanted: ScheduleRequest, now: datetime, least_seconds: float = LEAST_SECONDS
) -> ScheduleRow:
    """Store a schedule.

    Raises
    ------
    ScheduleError
        When the rule cannot be used.
    """
    rule = new_rule(wanted, now, least_seconds)
    enabled = wanted.enabled is not False
    row = ScheduleRow(
        id=new_id(),
        study=study.id,
        title=wanted.title or study.title,
        cron=rule.cron,
        every_seconds=rule.every_seconds,
        timezone=wanted.timezone or "UTC",
        anchor=now,
        catch_up=(wanted.catch_up or CatchUp.ONCE).value,
        overlap=(wanted.overlap or Overlap.SKIP).value,
        unchanged=(wanted.unchanged or Unchanged.SKIP).value,
        sampler=wanted.sampler,
        enabled=enabled,
        next_due=rule.next_after(now) if enabled else None,
        created_at=now,
        updated_at=now,
    )
    ScheduleRepository(session).add(row)
    return row


def require_sampler(document: str, sampler: dict[str, Any] | None) -> None:
    """Make sure that a study's document (canonical JSON) can be sampled like this; before any transaction that writes.

    Raises
    ------
    ScheduleError
        With every place that is wrong.
    """
    if not sampler:
        return
    try:
        with_sampler(study_from_document(json.loads(document)), **sampler)
    except StudyError as error:
        raise ScheduleError(error.errors) from None


def change_schedule(
    row: ScheduleRow, wanted: ScheduleChange, now: datetime, least_seconds: float = LEAST_SECONDS
) -> None:
    """Change a schedule; a new rule, or going on after a pause, counts from now.

    Raises
    ------
    ScheduleError
        When the rule cannot be used.
    """
    given = wanted.model_fields_set
    if (rule := changed_rule(row, wanted, now, least_seconds)) is not None:
        row.cron, row.every_seconds, row.timezone, row.anchor = rule.cron, rule.every_seconds, rule.timezone, now
        row.next_due = rule.next_after(now) if row.enabled else None
    if wanted.enabled is not None and wanted.enabled != row.enabled:
        row.enabled = wanted.enabled
        row.next_due = rule_of(row).next_after(now) if wanted.enabled else None
    row.title = wanted.title or row.title
    row.catch_up = wanted.catch_up.value if wanted.catch_up else row.catch_up
    row.overlap = wanted.overlap.value if wanted.overlap else row.overlap
    row.unchanged = wanted.unchanged.value if wanted.unchanged else row.unchanged
    row.sampler = wanted.sampler if "sampler" in given else row.sampler
    row.updated_at = now


def changed_rule(
    row: ScheduleRow, wanted: ScheduleChange, now: datetime, least_seconds: float = LEAST_SECONDS
) -> Rule | None:
    """The rule that a schedule would have; None when it keeps its own.

    Raises
    ------
    ScheduleError
        When the rule cannot be used.
    """
    given = wanted.model_fields_set
    if not given & {"cron", "every_seconds", "timezone"}:
        return None
    has_rule = bool(given & {"cron", "every_seconds"})
    cron, every = (wanted.cron, wanted.every_seconds) if has_rule else (row.cron, row.every_seconds)
    return make_rule(cron, every, wanted.timezone or row.timezone, now, least_seconds=least_seconds)


def new_rule(wanted: ScheduleRequest, now: datetime, least_seconds: float = LEAST_SECONDS) -> Rule:
    """The rule of a new schedule.

    Raises
    ------
    ScheduleError
        When the rule cannot be used.
    """
    return make_rule(wanted.cron, wanted.every_seconds, wanted.timezone or "UTC", now, least_seconds=least_seconds)


def delete_schedule(row: ScheduleRow, now: datetime) -> None:
    """End a schedule; what came of its due times is kept."""
    row.enabled, row.next_due, row.deleted_at, row.updated_at = False, None, now, now


def study_of_today(session: Session, row: ScheduleRow, study: StudyRow, limits: JobLimits, now: datetime) -> Knowledge:
    """What a schedule computes when it is run now; read before any transaction that writes.

    Raises
    ------
    StudyError
        When the study makes no sense as of today.
    """
    known = known_study(session, study, now, as_of=now.date(), recorded_by=now)
    return dataclasses.replace(known, study=prepare_study(known.study, None, row.sampler, limits.study))


def run_now(session: Session, row: ScheduleRow, known: Knowledge, limits: JobLimits, now: datetime) -> OccurrenceRow:
    """A run of a schedule that is not due: as of today, whatever has changed.

    Parameters
    ----------
    known
        From `study_of_today`.

    Raises
    ------
    BacklogFullError, QuotaExceededError
        When too many jobs wait.
    """
    job = submit_job(
        session,
        known.study,
        limits,
        version_digest=known.version,
        recorded_by=known.recorded_by,
        now=now,
    ).job
    occurrence = OccurrenceRow(
        schedule_id=row.id, due_at=now, status=RunStatus.JOB.value, reason="asked for", job_id=job.id, made_at=now
    )
    ScheduleRepository(session).add_occurrence(occurrence)
    return occurrence
