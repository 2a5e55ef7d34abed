"""Subscriptions, alerts and their deliveries, as they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.schemas import Schema
from forecast.alerts.subscriptions import AlertKind, Direction
from forecast.jobs.states import DeliveryState


class SubscriptionView(Schema):
    """A subscription to alerts of a study."""

    id: str
    """UUID of the subscription."""
    study: str
    """Id of the study."""
    title: str
    """Title of the subscription."""
    kind: AlertKind
    """What is reported."""
    outcome: str | None
    """Id of the only outcome that counts; null: no restriction to one."""
    scenario: str | None
    """Id of the only scenario that counts; null: no restriction to one."""
    threshold: float | None
    """Probability between 0 and 1; null unless the kind is `threshold`."""
    direction: Direction | None
    """Which crossings count; null unless the kind is `threshold`."""
    least_move: float | None
    """Smallest change of a probability that is reported; null unless the kind is `move`."""
    failures: int | None
    """Failed fetches in a row that are reported; null unless the kind is `source`."""
    url: str | None
    """Webhook address; null: alerts are only listed and in the feed."""
    enabled: bool
    """False while it is paused."""
    created_at: datetime
    """When it was made (UTC)."""
    updated_at: datetime
    """When it was last changed (UTC)."""
    old_secrets_until: datetime | None
    """Until when messages are also signed with the old secret (UTC); null when there is none."""


class NewSubscription(SubscriptionView):
    """A subscription that was made, changed or given a new secret."""

    secret: str | None
    """Secret that signs the messages (Standard Webhooks), shown only when it is new; null otherwise."""


class DeliveryAttempt(Schema):
    """One try to deliver an alert."""

    at: datetime
    """When the attempt began (UTC)."""
    seconds: float
    """How long it took, in seconds."""
    status: int | None
    """HTTP status of the receiver's answer; null without an answer."""
    error: str | None
    """Why it failed, in words; null when the receiver accepted the message."""


class Delivery(Schema):
    """Where an alert goes and whether it has arrived."""

    url: str
    """Webhook address."""
    state: DeliveryState
    """`pending`: further attempts follow. `delivered`: accepted. `failed`: no attempt is left."""
    attempts: int
    """Attempts so far."""
    next_attempt_at: datetime | None
    """When the next attempt is due (UTC); null when none is."""
    settled_at: datetime | None
    """When it was delivered or failed (UTC); null while pending."""


class AlertView(Schema):
    """An alert: one thing that a subscription reports."""

    id: str
    """UUID of the alert; the same in every attempt to deliver it."""
    subscription_id: str
    """UUID of the subscription."""
    study: str
    """Id of the study."""
    kind: AlertKind
    """What it reports."""
    title: str
    """What happened, in one line."""
    detail: dict[str, Any]
    """Facts of the alert by name; which ones depends on the kind."""
    created_at: datetime
    """When it was raised (UTC)."""
    delivery: Delivery | None
    """Where it goes and whether it has arrived; null for a subscription without an address."""


class AlertDetail(AlertView):
    """An alert with every attempt to deliver it."""

    attempts: tuple[DeliveryAttempt, ...]
    """Each attempt to deliver it, oldest first."""


class SubscriptionPage(Schema):
    """A page of subscriptions."""

    items: tuple[SubscriptionView, ...]
    """Subscriptions, newest first."""
    next_cursor: str | None
    """Value for the `cursor` of the next request; null on the last page."""


class AlertPage(Schema):
    """A page of alerts."""

    items: tuple[AlertView, ...]
    """Alerts, newest first."""
    next_cursor: str | None
    """Value for the `cursor` of the next request; null on the last page."""
