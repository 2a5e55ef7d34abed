"""Due times become jobs: each once, whichever process looks, whatever was missed."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from forecast.jobs.states import JobState
from forecast.store import EvidenceRepository, JobRepository, ScheduleRepository, StudyRepository
from forecast.study import EvidenceKind, accept_arrivals
from forecast.study.document.canonical import canonical_json
from forecast.timeline import firing
from forecast.timeline.firing import MAX_CAUGHT_UP, fire_due
from forecast.timeline.schedules import (
    ScheduleChange,
    ScheduleRequest,
    change_schedule,
    create_schedule,
    delete_schedule,
)
from tests.documents import event_outcome
from tests.installation import LIMITS, Installation
from tests.living import living_study

pytestmark = pytest.mark.both_databases

START = datetime(2020, 6, 1, 12, tzinfo=UTC)
STUDY = living_study(outcomes=[event_outcome()])


def add_schedule(installation: Installation, **options: Any) -> str:
    """A schedule of the living study, hourly unless asked otherwise; its id."""
    wanted = ScheduleRequest(
        **{"study": "small", **({} if "cron" in options else {"every_seconds": 3600.0}), **options}
    )
    with installation.database.write() as session:
        document = canonical_json(STUDY.canonical())
        row, _ = StudyRepository(session).put("small", STUDY.title, STUDY.digest, document, START)
        return create_schedule(session, row, wanted, START).id


def fire(installation: Installation, now: datetime) -> list[str]:
    return fire_due(installation.database, LIMITS, now)


def runs(installation: Installation, schedule: str) -> list[tuple[str, str]]:
    """Hours after the start and status of each due time, oldest first."""
    with installation.database.read() as session:
        found = ScheduleRepository(session).runs(schedule, 200).items
    return [(f"{(run.due_at - START) / timedelta(hours=1):g}", run.status) for run in reversed(found)]


def finish(installation: Installation, *jobs: str) -> None:
    """As if the jobs had run."""
    with installation.database.write() as session:
        for job in jobs:
            JobRepository(session).change(job, state=JobState.SUCCEEDED.value)


def hours(count: float) -> datetime:
    return START + timedelta(hours=count)


def observe(installation: Installation, now: datetime) -> None:
    row = {"indicator": "incidents", "period": "2020-04", "value": now.hour, "known_at": "2020-05-02"}
    arrivals = accept_arrivals(STUDY, EvidenceKind.OBSERVATIONS, [row], now.date())
    with installation.database.write() as session:
        EvidenceRepository(session).append("small", arrivals, "api", now)


def test_nothing_is_due_before_its_time_and_once_it_is(installation: Installation) -> None:
    schedule = add_schedule(installation)
    assert fire(installation, hours(0.99)) == []
    (job,) = fire(installation, hours(1))
    assert fire(installation, hours(1)) == []
    assert runs(installation, schedule) == [("1", "job")]
    row = installation.job(job)
    assert (row.study, row.as_of, row.recorded_by) == ("small", hours(1).date(), hours(1))
    assert row.version == STUDY.digest


def test_the_as_of_date_is_the_day_in_the_schedules_zone(installation: Installation) -> None:
    add_schedule(installation, cron="30 0 * * *", timezone="Asia/Tokyo")
    (job,) = fire(installation, datetime(2020, 6, 1, 15, 30, tzinfo=UTC))
    assert installation.job(job).as_of.isoformat() == "2020-06-02"


def test_many_who_look_at_once_make_each_job_once(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """80 due times, and four threads that have all seen each of them before the first fires it."""
    schedules = [add_schedule(installation, overlap="allow", catch_up="all", every_seconds=60.0) for _ in range(4)]
    seen, look = threading.Barrier(4), ScheduleRepository.due

    def look_together(self: ScheduleRepository, now: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        found = look(self, now, limit)
        seen.wait(60)
        return found

    monkeypatch.setattr(ScheduleRepository, "due", look_together)
    made: list[str] = []
    for minute in range(1, 21):
        now = START + timedelta(minutes=minute)
        observe(installation, now - timedelta(seconds=1)) if minute == 1 else None
        threads = [threading.Thread(target=lambda at=now: made.extend(fire(installation, at))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Who comes late finds the due time dealt with, and does not take the next one for it.
        assert {len(runs(installation, schedule)) for schedule in schedules} == {minute}
    counted = Counter(status for schedule in schedules for _, status in runs(installation, schedule))
    assert sum(counted.values()) == 80
    assert len(made) == len(set(made)) == counted["job"]
    with installation.database.read() as session:
        assert JobRepository(session).count(JobState.QUEUED) == counted["job"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("skip", ["missed", "missed", "missed", "missed"]),
        ("once", ["missed", "missed", "missed", "job"]),
        ("all", ["job", "job", "job", "job"]),
    ],
)
def test_due_times_that_were_missed(installation: Installation, rule: str, expected: list[str]) -> None:
    schedule = add_schedule(installation, catch_up=rule, overlap="allow", cron="0 0 1 * *")
    fire(installation, datetime(2020, 10, 5, tzinfo=UTC))
    assert [status for _, status in runs(installation, schedule)] == expected
    with installation.database.read() as session:
        row = ScheduleRepository(session).get(schedule)
        assert row is not None
        assert row.next_due == datetime(2020, 11, 1, tzinfo=UTC)


def test_a_year_of_standstill_is_dealt_with_at_once(installation: Installation) -> None:
    schedule = add_schedule(installation, every_seconds=600.0)
    (job,) = fire(installation, START + timedelta(days=365))
    found = runs(installation, schedule)
    assert [status for _, status in found] == ["missed"] * (MAX_CAUGHT_UP - 1) + ["job"]
    assert installation.job(job).as_of.isoformat() == "2021-06-01"
    assert fire(installation, START + timedelta(days=365)) == []


def test_where_all_are_made_up_for_none_is_lost_however_long_nothing_ran(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten at a time instead of a hundred: what matters is how many times as many there are."""
    monkeypatch.setattr(firing, "MAX_CAUGHT_UP", 10)
    schedule = add_schedule(installation, every_seconds=60.0, catch_up="all", overlap="allow", unchanged="run")
    made = [len(fire(installation, START + timedelta(minutes=25))) for _ in range(4)]
    assert made == [10, 10, 5, 0]
    assert [hour for hour, _ in runs(installation, schedule)] == [f"{minute / 60:g}" for minute in range(1, 26)]


