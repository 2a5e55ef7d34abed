"""The tables of alerts: subscriptions, the alerts that were raised, and their deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from forecast.store.tables.columns import UtcDateTime
from forecast.store.tables.core import ID, ROW_NUMBER, STUDY_ID, WORKSPACE_ID, Base, Workspaced, study_key


class SubscriptionRow(Workspaced, Base):
    """Which events of a study raise an alert, and where it is delivered."""

    __tablename__ = "subscription"
    __table_args__ = (study_key(), Index("ix_subscription_workspace_study", "workspace", "study"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    study: Mapped[str] = mapped_column(STUDY_ID)
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(STUDY_ID)
    scenario: Mapped[str | None] = mapped_column(STUDY_ID)
    """Of these two at most one; none means any."""
    threshold: Mapped[float | None] = mapped_column(Float)
    direction: Mapped[str | None] = mapped_column(String(8))
    least_move: Mapped[float | None] = mapped_column(Float)
    failures: Mapped[int | None]
    url: Mapped[str | None] = mapped_column(Text)
    """None for alerts that are only listed."""
    secret: Mapped[str | None] = mapped_column(Text)
    """Signs what is sent; sealed (`forecast.access.sealing`), and shown once, to the client that made the
    subscription."""
    old_secrets: Mapped[list[dict[str, str]] | None] = mapped_column(JSON)
    """Those that sign as well, up to a moment: `secret`, sealed, and `until`; the one replaced last comes first."""
    enabled: Mapped[bool]
    seen_until: Mapped[datetime] = mapped_column(UtcDateTime)
    """Up to when due times of schedules have been looked at."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AlertRow(Workspaced, Base):
    """An alert that was raised; its key ensures that the subscription gets it once."""

    __tablename__ = "alert"
    __table_args__ = (
        study_key(),
        UniqueConstraint("subscription_id", "key"),
        Index("ix_alert_workspace_study_id", "workspace", "study", "id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    subscription_id: Mapped[str] = mapped_column(ForeignKey("subscription.id"))
    study: Mapped[str] = mapped_column(STUDY_ID)
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    forecast_id: Mapped[str | None] = mapped_column(ForeignKey("forecast.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AssessedRow(Base):
    """A forecast that has been looked at for alerts."""

    __tablename__ = "assessed"

    forecast_id: Mapped[str] = mapped_column(ForeignKey("forecast.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeliveryRow(Base):
    """The delivery of one alert to a webhook, and its result; its errand holds when it is attempted."""

    __tablename__ = "delivery"

    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(default=0)
    """Since it was first wanted, or wanted again."""
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ReceiverRow(Base):
    """A receiver of a workspace's alerts that has not answered lately."""

    __tablename__ = "receiver"

    workspace: Mapped[str] = mapped_column(WORKSPACE_ID, primary_key=True)
    origin: Mapped[str] = mapped_column(String(300), primary_key=True)
    """Scheme, host and port."""
    silences: Mapped[int]
    """Attempts in a row without an answer."""
    rests_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """It is left alone up to then."""


class DeliveryAttemptRow(Base):
    """One attempt; never changed, never removed."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (Index("ix_delivery_attempt_alert_id_id", "alert_id", "id"),)

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    alert_id: Mapped[str] = mapped_column(ForeignKey("alert.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float] = mapped_column(Float)
    status: Mapped[int | None]
    """What the receiver answered; None when it answered nothing."""
    error: Mapped[str | None] = mapped_column(Text)
