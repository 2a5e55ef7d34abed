"""Five days off: where all due times are made up for, each gets its job, one after the other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from forecast.jobs.states import JobState
from forecast.store import JobRepository, ScheduleRepository, StudyRepository
from forecast.store.tables.core import JobRow
from forecast.study.document.canonical import canonical_json
from forecast.timeline.firing import RunStatus, fire_due
from forecast.timeline.schedules import ScheduleRequest, create_schedule
from tests.coin import coin_study
from tests.installation import LIMITS, Installation

START = datetime(2021, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.both_databases


def schedule(installation: Installation, **changes: Any) -> str:
    study = coin_study()
    wanted = ScheduleRequest(study="coin", cron="0 6 * * *", **changes)
    with installation.database.write() as session:
        row, _ = StudyRepository(session).put(
            "coin", study.title, study.digest, canonical_json(study.canonical()), START
        )
        return create_schedule(session, row, wanted, START).id


def end(installation: Installation, job_id: str) -> None:
    with installation.database.write() as session:
        JobRepository(session).change(job_id, state=JobState.SUCCEEDED.value)


def days(installation: Installation, jobs: list[str]) -> list[date]:
    with installation.database.read() as session:
        rows = [session.get(JobRow, job) for job in jobs]
    return [row.as_of for row in rows if row is not None]


def test_five_missed_days_are_five_jobs_one_at_a_time_with_nothing_else_set(installation: Installation) -> None:
    schedule_id = schedule(installation, catch_up="all")
    back = START + timedelta(days=5)
    jobs: list[str] = []
    for _ in range(5):
        made = fire_due(installation.database, LIMITS, back)
        assert len(made) == 1
        assert fire_due(installation.database, LIMITS, back) == [], "it waits for the one before it"
        end(installation, made[0])
        jobs += made
    assert fire_due(installation.database, LIMITS, back) == []
    assert days(installation, jobs) == [date(2021, 3, day) for day in range(2, 7)]
    with installation.database.read() as session:
        runs = ScheduleRepository(session).runs(schedule_id, 10).items
    assert [run.status for run in runs] == [RunStatus.JOB.value] * 5


def test_a_due_time_that_falls_while_an_older_one_waits_is_not_left_out(installation: Installation) -> None:
    schedule(installation, catch_up="all")
    (first,) = fire_due(installation.database, LIMITS, START + timedelta(days=2))
    later = START + timedelta(days=2, hours=18, minutes=1)
    assert fire_due(installation.database, LIMITS, later) == [], "the second and the third wait"
    end(installation, first)
    (second,) = fire_due(installation.database, LIMITS, later)
    end(installation, second)
    (third,) = fire_due(installation.database, LIMITS, later + timedelta(minutes=5))
    assert days(installation, [first, second, third]) == [date(2021, 3, day) for day in (2, 3, 4)]


def test_without_all_a_due_time_is_left_out_while_the_last_job_goes_on(installation: Installation) -> None:
    schedule_id = schedule(installation, catch_up="once", unchanged="run")
    assert len(fire_due(installation.database, LIMITS, START + timedelta(hours=18))) == 1
    assert fire_due(installation.database, LIMITS, START + timedelta(hours=42)) == []
    with installation.database.read() as session:
        newest = ScheduleRepository(session).runs(schedule_id, 1).items[0]
    assert newest.status == RunStatus.SKIPPED.value