def test_a_run_is_skipped_while_the_last_one_goes_on(installation: Installation) -> None:
    schedule = add_schedule(installation)
    (job,) = fire(installation, hours(1))
    observe(installation, hours(1.5))
    assert fire(installation, hours(2)) == []
    finish(installation, job)
    assert len(fire(installation, hours(3))) == 1
    assert [status for _, status in runs(installation, schedule)] == ["job", "skipped", "job"]


def test_a_run_is_skipped_until_something_has_changed(installation: Installation) -> None:
    schedule = add_schedule(installation)
    (job,) = fire(installation, hours(1))
    finish(installation, job)
    assert fire(installation, hours(2)) == []
    observe(installation, hours(2.5))
    (job,) = fire(installation, hours(3))  # evidence
    finish(installation, job)
    assert fire(installation, hours(4)) == []
    with installation.database.write() as session:
        changed = living_study(outcomes=[event_outcome(title="It goes")])
        StudyRepository(session).put(
            "small", changed.title, changed.digest, canonical_json(changed.canonical()), hours(4)
        )
    (job,) = fire(installation, hours(5))  # the document
    finish(installation, job)
    assert len(fire(installation, hours(30 * 24))) == 1  # a month
    with installation.database.read() as session:
        reasons = [
            run.reason for run in ScheduleRepository(session).runs(schedule, 200).items if run.status == "skipped"
        ]
    assert reasons
    assert all(reason is not None and "nothing has changed" in reason for reason in reasons)


