"""The days that test_12_a_week.py looks back on: what happens when, and what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

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
from tests.suite.sizes import sized
from tests.waiting import wait_until


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
    sampler={"draws": 1000, "tune": 600, "chains": 2},
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

    @property
    def told(self) -> set[tuple[str, str]]:
        """Forecasts and their outcomes or scenarios that the subscriber was told of."""
        details = [alert["detail"] for alert in self.alerts]
        return {(detail["forecast"], detail.get("outcome") or detail["scenario"]) for detail in details}

    def compute_again(self, index: int) -> tuple[StoredForecast, StoredForecast]:
        """One of the forecasts, and the same asked for anew from what the store has of that day."""
        entry = self.history[index]
        made_by = self.jobs[entry.job_id]
        with self.stack.client as client:
            again = client.submit(
                study=STUDY,
                version=made_by.study_version,
                as_of=made_by.as_of,
                recorded_by=made_by.recorded_by,
                sampler={**PLAN.sampler, "seed": made_by.seed},
            )
            ended = client.wait(again.id, 300)
            assert ended.state is JobState.SUCCEEDED, self.stack.logs()
            return client.forecast(entry.forecast_id), client.forecast(str(ended.forecast_id))


def numbers_of(forecast: StoredForecast) -> dict[str, Any]:
    """All of an answer that is computed from draws."""
    answer = forecast.model_dump(mode="json")
    return {part: answer[part] for part in ("outcomes", "scenarios", "indicators", "factors", "experts")}


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


@contextmanager
def lived(stack: Stack) -> Iterator[Life]:
    """Those days on a running service; at the end it is today again, and nothing of this is due."""
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

        def wait_for_source(since: datetime) -> None:
            wait_until(lambda: source()["fetched_at"] > since.isoformat(), 60, "the source to be asked")

        def runs() -> list[dict[str, Any]]:
            return list(client.request("GET", f"/v1/schedules/{schedule}/runs", params={"limit": 100})["items"])

        def wait_for_run(number: int) -> None:
            wait_until(lambda: len(runs()) == number, 60, lambda: f"the due time:\n{stack.logs()}")

        wait_until(lambda: source()["fetched_at"], 60, "the source to be asked when the study was stored")
        for day in range(1, PLAN.days + 1):
            morning = START.replace(hour=5, minute=0, second=1) + timedelta(days=day)
            if morning.date() == PLAN.counted_on:
                # The month goes on: its count is left for the next one.
                server.answers["/counts.csv"] = Answer(PLAN.told[1])
            clock.set(morning)
            wait_for_source(morning)
            clock.set(morning.replace(hour=6))
            wait_for_run(day)
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
        found.runs = list(reversed(runs()))
        found.history = list(reversed(client.history(STUDY)))
        found.jobs = {entry.job_id: client.job(entry.job_id) for entry in found.history}
        found.alerts = client.request("GET", "/v1/alerts", params={"study": STUDY, "limit": 200})["items"]
        yield found
