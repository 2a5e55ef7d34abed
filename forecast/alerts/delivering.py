"""Delivers an alert to a webhook, with growing pauses, until it is accepted or marked as failed; each attempt is kept.

A receiver that does not answer is left alone, each time longer, by the same pauses as an alert. Then one alert is
attempted. So its alerts, however many, delay no deliveries to other receivers.
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
from forecast.errands import ErrandKind, ErrandRule, begin_errand, settle_attempt
from forecast.jobs.states import DeliveryState
from forecast.outgoing import AddressRules, Posted, post, signature_headers
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings
from forecast.store import AlertRepository, Database, ErrandRepository, ReceiverRepository, utc_now
from forecast.store.tables.alerts import AlertRow, DeliveryAttemptRow, DeliveryRow, SubscriptionRow
from forecast.store.tables.errands import ErrandRow

MAX_ERROR_CHARACTERS: Final = 500

log = get_logger(__name__)

Send = Callable[[str, bytes, Mapping[str, str]], Posted]


def sender(settings: Settings) -> Send:
    """Sends as an installation allows."""
    rules = AddressRules.of(settings)
    return lambda url, body, headers: post(url, body, headers, rules, settings.outgoing_seconds)


def message_of(alert: AlertRow) -> bytes:
    """The body of an alert's message; the same in every attempt."""
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
    """Make one attempt, if one is due; None when it is not, so a second message changes nothing."""
    began, rule = clock(), ErrandRule.of(ErrandKind.DELIVERY, settings)
    with database.write() as session:
        alert = AlertRepository(session).get(alert_id)
        if alert is None:
            return None
        errand = begin_errand(session, ErrandKind.DELIVERY, alert.workspace, alert_id, rule, began)
        if errand is None:
            return None
        delivery = AlertRepository(session).deliveries([alert_id])[alert_id]
        subscription = AlertRepository(session).subscriber_of(alert)
        if (reason := _why_not(subscription)) is not None:
            return _give_up(session, delivery, errand, reason, began)
        assert subscription.url is not None, "else there is a reason"
        # Where it goes now, which may have been corrected since.
        try:
            secret = secret_of(subscription, settings)
            old_secrets = old_secrets_of(subscription, settings, began)
        except SecretsError as unopened:
            return _give_up(session, delivery, errand, str(unopened), began)
        if rule.is_spent(errand):
            return _give_up(session, delivery, errand, rule.gave_up, began, is_lost=True)
        delivery.url, delivery.attempts = subscription.url, errand.attempts
        url = subscription.url
        receiver = ReceiverRepository(session).get(alert.workspace, origin_of(url))
        if receiver is not None and receiver.rests_until is not None:
            if receiver.rests_until > began:
                return _wait_for_receiver(session, delivery, errand, receiver.rests_until, settings, began)
            # This alert finds out whether the receiver answers again; the others wait for that.
            receiver.rests_until = began + timedelta(seconds=settings.outgoing_seconds)
    body = message_of(alert)
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers |= signature_headers(secret, alert.id, began, body, old_secrets)
    sent = clock()
    try:
        posted = send(url, body, headers)
    except Exception as failed:
        # An attempt that cannot be recorded would be made for ever.
        log.exception("delivery_defect", alert=alert_id)
        error = f"a defect of ours ({type(failed).__name__}); it is in the worker's log"
        posted = Posted((clock() - sent).total_seconds(), None, error)
    with database.write() as session:
        state = _record(session, errand, posted, rule, settings, began, clock())
    log.info("alert_sent", alert=alert_id, attempt=errand.attempts, status=posted.status, state=state.value)
    return state


def origin_of(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _wait_for_receiver(
    session: Session, delivery: DeliveryRow, errand: ErrandRow, until: datetime, settings: Settings, now: datetime
) -> DeliveryState:
    """Postpone an alert until its receiver is attempted again, but never longer than all attempts of an alert take."""
    errand.attempts -= 1
    delivery.attempts = errand.attempts
    pauses = settings.webhook_retry_seconds
    # As long as all attempts take when each request runs into its timeout.
    if now - errand.wanted_at > timedelta(seconds=sum(pauses) + (len(pauses) + 1) * settings.outgoing_seconds):
        return _give_up(session, delivery, errand, "its receiver has answered nothing to other alerts either", now)
    ErrandRepository(session).postpone(errand, until)
    return DeliveryState.PENDING


def _why_not(subscription: SubscriptionRow) -> str | None:
    """Why nothing is sent to a subscriber any more."""
    if subscription.deleted_at is not None:
        return "the subscription has ended"
    if not subscription.enabled:
        return "the subscription is paused"
    return "the subscription has no address any more" if subscription.url is None else None


def _give_up(
    session: Session, delivery: DeliveryRow, errand: ErrandRow, reason: str, now: datetime, *, is_lost: bool = False
) -> DeliveryState:
    """Settle a delivery as failed; `is_lost` when no attempt came to its end."""
    row = DeliveryAttemptRow(alert_id=delivery.alert_id, at=now, seconds=0.0, status=None, error=reason)
    AlertRepository(session).add_attempt(row)
    ErrandRepository(session).finish(errand, now, given_up=is_lost)
    delivery.state, delivery.settled_at = DeliveryState.FAILED.value, now
    return DeliveryState.FAILED


def _record(
    session: Session,
    claimed: ErrandRow,
    posted: Posted,
    rule: ErrandRule,
    settings: Settings,
    began: datetime,
    now: datetime,
) -> DeliveryState:
    alerts, errands, alert_id = AlertRepository(session), ErrandRepository(session), claimed.key
    error = None if posted.error is None else posted.error[:MAX_ERROR_CHARACTERS]
    alerts.add_attempt(
        DeliveryAttemptRow(alert_id=alert_id, at=began, seconds=posted.seconds, status=posted.status, error=error)
    )
    delivery = alerts.deliveries([alert_id])[alert_id]
    _note_receiver(session, alert_id, delivery.url, posted, settings, now)
    errand = errands.held(claimed)
    if errand is None:
        # Attempted again by another process in the meantime, whose result counts; or given up, and delivered after all.
        if error is None and (lost := errands.given_up(claimed)) is not None:
            errands.finish(lost, now)
            delivery.state, delivery.settled_at = DeliveryState.DELIVERED.value, now
        return DeliveryState(delivery.state)
    if error is None:
        errands.finish(errand, now)
        delivery.state, delivery.settled_at = DeliveryState.DELIVERED.value, now
    elif settle_attempt(session, errand, rule, now):
        delivery.state, delivery.settled_at = DeliveryState.FAILED.value, now
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
