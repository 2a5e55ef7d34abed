"""An installation that may notify webhooks on this machine, and the state of its alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from forecast.alerts.delivering import deliver, sender
from forecast.alerts.raising import add_alert
from forecast.alerts.rules import Finding
from forecast.alerts.subscriptions import (
    SubscriptionChange,
    SubscriptionRequest,
    change_subscription,
    create_subscription,
    delete_subscription,
    secret_of,
)
from forecast.jobs.states import DeliveryState
from forecast.store import AlertRepository, StudyRepository
from forecast.store.tables.alerts import DeliveryAttemptRow, DeliveryRow
from forecast.study.document.canonical import canonical_json
from tests.coin import coin_study
from tests.installation import Installation, installation_in


@pytest.fixture
def telling(tmp_path: Path) -> Iterator[Installation]:
    """An installation that may ask this machine, and tries four times."""
    options: dict[str, Any] = {"outgoing_hosts": ("127.0.0.1",), "outgoing_private": True, "outgoing_plain_http": True}
    pauses = (1.0, 2.0, 4.0)
    with installation_in(tmp_path / "home", webhook_retry_seconds=pauses, outgoing_seconds=1.0, **options) as made:
        study = coin_study()
        with made.database.write() as session:
            StudyRepository(session).put("coin", study.title, study.digest, canonical_json(study.canonical()), NOW)
        yield made


NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def raise_one(installation: Installation, url: str, now: datetime = NOW, key: str = "x") -> tuple[str, str]:
    """An alert that is to be delivered, and the secret of its subscription."""
    with installation.database.write() as session:
        study = StudyRepository(session).get("coin")
        assert study is not None
        wanted = SubscriptionRequest(study="coin", kind="verdict", url=url)  # type: ignore[arg-type]
        row = create_subscription(session, study, wanted, installation.settings, now)
        alert = add_alert(session, row, Finding(key, "verdict published became refused", {"note": "é\u2028"}), now)
        assert alert is not None
        secret = secret_of(row, installation.settings)
        assert secret is not None
        return alert, secret


def attempt(installation: Installation, alert: str, now: datetime) -> DeliveryState | None:
    return deliver(installation.database, sender(installation.settings), installation.settings, alert, lambda: now)


def standing(installation: Installation, alert: str) -> tuple[DeliveryRow, tuple[DeliveryAttemptRow, ...]]:
    with installation.database.read() as session:
        repository = AlertRepository(session)
        return repository.deliveries([alert])[alert], repository.attempts(alert)


def change(installation: Installation, alert: str, **wanted: Any) -> None:
    with installation.database.write() as session:
        row = AlertRepository(session).get(alert)
        assert row is not None
        subscription = AlertRepository(session).subscriber_of(row)
        if wanted:
            change_subscription(subscription, SubscriptionChange(**wanted), installation.settings, NOW)
        else:
            delete_subscription(subscription, NOW)
