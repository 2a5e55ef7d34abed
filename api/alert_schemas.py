"""Subscriptions, alerts and their deliveries, as they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.schemas import Schema
from forecast.alerts.subscriptions import AlertKind, Direction
from forecast.jobs.states import DeliveryState


class SubscriptionView(Schema):
    """What somebody is told of a study."""

    id: str
    study: str
    title: str
    kind: AlertKind
    outcome: str | None
    scenario: str | None
    threshold: float | None
    direction: Direction | None
    least_move: float | None
    failures: int | None
    url: str | None
    enabled: bool
    created_at: datetime
    updated_at: datetime
    old_secrets_until: datetime | None
    """Up to when messages are signed with the old secret as well, after a new one was asked for."""


class NewSubscription(SubscriptionView):
    """A subscription as it was made, or given a new secret."""

    secret: str | None
    """Signs what is sent to its address (Standard Webhooks); shown once, when it is made."""


class DeliveryAttempt(Schema):
    """One try to deliver an alert."""

    at: datetime
    seconds: float
    status: int | None
    """What the receiver answered; None when it answered nothing."""
    error: str | None
    """None when it took it."""


class Delivery(Schema):
    """Where an alert goes and whether it has arrived."""

    url: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    settled_at: datetime | None


class AlertView(Schema):
    """Something there was to tell."""

    id: str
    subscription_id: str
    study: str
    kind: AlertKind
    title: str
    detail: dict[str, Any]
    created_at: datetime
    delivery: Delivery | None
    """None for a subscription without an address."""


class AlertDetail(AlertView):
    """An alert with every try to deliver it."""

    attempts: tuple[DeliveryAttempt, ...]


class SubscriptionPage(Schema):
    items: tuple[SubscriptionView, ...]
    next_cursor: str | None


class AlertPage(Schema):
    items: tuple[AlertView, ...]
    next_cursor: str | None
