"""A month in the life of a study, on the whole service, with a clock that is moved. Read it from top to bottom.

The Karabakh study is forecast every morning at six; what has not changed is skipped. In between a count is corrected, a
source brings a new one, an expert speaks, and the study itself is changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from forecast.answer import StoredForecast
from forecast.client import ForecastClient
from forecast.jobs.living_view import HistoryEntry
from forecast.jobs.states import JobState
from forecast.jobs.view import JobView
from forecast.study import load_study
from priors import study_path
from tests.local_server import Answer, LocalServer, local_server
from tests.moving_clock import MovingClock
from tests.stack import Stack, running_stack
from tests.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1500)]

STUDY = "karabakh-2021"
START = datetime(2021, 9, 10, 12, tzinfo=UTC)
DAYS = 30
FULL_SIZE = bool(os.environ.get("MONTH_FULL_SIZE"))
SAMPLER = {} if FULL_SIZE else {"draws": 400, "tune": 500, "chains": 2}
GESTURES = b"period,value\n2021-08,1\n"


@dataclass
class Month:
    """What the month left behind."""

    stack: Stack
    schedule: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)
    """Oldest first."""
    jobs: dict[str, JobView] = field(default_factory=dict)
    alerts: list[dict[str, Any]] = field(default_factory=list)


def document(server: LocalServer, **changes: Any) -> dict[str, Any]:
    source = {
        "id": "gestures",
        "url": server.url("/gestures.csv"),
        "values": {"indicator": "recognition_gestures"},
        "cron": "0 5 * * *",
    }
    return {**load_study(study_path(STUDY)).canonical(), "sources": [source], **changes}


@contextmanager
def living(tmp_path: Path) -> Iterator[tuple[Stack, MovingClock, LocalServer]]:
    clock = MovingClock(tmp_path / "clock", START)
    settings = {"outgoing_hosts": '["127.0.0.1"]', "outgoing_private": True, "outgoing_plain_http": True}
    with local_server() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORECAST_CLOCK_FILE", str(clock.file))
        server.answers["/gestures.csv"] = Answer(GESTURES)
        with running_stack(environment_only=settings) as stack:
            yield stack, clock, server


def settle(client: ForecastClient, stack: Stack) -> None:
    """Until nothing is queued or running, and no explanation is still to be asked for."""

    def is_idle() -> bool:
        if any(not job.state.is_terminal for job in client.jobs(50)):
            return False
        made = [entry for entry in client.history(STUDY) if entry.previous is not None]
        return all(entry.triage is not None for entry in made)

    wait_until(is_idle, 600, lambda: f"the jobs to end:\n{stack.logs()}")


def add(client: ForecastClient, kind: str, **row: Any) -> None:
    assert client.request("POST", f"/v1/studies/{STUDY}/{kind}", json=row)["added"] == 1


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    with living(tmp_path_factory.mktemp("month")) as (stack, clock, server), stack.client as client:
        client.put_study(STUDY, document(server))
        wanted = {"study": STUDY, "cron": "0 6 * * *", "sampler": SAMPLER or None}
        schedule = client.request("POST", "/v1/schedules", json=wanted)["id"]
        client.request("POST", "/v1/subscriptions", json={"study": STUDY, "kind": "move", "least_move": 0.001})

        def source() -> dict[str, Any]:
            return dict(client.request("GET", f"/v1/studies/{STUDY}/sources")["items"][0])

        def due_times() -> int:
            return len(client.request("GET", f"/v1/schedules/{schedule}/runs", params={"limit": 100})["items"])

        wait_until(lambda: source()["fetched_at"], 60, "the source to be asked when the study was stored")
        for day in range(1, DAYS + 1):
            morning = START.replace(hour=5, minute=0, second=1) + timedelta(days=day)
            if morning.date() == date(2021, 9, 28):
                # The month goes on: its count is left for October.
                server.answers["/gestures.csv"] = Answer(GESTURES + b"2021-09,5\n")
            clock.set(morning)
            wait_until(lambda at=morning: source()["fetched_at"] > at.isoformat(), 60, "the source to be asked")
            clock.set(morning.replace(hour=6))
            wait_until(lambda n=day: due_times() == n, 60, lambda: f"the due time:\n{stack.logs()}")
            settle(client, stack)
            clock.set(morning.replace(hour=12))
            match morning.date():
                case date(year=2021, month=9, day=15):
                    add(client, "observations", indicator="clash_days", period="2021-08", value=6, exposure=1)
                case date(year=2021, month=10, day=5):
                    add(client, "judgments", expert="ARM", outcome="conversion", probability=0.3, on="2021-10-05")
                case date(year=2021, month=10, day=7):
                    changed = document(server)
                    changed["outcomes"][0]["prior"] = {"distribution": "normal(-4.6, 0.8)", "rationale": "Reconsidered"}
                    client.put_study(STUDY, changed)
        found = Month(stack, schedule)
        runs = client.request("GET", f"/v1/schedules/{schedule}/runs", params={"limit": 100})["items"]
        found.runs = list(reversed(runs))
        found.history = list(reversed(client.history(STUDY)))
        found.jobs = {entry.job_id: client.job(entry.job_id) for entry in found.history}
        found.alerts = client.request("GET", "/v1/alerts", params={"limit": 200})["items"]
        yield found


def test_1_every_morning_was_dealt_with_and_only_those_with_news_have_a_forecast(month: Month) -> None:
    due = [datetime.fromisoformat(run["due_at"]) for run in month.runs]
    assert due == [START.replace(hour=6) + timedelta(days=day) for day in range(1, DAYS + 1)]
    made = [at.date().isoformat() for at, run in zip(due, month.runs, strict=True) if run["status"] == "job"]
    assert made == ["2021-09-11", "2021-09-16", "2021-10-01", "2021-10-06", "2021-10-08"]
    skipped = [run for run in month.runs if run["status"] != "job"]
    assert {run["status"] for run in skipped} == {"skipped"}
    assert all("nothing has changed" in run["reason"] for run in skipped)
    assert [entry.as_of.isoformat() for entry in month.history] == made
    assert [run["job_id"] for run in month.runs if run["job_id"]] == [entry.job_id for entry in month.history]


def test_2_each_forecast_says_why_it_differs(month: Month) -> None:
    causes = [
        None if entry.triage is None else [step.cause for step in entry.triage.steps if step.changed]
        for entry in month.history
    ]
    assert causes == [
        None,
        ["clock", "data"],  # a count was corrected
        ["clock", "world"],  # September is over, and the source had its count
        ["clock", "world"],  # an expert spoke
        ["method", "clock"],  # another prior
    ]
    for entry in month.history[1:]:
        assert entry.triage is not None
        for outcome, move in entry.outcomes.items():
            shares = [step.outcomes[outcome].change for step in entry.triage.steps]
            assert sum(share for share in shares if share is not None) == pytest.approx(move.log_odds_change, abs=1e-9)


def test_3_subscribers_were_told_of_moves_beyond_their_noise_and_of_no_others(month: Month) -> None:
    told = {
        (alert["detail"]["forecast"], alert["detail"].get("outcome") or alert["detail"]["scenario"])
        for alert in month.alerts
    }
    moved = {
        (entry.forecast_id, name)
        for entry in month.history
        for name, move in {**entry.outcomes, **entry.scenarios}.items()
        if move.beyond_noise and move.change is not None and abs(move.change) >= 0.001
    }
    assert told == moved
    assert moved, "a month in which nothing moved would test nothing"
    assert len(month.alerts) == len(told)


@pytest.mark.parametrize("index", range(5))
def test_4_each_can_be_computed_again_from_the_store_alone(month: Month, index: int) -> None:
    entry = month.history[index]
    made_by = month.jobs[entry.job_id]
    with month.stack.client as client:
        again = client.submit(
            study=STUDY,
            version=made_by.study_version,
            as_of=made_by.as_of,
            recorded_by=made_by.recorded_by,
            sampler={**SAMPLER, "seed": made_by.seed},
        )
        ended = client.wait(again.id, 300)
        assert ended.state is JobState.SUCCEEDED, month.stack.logs()
        first, second = client.forecast(entry.forecast_id), client.forecast(str(ended.forecast_id))
    assert first.forecast_id != second.forecast_id
    assert numbers_of(first) == numbers_of(second)


def numbers_of(forecast: StoredForecast) -> dict[str, Any]:
    answer = forecast.model_dump(mode="json")
    return {part: answer[part] for part in ("outcomes", "scenarios", "indicators", "factors", "experts")}