def test_a_study_that_makes_no_sense_any_more_is_a_failed_run(installation: Installation) -> None:
    schedule = add_schedule(installation, cron="0 0 1 1 *")
    with installation.database.write() as session:
        study = living_study()  # its binary outcome resolves on 2024-01-01
        StudyRepository(session).put("small", study.title, study.digest, canonical_json(study.canonical()), START)
    for year in (2023, 2024, 2025):
        jobs = fire(installation, datetime(year, 1, 1, tzinfo=UTC))
        finish(installation, *jobs)
    with installation.database.read() as session:
        found = ScheduleRepository(session).runs(schedule, 9).items
    assert [run.status for run in found][:2] == ["failed", "failed"]
    assert "is not after the as-of date" in str(found[0].reason)


def test_a_paused_or_deleted_schedule_is_never_due_and_a_pause_is_not_made_up_for(installation: Installation) -> None:
    schedule, deleted = add_schedule(installation), add_schedule(installation)
    with installation.database.write() as session:
        for name in (schedule, deleted):
            row = ScheduleRepository(session).get(name)
            assert row is not None
            change_schedule(row, ScheduleChange(enabled=False), hours(0.5))
        delete_schedule(row, hours(0.5))
    assert fire(installation, hours(5)) == []
    with installation.database.write() as session:
        row = ScheduleRepository(session).get(schedule)
        assert row is not None
        change_schedule(row, ScheduleChange(enabled=True), hours(5.5))
        assert ScheduleRepository(session).get(deleted) is None
    assert len(fire(installation, hours(6))) == 1
    assert runs(installation, schedule) == [("6", "job")]


def test_a_new_rule_counts_from_now(installation: Installation) -> None:
    schedule = add_schedule(installation)
    with installation.database.write() as session:
        row = ScheduleRepository(session).get(schedule)
        assert row is not None
        change_schedule(row, ScheduleChange(cron="0 6 * * *", timezone="Europe/Berlin"), hours(0.5))
        assert (row.every_seconds, row.next_due) == (None, datetime(2020, 6, 2, 4, tzinfo=UTC))


def test_a_schedule_that_cannot_be_dealt_with_keeps_no_other_waiting(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = add_schedule(installation), add_schedule(installation)
    run = firing._run

    def failing(session: Any, row: Any, *rest: Any) -> str | None:
        if row.id == broken:
            raise ZeroDivisionError
        return run(session, row, *rest)

    monkeypatch.setattr(firing, "_run", failing)
    assert len(fire(installation, hours(1))) == 1
    assert fire(installation, hours(1)) == []
    assert [status for _, status in runs(installation, broken)] == ["failed"]
    assert [status for _, status in runs(installation, sound)] == ["job"]


def test_blank_blocks_of_a_document_take_evidence(installation: Installation) -> None:
    schedule = add_schedule(installation)
    blank = living_study(outcomes=[event_outcome()], judgments=None, resolutions=None)
    row = {"expert": "z", "outcome": "exit", "probability": 0.3, "on": "2020-04-01"}
    with installation.database.write() as session:
        StudyRepository(session).put("small", blank.title, blank.digest, canonical_json(blank.canonical()), START)
        arrived = accept_arrivals(blank, EvidenceKind.JUDGMENTS, [row], START.date())
        EvidenceRepository(session).append("small", arrived, "test", START)
    assert len(fire(installation, hours(1))) == 1
    assert [status for _, status in runs(installation, schedule)] == ["job"]


def test_a_due_time_waits_for_room_and_is_lost_only_when_it_is_late(installation: Installation) -> None:
    schedule = add_schedule(installation)
    full = dataclasses.replace(LIMITS, max_queued=1)
    waiting = installation.submit(now=START, limits=full)
    assert fire_due(installation.database, full, hours(1)) == []
    assert runs(installation, schedule) == [], "it is still due"
    finish(installation, waiting)
    (job,) = fire_due(installation.database, full, hours(1) + timedelta(seconds=60))
    assert runs(installation, schedule) == [("1", "job")]
    assert installation.job(job).as_of == hours(1).date()
    assert fire_due(installation.database, full, hours(2) + timedelta(seconds=300)) == []
    assert runs(installation, schedule)[-1] != ("2", "job")
