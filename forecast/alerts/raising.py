"""Looks for what to report: new forecasts, failing sources, missed due times. Each raises an alert once.

Any number of processes may look at once, and any may die at any point. A forecast is looked at in one transaction, and
the key of an alert is unique within its subscription.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from forecast.alerts.rules import Finding, Step, estimate_findings, verdict_findings
from forecast.alerts.subscriptions import LOOK_BACK, AlertKind
from forecast.answer import Verdict
from forecast.runtime.logs import get_logger
from forecast.sources.sources import source_of
from forecast.store import AlertRepository, Database, ForecastRepository, SourceRepository
from forecast.store.ids import new_id
from forecast.store.tables.alerts import AlertRow, SubscriptionRow

BATCH: Final = 100

log = get_logger(__name__)


def raise_alerts(database: Database, now: datetime) -> list[str]:
    """Ids of the alerts that are new."""
    with database.read() as session:
        forecasts = AlertRepository(session).unassessed(BATCH)
        workspaces = AlertRepository(session).subscribing()
    raised: list[str] = []
    for workspace, forecast_id in forecasts:
        try:
            with database.of(workspace).write() as session:
                raised += _assess(session, forecast_id, now)
        except IntegrityError:
            log.info("assessed_elsewhere", forecast=forecast_id)
    for workspace in workspaces:
        raised += _raise_in(database.of(workspace), now)
    if raised:
        log.info("alerts_raised", alerts=raised)
    return raised


def _raise_in(database: Database, now: datetime) -> list[str]:
    """Raise the alerts of one workspace about sources and schedules."""
    with database.read() as session:
        alerts = AlertRepository(session)
        # Looked for without holding up writers: most passes find nothing.
        found = [
            (subscription.id, finding)
            for look in (_failing_sources, _missed_due_times)
            for subscription, finding in look(session)
            if not alerts.has(subscription.id, finding.key)
        ]
        behind = alerts.behind(AlertKind.SCHEDULE, now - LOOK_BACK)
    if not (found or behind):
        return []
    try:
        with database.write() as session:
            raised = _store(session, found, now)
            AlertRepository(session).mark_seen(behind, now)
    except IntegrityError:
        log.info("told_elsewhere")
        return []
    return raised


def _store(session: Session, found: Iterable[tuple[str, Finding]], now: datetime) -> list[str]:
    raised = []
    for subscription_id, finding in found:
        subscription = AlertRepository(session).subscription(subscription_id)
        if subscription is not None and (alert := add_alert(session, subscription, finding, now)):
            raised.append(alert)
    return raised


def add_alert(
    session: Session, subscription: SubscriptionRow, finding: Finding, now: datetime, kind: str | None = None
) -> str | None:
    """Keep an alert and, where the subscription has an address, its delivery; None when it is there already."""
    row = AlertRow(
        id=new_id(),
        subscription_id=subscription.id,
        study=subscription.study,
        kind=kind or subscription.kind,
        key=finding.key[:255],
        title=finding.title,
        detail=finding.detail,
        forecast_id=finding.detail.get("forecast"),
        created_at=now,
    )
    return row.id if AlertRepository(session).add_once(row, subscription.url) else None


def _assess(session: Session, forecast_id: str, now: datetime) -> list[str]:
    alerts, forecasts = AlertRepository(session), ForecastRepository(session)
    if not alerts.begin_assessment(forecast_id, now):
        return []
    forecast = forecasts.get(forecast_id)
    if forecast is None or forecast.version is None:
        return []
    kinds = (AlertKind.THRESHOLD, AlertKind.MOVE, AlertKind.VERDICT)
    # A subscription that is newer than a forecast does not cover it.
    wanting = [row for row in alerts.wanting(kinds, forecast.study) if row.seen_until <= forecast.made_at]
    if not wanting:
        return []
    raised: list[str | None] = []
    before = alerts.before(forecast)
    last = alerts.before(forecast, with_refused=True)
    step = None
    if before is not None and forecast.verdict != Verdict.REFUSED:
        estimates = forecasts.estimates([forecast.id, before.id])
        step = Step(forecast, before, estimates.get(forecast.id, ()), estimates.get(before.id, ()))
    for subscription in wanting:
        findings: Iterable[Finding] = ()
        if subscription.kind == AlertKind.VERDICT:
            findings = () if last is None else verdict_findings(forecast, last)
        elif step is not None:
            findings = estimate_findings(subscription, step)
        raised += [add_alert(session, subscription, finding, now) for finding in findings]
    return [alert for alert in raised if alert is not None]


def _failing_sources(session: Session) -> Iterator[tuple[SubscriptionRow, Finding]]:
    for subscription in AlertRepository(session).wanting([AlertKind.SOURCE]):
        for source in SourceRepository(session).failing(subscription.study, subscription.failures or 1):
            assert source.failing_since is not None, "it fails"
            yield (
                subscription,
                Finding(
                    # One series of failures raises one alert.
                    key=f"source:{source.id}:{source.failing_since.isoformat()}",
                    title=f"source {source.id} has failed {source.failures} times in a row",
                    detail={
                        "source": source.id,
                        "url": source_of(source).url,
                        "failures": source.failures,
                        "failing_since": source.failing_since.isoformat(),
                        "fetched_at": None if source.fetched_at is None else source.fetched_at.isoformat(),
                        "error_code": source.error_code,
                        "error": source.error_detail,
                    },
                ),
            )


def _missed_due_times(session: Session) -> Iterator[tuple[SubscriptionRow, Finding]]:
    alerts = AlertRepository(session)
    for subscription in alerts.wanting([AlertKind.SCHEDULE]):
        since = max(subscription.created_at, subscription.seen_until - LOOK_BACK)
        spells = defaultdict(list)
        for occurrence, schedule in alerts.missed(subscription.study, since):
            # After a standstill many are recorded at one moment; together they raise one alert.
            spells[schedule.id, occurrence.made_at].append((occurrence, schedule))
        for (schedule_id, made_at), found in spells.items():
            last, schedule = found[-1]
            count = "a due time" if len(found) == 1 else f"{len(found)} due times"
            yield (
                subscription,
                Finding(
                    key=f"schedule:{schedule_id}:{made_at.isoformat()}",
                    title=f"schedule {schedule.title!r}: {count} {last.status}",
                    detail={
                        "schedule": schedule_id,
                        "due_times": len(found),
                        "first_due_at": found[0][0].due_at.isoformat(),
                        "last_due_at": last.due_at.isoformat(),
                        "status": last.status,
                        "reason": last.reason,
                    },
                ),
            )
