"""Days in the life of a study, on the whole service, with a clock that is moved. Read it from top to bottom.

The study is forecast every morning at six; what has not changed is skipped. In between a count is corrected, a source
brings a new one, an expert speaks, and the study itself is changed. It is a small study and a week; at full size it is
Karabakh, and a life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from forecast.answer import StoredForecast
from forecast.client.client import ForecastClient
from forecast.jobs.states import JobState
from forecast.jobs.view import JobView
from forecast.study import load_study
from forecast.timeline.views import HistoryEntry
from priors import study_path
from tests.documents import binary_outcome, event_outcome
from tests.living import living_document
from tests.local_server import Answer, LocalServer, local_server
from tests.stack import Stack
from tests.suite.sizes import FULL_SIZE, sized
from tests.waiting import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(5400 if FULL_SIZE else 600)]


@dataclass(frozen=True)
class Plan:
    """What happens when, and on which mornings there is something to forecast."""

    study: str
    document: Callable[[], dict[str, Any]]
    start: datetime
    days: int
    sampler: dict[str, Any]
    sourced: str
    """Indicator that the source counts."""
    told: tuple[bytes, bytes]
    """The source's table at first, and when the last month is in it."""
    counted_on: date
    """The morning on which the source has a count of a month that is not over yet."""
    corrected: tuple[date, dict[str, Any]]
    spoken: tuple[date, dict[str, Any]]
    changed_on: date
    prior: dict[str, Any]
    forecast_on: tuple[str, ...]


MONTH = Plan(
    study="karabakh-2021",
    document=lambda: load_study(study_path("karabakh-2021")).canonical(),
    start=datetime(2021, 9, 10, 12, tzinfo=UTC),
    days=30,
    sampler={},
    sourced="recognition_gestures",
    told=(b"period,value\n2021-08,1\n", b"period,value\n2021-08,1\n2021-09,5\n"),
    counted_on=date(2021, 9, 28),
    corrected=(date(2021, 9, 15), {"indicator": "clash_days", "period": "2021-08", "value": 6, "exposure": 1}),
    spoken=(
        date(2021, 10, 5),
        {"expert": "ARM", "outcome": "conversion", "probability": 0.3, "on": "2021-10-05"},
    ),
    changed_on=date(2021, 10, 7),
    prior={"distribution": "normal(-4.6, 0.8)", "rationale": "Reconsidered"},
    forecast_on=("2021-09-11", "2021-09-16", "2021-10-01", "2021-10-06", "2021-10-08"),
)
WEEK = Plan(
    study="small",
    document=lambda: living_document(outcomes=[event_outcome(at_risk_since="2019-01-01"), binary_outcome()]),
    start=datetime(2020, 3, 28, 12, tzinfo=UTC),
    days=7,
    sampler={"draws": 400, "tune": 400, "chains": 2},
    sourced="incidents",
    told=(b"period,value\n2020-02,6\n", b"period,value\n2020-02,6\n2020-03,9\n"),
    counted_on=date(2020, 3, 30),
    corrected=(date(2020, 3, 29), {"indicator": "meetings", "period": "2020-02", "value": 2, "exposure": 0.5}),
    spoken=(date(2020, 4, 1), {"expert": "x", "outcome": "exit", "probability": 0.3, "on": "2020-04-01"}),
    changed_on=date(2020, 4, 2),
    prior={"distribution": "normal(-2, 0.8)", "rationale": "Reconsidered"},
    forecast_on=("2020-03-29", "2020-03-30", "2020-04-01", "2020-04-02", "2020-04-03"),
)
PLAN = sized(MONTH, WEEK)
STUDY, START = PLAN.study, PLAN.start


@dataclass
class Life:
    """What those days left behind."""

    stack: Stack
    schedule: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)
    """Oldest first."""
    jobs: dict[str, JobView] = field(default_factory=dict)
    alerts: list[dict[str, Any]] = field(default_factory=list)


