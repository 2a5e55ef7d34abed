"""Telling an alert to a webhook: tried with growing pauses until it is taken, or marked as failed with every try.

A receiver that answers nothing is left alone for as long as an alert is, longer each time, and then tried with one alert:
however many there are for it, they keep no caller from those of others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from forecast.access.sealing import SecretsError
from forecast.alerts.rotation import old_secrets_of
from forecast.alerts.subscriptions import secret_of
from forecast.jobs.states import DeliveryState
from forecast.outgoing import AddressRules, Posted, post, signature_headers
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings
from forecast.store import AlertRepository, Database, ReceiverRepository, utc_now
from forecast.store.tables.alerts import AlertRow, DeliveryAttemptRow, DeliveryRow, SubscriptionRow

MAX_ERROR_CHARACTERS: Final = 500
MARGIN_SECONDS: Final = 60.0
"""How much longer than a request may take, until a try that says nothing is given up."""

log = get_logger(__name__)

Send = Callable[[str, bytes, Mapping[str, str]], Posted]


def sender(settings: Settings) -> Send:
    """Sends as an installation allows."""
    rules = AddressRules.of(settings)
    return lambda url, body, headers: post(url, body, headers, rules, settings.outgoing_seconds)


def message_of(alert: AlertRow) -> bytes:
    """The body of an alert's message; the same at every try."""
    message: dict[str, Any] = {
        "type": f"alert.{alert.kind}",
        "timestamp": alert.created_at.isoformat(),
        "data": {"alert": alert.id, "study": alert.study, "title": alert.title, **alert.detail},
    }
    return json.dumps(message, ensure_ascii=True).encode()


def deliver(
    database: Database,
    send: Send,
    settings: Settings,
    alert_id: str,
    clock: Callable[[], datetime] = utc_now,
) -> DeliveryState | None:
    """Make one try, if one is due; None when it is not, so a second message changes nothing."""
    began = clock()
    until = began + timedelta(seconds=settings.outgoing_seconds + MARGIN_SECONDS)
    with database.write() as session:
        delivery = AlertRepository(session).claim_delivery(alert_id, began, until)
        if delivery is None:
            return None
        alert = AlertRepository(session).get(alert_id)
        assert alert is not None, "a delivery points to its alert"
        subscription = AlertRepository(session).subscriber_of(alert)
        if (reason := _why_not(subscription)) is not None:
            _give_up(session, delivery, reason, began)
            return DeliveryState.FAILED
        assert subscription.url is not None, "else there is a reason"
        # Where it goes now, which may have been corrected since.
        try:
            secret = secret_of(subscription, settings)
            old_secrets = old_secrets_of(subscription, settings, began)
        except SecretsError as unopened:
            _give_up(session, delivery, str(unopened), began)
            return DeliveryState.FAILED
        url, attempt = subscription.url, delivery.attempts
        delivery.url = url
        receiver = ReceiverRepository(session).get(alert.workspace, origin_of(url))
        if receiver is not None and receiver.rests_until is not None:
            if receiver.rests_until > began:
                return _put_back(session, delivery, alert, receiver.rests_until, settings, began)
            # This alert finds out whether it is there again; the others wait for that.
            receiver.rests_until = began + timedelta(seconds=settings.outgoing_seconds)
    body = message_of(alert)
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers |= signature_headers(secret, alert.id, began, body, old_secrets)
    sent = clock()
    try:
        posted = send(url, body, headers)
    except Exception as failed:
        # A try that cannot be recorded would be made for ever.
        log.exception("delivery_defect", alert=alert_id)
        error = f"a defect of ours ({type(failed).__name__}); it is in the worker's log"
        posted = Posted((clock() - sent).total_seconds(), None, error)
    with database.write() as session:
        state = _record(session, alert_id, attempt, posted, settings, began, clock())
    log.info("alert_sent", alert=alert_id, attempt=attempt, status=posted.status, state=state.value)
    return state


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _put_back(
    session: Session, delivery: DeliveryRow, alert: AlertRow, until: datetime, settings: Settings, now: datetime
) -> DeliveryState:
    """Have an alert wait for its receiver, but not longer than one that is tried as often as may be."""
    delivery.attempts -= 1
    wanted_at = delivery.wanted_at or alert.created_at
    pauses = settings.webhook_retry_seconds
    # As long as one that is tried, each time until the request is given up.
    if now - wanted_at > timedelta(seconds=sum(pauses) + (len(pauses) + 1) * settings.outgoing_seconds):
        _give_up(session, delivery, "its receiver has answered nothing to other alerts either", now)
        return DeliveryState.FAILED
    session.flush()
    AlertRepository(session).put_back(delivery.alert_id, until)
    return DeliveryState.PENDING


def _why_not(subscription: SubscriptionRow) -> str | None:
    """Why nothing is sent to a subscriber any more."""
    if subscription.deleted_at is not None:
        return "the subscription has ended"
    if not subscription.enabled:
        return "the subscription is paused"
    return "the subscription has no address any more" if subscription.url is None else None


def _give_up(session: Session, delivery: DeliveryRow, reason: str, now: datetime) -> None:
    row = DeliveryAttemptRow(alert_id=delivery.alert_id, at=now, seconds=0.0, status=None, error=reason)
    AlertRepository(session).add_attempt(row)
    _settle(delivery, DeliveryState.FAILED, now)


def _record(
    session: Session, alert_id: str, attempt: int, posted: Posted, settings: Settings, began: datetime, now: datetime
) -> DeliveryState:
    alerts = AlertRepository(session)
    error = None if posted.error is None else posted.error[:MAX_ERROR_CHARACTERS]
    alerts.add_attempt(
        DeliveryAttemptRow(alert_id=alert_id, at=began, seconds=posted.seconds, status=posted.status, error=error)
    )
    delivery = alerts.deliveries([alert_id])[alert_id]
    _note_receiver(session, alert_id, delivery.url, posted, settings, now)
    if delivery.attempts != attempt or delivery.state != DeliveryState.PENDING:
        # Given up and tried again by another in the meantime, whose word counts.
        return DeliveryState(delivery.state)
    pauses = settings.webhook_retry_seconds
    if error is None:
        _settle(delivery, DeliveryState.DELIVERED, now)
    elif attempt > len(pauses):
        _settle(delivery, DeliveryState.FAILED, now)
    else:
        delivery.next_attempt_at = now + timedelta(seconds=pauses[attempt - 1])
    return DeliveryState(delivery.state)


def _note_receiver(
    session: Session, alert_id: str, url: str, posted: Posted, settings: Settings, now: datetime
) -> None:
    alert = AlertRepository(session).get(alert_id)
    assert alert is not None, "a delivery points to its alert"
    receivers = ReceiverRepository(session)
    if not posted.is_silent:
        receivers.note_answer(alert.workspace, origin_of(url))
    elif pauses := settings.webhook_retry_seconds:
        receiver = receivers.note_silence(alert.workspace, origin_of(url))
        receiver.rests_until = now + timedelta(seconds=pauses[min(receiver.silences, len(pauses)) - 1])


def _settle(delivery: DeliveryRow, state: DeliveryState, now: datetime) -> None:
    delivery.state, delivery.next_attempt_at, delivery.settled_at = state.value, None, now
