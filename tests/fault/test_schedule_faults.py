"""Schedules when the processes that look after them die, or are more than they should be."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import redis

from forecast.jobs.states import JobKind, JobState
from forecast.jobs.view import JobView
from forecast.store import ScheduleRepository, StudyRepository, utc_now
from forecast.store.tables.core import JobRow
from forecast.store.tables.living import OccurrenceRow
from forecast.study.document.canonical import canonical_json
from forecast.timeline.firing import fire_due
from forecast.timeline.schedules import ScheduleRequest, create_schedule
from tests.coin import QUICK, coin_document
from tests.documents import event_outcome
from tests.embedded_redis import redis_for
from tests.installation import LIMITS, Installation, installation_in
from tests.living import living_study
from tests.stack import running_stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.slow]

EVERY = 0.25
SCHEDULES = 4


def add_schedules(installation: Installation, count: int, **options: object) -> list[str]:
    study = living_study(outcomes=[event_outcome()])
    wanted = ScheduleRequest(study="small", overlap="allow", unchanged="run", catch_up="all", **options)  # type: ignore[arg-type]
    with installation.database.write() as session:
        document = canonical_json(study.canonical())
        row, _ = StudyRepository(session).put("small", study.title, study.digest, document, utc_now())
        return [create_schedule(session, row, wanted, utc_now(), 0.1).id for _ in range(count)]


def start_dispatcher(installation: Installation, **environment: str) -> subprocess.Popen[bytes]:
    home = {"FORECAST_HOME": str(installation.settings.home), "FORECAST_DISPATCHER_INTERVAL_SECONDS": "0.05"}
    return subprocess.Popen(
        [sys.executable, "-m", "workers.dispatcher"],
        env={**os.environ, **home, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def start(module: str, installation: Installation, **environment: str) -> subprocess.Popen[bytes]:
    """A process of the service, of an installation in which every attempt runs out of time as soon as it has begun.

    And is seen to: a tick that waits behind the jobs for longer than 20 s is thrown away.
    """
    settings = {"FORECAST_HOME": str(installation.settings.home), "FORECAST_MAX_QUEUED": "5000"}
    settings["FORECAST_PROGRESS_SECONDS"] = "0.02"
    return subprocess.Popen(
        [sys.executable, "-m", module],
        env={**os.environ, **settings, "FORECAST_DEADLINE_SECONDS": "0.01", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def occurrences(installation: Installation) -> list[OccurrenceRow]:
    with installation.database.read() as session:
        repository = ScheduleRepository(session)
        schedules = repository.page(200).items
        return [run for schedule in schedules for run in repository.runs(schedule.id, 5000).items]


def jobs(installation: Installation) -> list[str]:
    with installation.database.read() as session:
        return list(session.scalars(JobRow.__table__.select().with_only_columns(JobRow.id)))


def test_two_dispatchers_of_which_one_is_killed_make_each_due_time_once(tmp_path: Path) -> None:
    """No Redis runs: firing needs none. 120 due times at four a second and schedule."""
    with installation_in(tmp_path / "home", max_queued=5000) as installation:
        schedules = add_schedules(installation, SCHEDULES, every_seconds=EVERY)
        first, second = start_dispatcher(installation), start_dispatcher(installation)
        try:
            deadline = time.monotonic() + 90
            while len(occurrences(installation)) < 50 and time.monotonic() < deadline:
                time.sleep(0.2)
            os.kill(first.pid, signal.SIGKILL)
            while len(occurrences(installation)) < 120 and time.monotonic() < deadline:
                time.sleep(0.2)
        finally:
            second.terminate()
            second.wait(timeout=30)
            first.wait(timeout=30)
        runs = occurrences(installation)
        assert len(runs) >= 120
        assert Counter(run.status for run in runs) == {"job": len(runs)}
        assert len({run.job_id for run in runs}) == len(runs) == len(jobs(installation))
        for schedule in schedules:
            due = sorted(run.due_at for run in runs if run.schedule_id == schedule)
            steps = {later - earlier for earlier, later in itertools.pairwise(due)}
            assert steps == {timedelta(seconds=EVERY)}, "a due time is missing"


@pytest.mark.timeout(400)
def test_two_beats_of_which_one_is_killed_and_a_flushed_redis_make_each_due_time_once() -> None:
    """No dispatcher runs: ticks of beat alone fire, through a real Redis and a real caller. 110 due times."""
    with tempfile.TemporaryDirectory(prefix="beats-") as folder, installation_in(Path(folder)) as installation:
        with redis_for(installation.settings) as server:
            schedules = add_schedules(installation, SCHEDULES, every_seconds=2 * EVERY)
            beats = [start("workers.beat", installation) for _ in range(2)]
            caller = start("workers.caller", installation)
            try:
                wait_until(lambda: len(occurrences(installation)) >= 40, 150, "40 due times")
                redis.Redis(unix_socket_path=str(server.settings.redis_socket)).flushall()
                wait_until(lambda: len(occurrences(installation)) >= 75, 150, "75 due times")
                beats[0].kill()
                wait_until(lambda: len(occurrences(installation)) >= 110, 150, "110 due times")
            finally:
                for process in (*beats, caller):
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(timeout=30)
        runs = occurrences(installation)
        assert Counter(run.status for run in runs) == {"job": len(runs)}
        assert len({run.job_id for run in runs}) == len(runs) == len(jobs(installation))
        for schedule in schedules:
            due = sorted(run.due_at for run in runs if run.schedule_id == schedule)
            steps = {later - earlier for earlier, later in itertools.pairwise(due)}
            assert steps == {timedelta(seconds=2 * EVERY)}, "a due time is missing"


def test_a_dispatcher_that_dies_while_it_fires_leaves_nothing_half_done(tmp_path: Path) -> None:
    with installation_in(tmp_path / "home") as installation:
        add_schedules(installation, 1, every_seconds=3600.0)
        with installation.database.write() as session:
            (row,) = ScheduleRepository(session).page(9).items
            row.next_due = utc_now()
        mark = tmp_path / "crashed"
        crash = {"FORECAST_CRASH_AT": "schedule_fired", "FORECAST_CRASH_MARK": str(mark)}
        process = start_dispatcher(installation, **crash)
        assert process.wait(timeout=60) == -signal.SIGKILL
        assert mark.exists()
        assert occurrences(installation) == []
        assert jobs(installation) == []
        (job,) = fire_due(installation.database, LIMITS)
        assert [run.job_id for run in occurrences(installation)] == [job] == jobs(installation)


@pytest.mark.soak
@pytest.mark.stack
@pytest.mark.sqlite_only
def test_five_days_off_make_a_job_for_each_of_them_one_at_a_time() -> None:
    """With `catch_up: all` and nothing else set, on a service that was stopped meanwhile."""
    days = 5
    with running_stack() as stack:
        now = stack.clock.now
        document = coin_document(as_of=now.date().isoformat(), sampler=QUICK)
        document["outcomes"][0]["resolution"]["by"] = (now.date() + timedelta(days=360)).isoformat()
        due = now - timedelta(hours=1)
        wanted = {"study": "coin", "cron": f"{due.minute} {due.hour} * * *", "catch_up": "all"}
        with stack.client as client:
            client.put_study("coin", document)
            schedule = client.request("POST", "/v1/schedules", json=wanted)["id"]
        stack.stop()
        stack.clock.advance(days * 86_400)
        stack.start()
        with stack.client as client:

            def scheduled() -> list[JobView]:
                """Without those that explain why a forecast differs from the one before."""
                return [client.job(job.id) for job in client.jobs(50) if job.kind is not JobKind.TRIAGE]

            wait_until(lambda: sum(job.state.is_terminal for job in scheduled()) >= days, 300, stack.logs)
            time.sleep(5.0)
            jobs = scheduled()
            runs = client.request("GET", f"/v1/schedules/{schedule}/runs", params={"limit": 50})["items"]
    assert [job.state for job in jobs] == [JobState.SUCCEEDED] * days
    assert [run["status"] for run in runs] == ["job"] * days
    dates = sorted(datetime.fromisoformat(run["due_at"]).date() for run in runs)
    assert dates == [(due + timedelta(days=day)).date() for day in range(1, days + 1)]
    assert sorted(job.as_of for job in jobs) == dates
    attempts = sorted((attempt.started_at, attempt.ended_at) for job in jobs for attempt in job.attempts)
    assert len(attempts) == days
    for (_, earlier), (later, _) in itertools.pairwise(attempts):
        assert earlier is not None
        assert earlier <= later, "two at a time"
