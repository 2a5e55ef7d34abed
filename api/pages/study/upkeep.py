"""What keeps a study current: its schedules, sources, arrived evidence, subscriptions and alerts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.evidence_schemas import EvidenceItem
from forecast.alerts.rules import threshold_text
from forecast.alerts.subscriptions import AlertKind
from forecast.sources.sources import SourceStatus, SourceView
from forecast.store.tables.alerts import AlertRow, DeliveryRow, SubscriptionRow
from forecast.store.tables.living import OccurrenceRow, ScheduleRow
from forecast.timeline.firing import RunStatus
from forecast.wording import numbers

RUN_WORDS: Final = {
    RunStatus.JOB: "forecast",
    RunStatus.MISSED: "missed",
    RunStatus.SKIPPED: "skipped",
    RunStatus.FAILED: "failed",
}
SOURCE_WORDS: Final = {
    SourceStatus.WAITING: "not asked yet",
    SourceStatus.WORKING: "working",
    SourceStatus.FAILING: "failing",
}
MAX_OPTION_CHARACTERS: Final = 60
SHOWN_ELSEWHERE: Final = frozenset({"known_at", "source", "note", "outcome"})


@dataclass(frozen=True)
class RunView:
    """A due time and what came of it."""

    due_at: str
    status: str
    word: str
    reason: str
    job_url: str | None


@dataclass(frozen=True)
class ScheduleView:
    """A schedule with its newest runs."""

    id: str
    title: str
    cron: str
    """Empty for an interval."""
    timezone: str
    rule: str
    next_due: str
    is_enabled: bool
    runs: tuple[RunView, ...]


@dataclass(frozen=True)
class SourceRow:
    """A source and how it stands."""

    id: str
    url: str
    rule: str
    status: str
    word: str
    checked_at: str
    fetched_at: str
    rows: str
    error: str


@dataclass(frozen=True)
class EvidenceRow:
    """A row of evidence with the times when it became known and was recorded."""

    subject: str
    kind: str
    said: str
    known_at: str
    recorded_at: str
    origin: str
    note: str


@dataclass(frozen=True)
class Option:
    """Something that can be chosen in a form."""

    id: str
    title: str


@dataclass(frozen=True)
class SubscriptionView:
    """A subscription to alerts."""

    id: str
    title: str
    rule: str
    url: str
    state: str


@dataclass(frozen=True)
class AlertView:
    """An alert, and whether it has been delivered."""

    title: str
    age: str
    created_at: str
    url: str
    delivery: str
    delivery_state: str


def build_options(titles: Mapping[str, str]) -> tuple[Option, ...]:
    """What can be chosen, with titles short enough for a form."""
    return tuple(Option(name, numbers.shortened(title, MAX_OPTION_CHARACTERS)) for name, title in titles.items())


def build_resolutions(document: Mapping[str, Any]) -> Iterator[str]:
    """How an outcome may turn out: yes or no, or an option of a categorical one."""
    options = dict.fromkeys(option["id"] for block in document["outcomes"] for option in block.get("options") or ())
    if any(not block.get("options") for block in document["outcomes"]):
        yield from ("yes", "no")
    yield from (*options, "ambiguous", "annulled")


def build_schedules(
    schedules: Sequence[ScheduleRow], runs: Mapping[str, Sequence[OccurrenceRow]]
) -> tuple[ScheduleView, ...]:
    """The schedules, each with its newest runs."""
    return tuple(
        ScheduleView(
            id=row.id,
            title=row.title,
            cron=row.cron or "",
            timezone=row.timezone,
            rule=_rule(row.cron, row.every_seconds, row.timezone),
            next_due="paused" if row.next_due is None else f"next due {numbers.moment(row.next_due)}",
            is_enabled=row.enabled,
            runs=tuple(_run(run) for run in runs.get(row.id, ())),
        )
        for row in schedules
    )


def build_sources(sources: Iterable[SourceView], now: datetime) -> tuple[SourceRow, ...]:
    """The sources that the study names."""
    return tuple(
        SourceRow(
            id=source.id,
            url=source.url,
            rule=_rule(source.cron, None, source.timezone),
            status=source.status.value,
            word="being asked" if source.fetch_wanted else SOURCE_WORDS[source.status],
            checked_at=_ago(source.checked_at, now),
            fetched_at=_ago(source.fetched_at, now),
            rows=numbers.NONE if source.rows is None else f"{source.rows:,} ({source.added or 0:,} new)",
            error=""
            if source.error is None
            else f"{numbers.plural(source.failures, 'failure')} in a row: {source.error}",
        )
        for source in sources
    )


def build_evidence(items: Iterable[EvidenceItem]) -> tuple[EvidenceRow, ...]:
    """Rows that came, in the order given."""
    return tuple(
        EvidenceRow(
            subject=item.subject,
            kind=item.kind.value,
            said=_said(item),
            known_at=numbers.short_day(item.known_at),
            recorded_at=numbers.moment(item.recorded_at),
            origin=item.origin.replace("source:", "source "),
            note=" ".join(str(item.cells[name]) for name in ("source", "note") if item.cells.get(name)),
        )
        for item in items
    )


def build_subscriptions(rows: Iterable[SubscriptionRow], subjects: Collection[str]) -> tuple[SubscriptionView, ...]:
    """The subscriptions, as sentences.

    Parameters
    ----------
    subjects
        Ids of the outcomes and scenarios that the study has now.
    """
    return tuple(
        SubscriptionView(
            id=row.id,
            title=row.title,
            rule=_alert_rule(row),
            url=row.url or "listed here only",
            state=_subscription_state(row, subjects),
        )
        for row in rows
    )


def build_alerts(
    rows: Iterable[AlertRow], deliveries: Mapping[str, DeliveryRow], now: datetime
) -> tuple[AlertView, ...]:
    """The alerts, as the page lists them."""
    found = []
    for row in rows:
        delivery = deliveries.get(row.id)
        words = "listed only" if delivery is None else f"{delivery.state}, {numbers.plural(delivery.attempts, 'try')}"
        found.append(
            AlertView(
                title=row.title,
                age=numbers.age((now - row.created_at).total_seconds()),
                created_at=numbers.moment(row.created_at),
                url=f"/forecasts/{row.forecast_id}" if row.forecast_id else f"/v1/alerts/{row.id}",
                delivery=words,
                delivery_state="" if delivery is None else delivery.state,
            )
        )
    return tuple(found)


def _run(run: OccurrenceRow) -> RunView:
    status = RunStatus(run.status)
    return RunView(
        due_at=numbers.moment(run.due_at),
        status=run.status,
        word=RUN_WORDS[status],
        reason=run.reason or "",
        job_url=f"/jobs/{run.job_id}" if run.job_id else None,
    )


def _rule(cron: str | None, every_seconds: float | None, timezone: str) -> str:
    return f"every {numbers.duration(every_seconds)}" if every_seconds is not None else f"{cron}, {timezone}"


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else numbers.age((now - moment).total_seconds())


def _said(item: EvidenceItem) -> str:
    cells = {name: value for name, value in item.cells.items() if value is not None and name not in SHOWN_ELSEWHERE}
    words = ", ".join(f"{name} {value}" for name, value in cells.items())
    return f"{words}, no value" if item.kind == "observations" and item.cells.get("value") is None else words


def _subscription_state(row: SubscriptionRow, subjects: Collection[str]) -> str:
    about = row.outcome or row.scenario
    if about is not None and about not in subjects:
        return f"{about} is no longer in the study"
    return "" if row.enabled else "paused"


def _alert_rule(row: SubscriptionRow) -> str:
    what = row.outcome or row.scenario or "any outcome or scenario"
    match AlertKind(row.kind):
        case AlertKind.THRESHOLD:
            crossing = {"above": "rises above", "below": "falls to or below"}.get(row.direction or "", "crosses")
            return f"{what} {crossing} {threshold_text(row.threshold or 0.0)}"
        case AlertKind.MOVE:
            return f"{what} moves by {100.0 * (row.least_move or 0.0):.3g} percentage points, and more than noise"
        case AlertKind.VERDICT:
            return "the verdict changes"
        case AlertKind.SOURCE:
            return f"a source fails {row.failures} times in a row"
        case _:
            return "a due time is missed, or fails"
