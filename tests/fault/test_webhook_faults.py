"""Alerts through a real queue and worker to a receiver that is down and comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from forecast.alerts.raising import add_alert
from forecast.alerts.rules import Finding
from forecast.alerts.subscriptions import SubscriptionRequest, create_subscription
from forecast.store import AlertRepository, StudyRepository, utc_now
from forecast.store.tables.alerts import DeliveryRow, ReceiverRow
from forecast.study.document.canonical import canonical_json
from tests.coin import coin_study
from tests.embedded_redis import redis_for
from tests.installation import Installation, installation_in
from tests.local_server import Answer, local_server
from tests.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.slow]

ALERTS = 20
SETTINGS = {
    "outgoing_hosts": ("127.0.0.1",),
    "outgoing_private": True,
    "outgoing_plain_http": True,
    "outgoing_seconds": 2.0,
    "webhook_retry_seconds": (0.5,) * 12,
}


@contextmanager
def running(module: str, installation: Installation) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the service."""
    settings = {f"FORECAST_{name.upper()}": json.dumps(value) for name, value in SETTINGS.items()}
    own = {"FORECAST_HOME": str(installation.settings.home), "FORECAST_DISPATCHER_INTERVAL_SECONDS": "0.2"}
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        env={**os.environ, **own, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


def raise_alerts_to(installation: Installation, url: str, count: int, start: int = 0) -> list[str]:
    study = coin_study()
    wanted = SubscriptionRequest(study="coin", kind="verdict", url=url)  # type: ignore[arg-type]
    with installation.database.write() as session:
        document = canonical_json(study.canonical())
        row, _ = StudyRepository(session).put("coin", study.title, study.digest, document, utc_now())
        subscription = create_subscription(session, row, wanted, installation.settings, utc_now())
        found = [
            add_alert(session, subscription, Finding(f"x:{number}", "something", {}), utc_now())
            for number in range(start, start + count)
        ]
    return [alert for alert in found if alert is not None]


def deliveries(installation: Installation, alerts: list[str]) -> dict[str, DeliveryRow]:
    with installation.database.read() as session:
        return AlertRepository(session).deliveries(alerts)


def states(installation: Installation, alerts: list[str]) -> Counter[str]:
    return Counter(row.state for row in deliveries(installation, alerts).values())


def silences(installation: Installation) -> int:
    with installation.database.read() as session:
        return session.scalar(select(func.max(ReceiverRow.silences))) or 0


@pytest.mark.timeout(300)
def test_every_alert_arrives_once_after_the_receiver_was_down_and_the_rest_is_marked_as_failed() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="hooks-") as folder,
        installation_in(Path(folder), **SETTINGS) as installation,
        redis_for(installation.settings),
        running("workers.dispatcher", installation),
        running("workers.caller", installation),
    ):
        with local_server() as gone:
            port = gone.server_address[1]
        alerts = raise_alerts_to(installation, f"http://127.0.0.1:{port}/hook", ALERTS)
        lost = raise_alerts_to(installation, f"http://127.0.0.1:{port}/never", 2)
        wait_until(lambda: silences(installation) >= 4, 120, "attempts without an answer")
        # One finds out for all whether the receiver is there again.
        assert sum(row.attempts for row in deliveries(installation, alerts).values()) < ALERTS
        with local_server(port) as server:
            server.answers["/hook"] = Answer(b"", 204)
            server.answers["/never"] = Answer(b"", 500)
            wait_until(lambda: states(installation, alerts) == {"delivered": ALERTS}, 60, "all to arrive")
            # What would be sent twice has the time in which the others are tried again.
            wait_until(lambda: states(installation, lost) == {"failed": 2}, 120, "the others to be given up")
            came = Counter(request.headers["webhook-id"] for request in server.asked if request.path == "/hook")
        assert came == dict.fromkeys(alerts, 1)
        for row in deliveries(installation, lost).values():
            assert row.attempts == 13
        with installation.database.read() as session:
            assert len(AlertRepository(session).attempts(lost[0])) == 13
