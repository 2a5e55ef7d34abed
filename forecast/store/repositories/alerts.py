"""Queries about subscriptions, alerts and their delivery."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from forecast.store.repositories.errands import ErrandRepository
from forecast.store.repositories.pages import Page, decode_cursor, make_page
from forecast.store.tables.alerts import AlertRow, AssessedRow, DeliveryAttemptRow, DeliveryRow, SubscriptionRow
from forecast.store.tables.core import ForecastRow
from forecast.store.tables.living import OccurrenceRow, ScheduleRow

PENDING: Final = "pending"
DELIVERY: Final = "delivery"
"""The kind of its errands."""


class AlertRepository:
    """Subscriptions and alerts, as one transaction sees them. Deleted subscriptions are kept, and no query finds
    them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_subscription(self, row: SubscriptionRow) -> None:
        self._session.add(row)
        self._session.flush()

    def subscription(self, subscription_id: str) -> SubscriptionRow | None:
        row = self._session.get(SubscriptionRow, subscription_id, populate_existing=True)
        return None if row is None or row.deleted_at is not None else row

    def subscriber_of(self, alert: AlertRow) -> SubscriptionRow:
        """The subscription that an alert was raised for, even after it has been deleted."""
        row = self._session.get(SubscriptionRow, alert.subscription_id, populate_existing=True)
        assert row is not None, "an alert points to its subscription"
        return row

    def subscriptions(self, limit: int, cursor: str | None = None, study: str | None = None) -> Page[SubscriptionRow]:
        """Subscriptions, newest first."""
        listing = f"subscriptions:{study or ''}"
        query = select(SubscriptionRow).where(SubscriptionRow.deleted_at.is_(None)).order_by(SubscriptionRow.id.desc())
        if study is not None:
            query = query.where(SubscriptionRow.study == study)
        if (before := decode_cursor(listing, cursor)) is not None:
            query = query.where(SubscriptionRow.id < before)
        rows = list(self._session.scalars(query.limit(limit + 1)))
        return make_page(listing, rows, [row.id for row in rows], limit)

    def count_subscriptions(self, workspace: str) -> int:
        """How many subscriptions of a workspace have not ended."""
        query = select(func.count()).where(SubscriptionRow.workspace == workspace, SubscriptionRow.deleted_at.is_(None))
        return self._session.scalar(query) or 0

    def wanting(self, kinds: Collection[str], study: str | None = None) -> tuple[SubscriptionRow, ...]:
        """Subscriptions of some kinds that are in force."""
        query = select(SubscriptionRow).where(
            SubscriptionRow.kind.in_(kinds), SubscriptionRow.enabled, SubscriptionRow.deleted_at.is_(None)
        )
        if study is not None:
            query = query.where(SubscriptionRow.study == study)
        return tuple(self._session.scalars(query.order_by(SubscriptionRow.id)))

    def with_secret(self) -> tuple[SubscriptionRow, ...]:
        """Subscriptions that have a secret, deleted ones included."""
        return tuple(self._session.scalars(select(SubscriptionRow).where(SubscriptionRow.secret.is_not(None))))

    def behind(self, kind: str, moment: datetime) -> tuple[str, ...]:
        """Subscriptions of a kind whose due times have not been looked at since a moment."""
        query = select(SubscriptionRow.id).where(
            SubscriptionRow.kind == kind,
            SubscriptionRow.enabled,
            SubscriptionRow.deleted_at.is_(None),
            SubscriptionRow.seen_until < moment,
        )
        return tuple(self._session.scalars(query))

    def mark_seen(self, subscription_ids: Collection[str], now: datetime) -> None:
        chosen = SubscriptionRow.id.in_(subscription_ids)
        self._session.execute(update(SubscriptionRow).where(chosen).values(seen_until=now))

    def has(self, subscription_id: str, key: str) -> bool:
        """Whether a subscription has an alert of this key."""
        query = select(AlertRow.id).where(AlertRow.subscription_id == subscription_id, AlertRow.key == key)
        return self._session.scalar(query) is not None

    def add_once(self, row: AlertRow, url: str | None) -> bool:
        """Keep an alert, and its delivery if it has an address; False when the subscription has one under its key."""
        if self.has(row.subscription_id, row.key):
            return False
        self._session.add(row)
        self._session.flush()
        if url is not None:
            self._session.add(DeliveryRow(alert_id=row.id, url=url, state=PENDING, attempts=0))
            ErrandRepository(self._session).want(DELIVERY, row.workspace, row.id, row.created_at)
        return True

    def get(self, alert_id: str) -> AlertRow | None:
        return self._session.get(AlertRow, alert_id)

    def page(self, limit: int, cursor: str | None = None, study: str | None = None) -> Page[AlertRow]:
        """Alerts, newest first."""
        listing = f"alerts:{study or ''}"
        query = select(AlertRow).order_by(AlertRow.id.desc())
        if study is not None:
            query = query.where(AlertRow.study == study)
        if (before := decode_cursor(listing, cursor)) is not None:
            query = query.where(AlertRow.id < before)
        rows = list(self._session.scalars(query.limit(limit + 1)))
        return make_page(listing, rows, [row.id for row in rows], limit)

    def raised_since(self, moment: datetime, studies: Collection[str]) -> dict[str, int]:
        """How many alerts each study has had since, for those that had any; tests do not count."""
        query = (
            select(AlertRow.study, func.count())
            .where(AlertRow.study.in_(studies), AlertRow.created_at >= moment, AlertRow.kind != "test")
            .group_by(AlertRow.study)
        )
        return {row[0]: row[1] for row in self._session.execute(query)}

    def deliveries(self, alert_ids: Collection[str]) -> dict[str, DeliveryRow]:
        """Delivery by alert, for those that have one."""
        query = select(DeliveryRow).where(DeliveryRow.alert_id.in_(alert_ids))
        found = self._session.scalars(query.execution_options(populate_existing=True))
        return {row.alert_id: row for row in found}

    def attempts(self, alert_id: str) -> tuple[DeliveryAttemptRow, ...]:
        """Every attempt to deliver an alert, oldest first."""
        query = select(DeliveryAttemptRow).where(DeliveryAttemptRow.alert_id == alert_id)
        return tuple(self._session.scalars(query.order_by(DeliveryAttemptRow.id)))

    def add_attempt(self, row: DeliveryAttemptRow) -> None:
        self._session.add(row)
        self._session.flush()

    def subscribing(self) -> tuple[str, ...]:
        """Workspaces that have a subscription in force."""
        query = select(SubscriptionRow.workspace).where(SubscriptionRow.enabled, SubscriptionRow.deleted_at.is_(None))
        return tuple(self._session.scalars(query.distinct().order_by(SubscriptionRow.workspace)))

    def unassessed(self, limit: int) -> tuple[tuple[str, str], ...]:
        """Workspace and id of forecasts that have not been checked for alerts, oldest first."""
        query = (
            select(ForecastRow.workspace, ForecastRow.id)
            .outerjoin(AssessedRow, AssessedRow.forecast_id == ForecastRow.id)
            .where(AssessedRow.forecast_id.is_(None))
        )
        found = self._session.execute(query.order_by(ForecastRow.id).limit(limit))
        return tuple((row.workspace, row.id) for row in found)

    def begin_assessment(self, forecast_id: str, now: datetime) -> bool:
        """Whether a forecast is still to be looked at; from now on it is not."""
        if self._session.get(AssessedRow, forecast_id) is not None:
            return False
        self._session.add(AssessedRow(forecast_id=forecast_id, at=now))
        self._session.flush()
        return True

    def before(self, row: ForecastRow, *, with_refused: bool = False) -> ForecastRow | None:
        """The forecast that was a study's latest when one was made; None also for one of an earlier day than that."""
        query = select(ForecastRow).where(
            ForecastRow.workspace == row.workspace,
            ForecastRow.study == row.study,
            ForecastRow.version.is_not(None),
            ForecastRow.id < row.id,
        )
        if not with_refused:
            query = query.where(ForecastRow.verdict != "refused")
        found = self._session.scalar(query.order_by(ForecastRow.as_of.desc(), ForecastRow.id.desc()).limit(1))
        return None if found is None or found.as_of > row.as_of else found

    def missed(self, study: str, since: datetime) -> tuple[tuple[OccurrenceRow, ScheduleRow], ...]:
        """Due times of a study's schedules of which nothing came, recorded since a moment, oldest first."""
        query = (
            select(OccurrenceRow, ScheduleRow)
            .join(ScheduleRow, ScheduleRow.id == OccurrenceRow.schedule_id)
            .where(
                ScheduleRow.study == study,
                OccurrenceRow.made_at >= since,
                OccurrenceRow.status.in_(("missed", "failed")),
            )
            .order_by(OccurrenceRow.made_at, OccurrenceRow.due_at)
        )
        return tuple((row[0], row[1]) for row in self._session.execute(query))