def document(server: LocalServer, **changes: Any) -> dict[str, Any]:
    source = {
        "id": "counts",
        "url": server.url("/counts.csv"),
        "values": {"indicator": PLAN.sourced},
        "cron": "0 5 * * *",
    }
    return {**PLAN.document(), "sources": [source], **changes}


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
def life(stack: Stack) -> Iterator[Life]:
    with local_server() as server, stack.client as client, ExitStack() as at_the_end:
        clock = stack.clock
        server.answers["/counts.csv"] = Answer(PLAN.told[0])
        at_the_end.callback(lambda: clock.set(datetime.now(UTC)))
        clock.set(START)
        client.put_study(STUDY, document(server))
        wanted = {"study": STUDY, "cron": "0 6 * * *", "sampler": PLAN.sampler or None}
        schedule = client.request("POST", "/v1/schedules", json=wanted)["id"]
        moves = {"study": STUDY, "kind": "move", "least_move": 0.001}
        subscription = client.request("POST", "/v1/subscriptions", json=moves)["id"]
        # Others use the same service: nothing of this is due when it is today again.
        at_the_end.callback(lambda: client.put_study(STUDY, PLAN.document()))
        at_the_end.callback(lambda: client.request("DELETE", f"/v1/schedules/{schedule}"))
        at_the_end.callback(lambda: client.request("DELETE", f"/v1/subscriptions/{subscription}"))

        def source() -> dict[str, Any]:
            return dict(client.request("GET", f"/v1/studies/{STUDY}/sources")["items"][0])

        def due_times() -> int:
            return len(client.request("GET", f"/v1/schedules/{schedule}/runs", params={"limit": 100})["items"])

        wait_until(lambda: source()["fetched_at"], 60, "the source to be asked when the study was stored")
        for day in range(1, PLAN.days + 1):
            morning = START.replace(hour=5, minute=0, second=1) + timedelta(days=day)
            if morning.date() == PLAN.counted_on:
                # The month goes on: its count is left for the next one.
                server.answers["/counts.csv"] = Answer(PLAN.told[1])
            clock.set(morning)
            wait_until(lambda at=morning: source()["fetched_at"] > at.isoformat(), 60, "the source to be asked")
            clock.set(morning.replace(hour=6))
            wait_until(lambda n=day: due_times() == n, 60, lambda: f"the due time:\n{stack.logs()}")
            settle(client, stack)
            clock.set(morning.replace(hour=12))
            if morning.date() == PLAN.corrected[0]:
                add(client, "observations", **PLAN.corrected[1])
            if morning.date() == PLAN.spoken[0]:
                add(client, "judgments", **PLAN.spoken[1])
            if morning.date() == PLAN.changed_on:
                changed = document(server)
                changed["outcomes"][0]["prior"] = PLAN.prior
                client.put_study(STUDY, changed)
        found = Life(stack, schedule)
        runs = client.request("GET", f"/v1/schedules/{schedule}/runs", params={"limit": 100})["items"]
        found.runs = list(reversed(runs))
        found.history = list(reversed(client.history(STUDY)))
        found.jobs = {entry.job_id: client.job(entry.job_id) for entry in found.history}
        found.alerts = client.request("GET", "/v1/alerts", params={"study": STUDY, "limit": 200})["items"]
        yield found


def test_1_every_morning_was_dealt_with_and_only_those_with_news_have_a_forecast(life: Life) -> None:
    due = [datetime.fromisoformat(run["due_at"]) for run in life.runs]
    assert due == [START.replace(hour=6) + timedelta(days=day) for day in range(1, PLAN.days + 1)]
    made = [at.date().isoformat() for at, run in zip(due, life.runs, strict=True) if run["status"] == "job"]
    assert made == list(PLAN.forecast_on)
    skipped = [run for run in life.runs if run["status"] != "job"]
    assert {run["status"] for run in skipped} == {"skipped"}
    assert all("nothing has changed" in run["reason"] for run in skipped)
    assert [entry.as_of.isoformat() for entry in life.history] == made
    assert [run["job_id"] for run in life.runs if run["job_id"]] == [entry.job_id for entry in life.history]


def test_2_each_forecast_says_why_it_differs(life: Life) -> None:
    causes = [
        None if entry.triage is None else [step.cause for step in entry.triage.steps if step.changed]
        for entry in life.history
    ]
    assert causes == [
        None,
        ["clock", "data"],  # a count was corrected
        ["clock", "world"],  # the month is over, and the source had its count
        ["clock", "world"],  # an expert spoke
        ["method", "clock"],  # another prior
    ]
    for entry in life.history[1:]:
        assert entry.triage is not None
        for outcome, move in entry.outcomes.items():
            shares = [step.outcomes[outcome].change for step in entry.triage.steps]
            assert sum(share for share in shares if share is not None) == pytest.approx(move.log_odds_change, abs=1e-9)


def test_3_subscribers_were_told_of_moves_beyond_their_noise_and_of_no_others(life: Life) -> None:
    told = {
        (alert["detail"]["forecast"], alert["detail"].get("outcome") or alert["detail"]["scenario"])
        for alert in life.alerts
    }
    moved = {
        (entry.forecast_id, name)
        for entry in life.history
        for name, move in {**entry.outcomes, **entry.scenarios}.items()
        if move.beyond_noise and move.change is not None and abs(move.change) >= 0.001
    }
    assert told == moved
    assert moved, "days on which nothing moved would test nothing"
    assert len(life.alerts) == len(told)


@pytest.mark.parametrize("index", sized(range(5), (1, 4)))
def test_4_each_can_be_computed_again_from_the_store_alone(life: Life, index: int) -> None:
    entry = life.history[index]
    made_by = life.jobs[entry.job_id]
    with life.stack.client as client:
        again = client.submit(
            study=STUDY,
            version=made_by.study_version,
            as_of=made_by.as_of,
            recorded_by=made_by.recorded_by,
            sampler={**PLAN.sampler, "seed": made_by.seed},
        )
        ended = client.wait(again.id, 300)
        assert ended.state is JobState.SUCCEEDED, life.stack.logs()
        first, second = client.forecast(entry.forecast_id), client.forecast(str(ended.forecast_id))
    assert first.forecast_id != second.forecast_id
    assert numbers_of(first) == numbers_of(second)


def numbers_of(forecast: StoredForecast) -> dict[str, Any]:
    answer = forecast.model_dump(mode="json")
    return {part: answer[part] for part in ("outcomes", "scenarios", "indicators", "factors", "experts")}
