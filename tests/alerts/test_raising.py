"""Alerts of forecasts, sources and schedules: each event is reported once, and nothing else."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from forecast.alerts.raising import raise_alerts
from forecast.alerts.subscriptions import (
    SubscriptionChange,
    SubscriptionRequest,
    change_subscription,
    create_subscription,
    delete_subscription,
)
from forecast.jobs.lifecycle import complete_job
from forecast.store import AlertRepository, SourceRepository, StudyRepository
from forecast.store.ids import new_id
from forecast.store.tables.alerts import AlertRow
from forecast.store.tables.living import OccurrenceRow, ScheduleRow
from forecast.study.document.canonical import canonical_json
from tests.coin import coin_answer, coin_study
from tests.installation import Installation, forecast_row

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _study(installation: Installation) -> None:
    study = coin_study()
    with installation.database.write() as session:
        StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), START)


def subscribe(installation: Installation, kind: str, now: datetime = START, **options: Any) -> str:
    with installation.database.write() as session:
        study = StudyRepository(session).get("coin")
        assert study is not None
        wanted = SubscriptionRequest(study="coin", kind=kind, **options)  # type: ignore[arg-type]
        return create_subscription(session, study, wanted, installation.settings, now).id


def add(installation: Installation, as_of: str, probability: float, mcse: float = 0.005, **changes: Any) -> str:
    """A stored forecast of the coin as of a day; its id."""
    study = coin_study(as_of=as_of)
    answer = coin_answer(study)
    outcome = answer.outcomes[0].model_copy(update={"probability": probability, "mcse": mcse})
    text = answer.model_copy(update={"outcomes": (outcome,), "scenarios": ()}).model_dump_json()
    version = changes.pop("version", "v" * 64)
    claim = installation.claim(installation.submit(study, version_digest=version))
    row = forecast_row(claim, study, answer=text, **{"now": START + timedelta(minutes=1), **changes})
    with installation.database.write() as session:
        complete_job(session, claim, row, {}, START)
    return row.id


def missing_schedule(session: Session) -> str:
    """The id of a schedule for due times to hang on."""
    schedule = ScheduleRow(
        id=new_id(),
        study="coin",
        title="Monthly",
        cron="0 6 1 * *",
        timezone="UTC",
        anchor=START,
        catch_up="skip",
        overlap="skip",
        unchanged="skip",
        enabled=True,
        created_at=START,
        updated_at=START,
    )
    session.add(schedule)
    session.flush()
    return schedule.id


def alerts(installation: Installation) -> list[AlertRow]:
    with installation.database.read() as session:
        return list(reversed(AlertRepository(session).page(200).items))


def raised(installation: Installation, now: datetime = START) -> list[str]:
    """Titles of the alerts of one look."""
    new = set(raise_alerts(installation.database, now))
    return [row.title for row in alerts(installation) if row.id in new]


CROSSINGS = {
    "up": ("above", [0.2, 0.31], ["heads rose above 30 %: 20 % to 31 %"]),
    "up is not down": ("below", [0.2, 0.31], []),
    "down": ("below", [0.31, 0.05], ["heads fell to 30 % or below: 31 % to 5 %"]),
    "either": (
        "either",
        [0.2, 0.31, 0.4, 0.3],
        ["heads rose above 30 %: 20 % to 31 %", "heads fell to 30 % or below: 40 % to 30 %"],
    ),
    "on it is not above": ("either", [0.3, 0.3, 0.2], []),
    "from it is": ("either", [0.3, 0.301], ["heads rose above 30 %: 30 % to 30 %"]),
    "from it, where floats are not what they seem": ("above", [0.2, 0.7005], ["heads rose above 20 %: 20 % to 70 %"]),
    "the first forecast crosses nothing": ("either", [0.9], []),
}


@pytest.mark.parametrize("name", CROSSINGS)
def test_crossings_of_a_threshold(installation: Installation, name: str) -> None:
    direction, probabilities, expected = CROSSINGS[name]
    threshold = 0.2 if "floats" in name else 0.3
    subscribe(installation, "threshold", threshold=threshold, direction=direction, outcome="heads")
    for month, probability in enumerate(probabilities):
        add(installation, f"2021-0{month + 1}-01", probability)
    # Also when several forecasts came since the last look.
    assert raised(installation) == expected
    assert raised(installation) == []


def test_moves_count_when_they_are_large_and_more_than_noise(installation: Installation) -> None:
    subscribe(installation, "move", least_move=0.05)
    add(installation, "2021-01-01", 0.2)
    add(installation, "2021-02-01", 0.24)  # too small
    add(installation, "2021-03-01", 0.34, mcse=0.06)  # not beyond its noise
    add(installation, "2021-04-01", 0.2)
    assert raised(installation) == ["heads fell by 14.0 percentage points: 34 % to 20 %"]
    (alert,) = alerts(installation)
    assert alert.detail["change"] == pytest.approx(-0.14)
    assert (alert.detail["outcome"], alert.detail["beyond_noise"]) == ("heads", True)


def test_a_forecast_for_a_past_day_tells_nothing(installation: Installation) -> None:
    subscribe(installation, "move")
    add(installation, "2021-06-01", 0.2)
    add(installation, "2021-01-01", 0.9)
    add(installation, "2021-07-01", 0.21)
    assert raised(installation) == []


def test_refused_forecasts_and_documents_of_a_job_move_nothing(installation: Installation) -> None:
    subscribe(installation, "move")
    add(installation, "2021-01-01", 0.2)
    add(installation, "2021-02-01", 0.9, verdict="refused")
    add(installation, "2021-03-01", 0.9, version=None)
    add(installation, "2021-04-01", 0.21)
    assert raised(installation) == []


def test_another_verdict(installation: Installation) -> None:
    subscribe(installation, "verdict")
    for month, verdict in enumerate(["published", "published", "refused", "refused", "published"]):
        add(installation, f"2021-0{month + 1}-01", 0.2, verdict=verdict)
    assert raised(installation) == ["verdict published became refused", "verdict refused became published"]


def test_who_subscribes_later_or_pauses_or_ends_is_not_told(installation: Installation) -> None:
    add(installation, "2021-01-01", 0.2)
    subscribe(installation, "move", START + timedelta(minutes=2), title="late")
    paused = subscribe(installation, "move", title="paused")
    ended = subscribe(installation, "move", title="ended")
    subscribe(installation, "move", title="here")
    with installation.database.write() as session:
        repository = AlertRepository(session)
        for identifier, change in ((paused, False), (ended, None)):
            row = repository.subscription(identifier)
            assert row is not None
            if change is None:
                delete_subscription(row, START)
            else:
                change_subscription(row, SubscriptionChange(enabled=False), installation.settings, START)
    add(installation, "2021-02-01", 0.4)
    assert len(raised(installation)) == 1
    with installation.database.read() as session:
        (alert,) = alerts(installation)
        told = AlertRepository(session).subscription(alert.subscription_id)
    assert told is not None
    assert told.title == "here"


def test_due_times_of_a_pause_are_not_told(installation: Installation) -> None:
    subscription = subscribe(installation, "schedule")
    with installation.database.write() as session:
        schedule = missing_schedule(session)
        for enabled, minute in ((False, 0), (True, 6)):
            row = AlertRepository(session).subscription(subscription)
            assert row is not None
            now = START + timedelta(minutes=minute)
            change_subscription(row, SubscriptionChange(enabled=enabled), installation.settings, now)
        for minute in (3, 8):
            at = START + timedelta(minutes=minute)
            session.add(
                OccurrenceRow(schedule_id=schedule, due_at=at, status="missed", reason=f"minute {minute}", made_at=at)
            )
    raised(installation, START + timedelta(minutes=9))
    assert [alert.detail["reason"] for alert in alerts(installation)] == ["minute 8"]


@pytest.mark.both_databases
def test_two_who_look_at_once_tell_each_thing_once(installation: Installation) -> None:
    subscribe(installation, "move")
    for month in range(1, 9):
        add(installation, f"2021-0{month}-01", 0.2 if month % 2 else 0.5)
    threads = [threading.Thread(target=raise_alerts, args=(installation.database, START)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(alerts(installation)) == 7
    assert len({alert.key for alert in alerts(installation)}) == 7


def test_a_source_that_fails_is_told_once_a_spell(installation: Installation) -> None:
    subscribe(installation, "source", failures=2)
    source = '{"id": "counts", "url": "https://example.org/a.csv"}'
    with installation.database.write() as session:
        SourceRepository(session).put("coin", {"counts": (source, START)}, START)

    def fail(times: int, since: datetime | None) -> None:
        with installation.database.write() as session:
            row = SourceRepository(session).get("coin", "counts")
            assert row is not None
            row.failures, row.failing_since, row.error_detail = times, since, "no answer"

    for times, since, expected in (
        (1, START, 0),
        (2, START, 1),
        (3, START, 0),
        (0, None, 0),
        (2, START + timedelta(days=1), 1),
    ):
        fail(times, since)
        assert len(raised(installation)) == expected
    assert alerts(installation)[0].title == "source counts has failed 2 times in a row"
    assert alerts(installation)[0].detail["error"] == "no answer"


def test_missed_due_times_are_told_once_a_standstill(installation: Installation) -> None:
    subscribe(installation, "schedule")
    with installation.database.write() as session:
        schedule = missing_schedule(session)
        for hour, status in ((1, "missed"), (2, "missed"), (3, "skipped"), (4, "job")):
            due, made = START + timedelta(hours=hour), START + timedelta(hours=9)
            session.add(OccurrenceRow(schedule_id=schedule, due_at=due, status=status, reason="x", made_at=made))
    later = START + timedelta(hours=9, seconds=5)
    assert raised(installation, later) == ["schedule 'Monthly': 2 due times missed"]
    assert raised(installation, later + timedelta(minutes=1)) == []
    with installation.database.write() as session:
        session.add(
            OccurrenceRow(
                schedule_id=schedule,
                due_at=START + timedelta(hours=10),
                status="failed",
                reason="too many jobs wait",
                made_at=START + timedelta(hours=10),
            )
        )
    assert raised(installation, START + timedelta(hours=10, minutes=1)) == ["schedule 'Monthly': a due time failed"]
    assert raised(installation, START + timedelta(hours=30)) == []
