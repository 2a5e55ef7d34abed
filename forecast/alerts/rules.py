"""What a new forecast reports to a subscription: crossings, moves beyond their noise, another verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forecast.alerts.subscriptions import AlertKind, Direction
from forecast.answer import Verdict
from forecast.store.tables.alerts import SubscriptionRow
from forecast.store.tables.core import EstimateRow, ForecastRow
from forecast.timeline.history import move_between
from forecast.timeline.views import Move
from forecast.wording import numbers


@dataclass(frozen=True)
class Finding:
    """One thing to report."""

    key: str
    """The same for the same thing, however often it is found."""
    title: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A forecast, the one before it, and the probabilities of both."""

    forecast: ForecastRow
    before: ForecastRow
    now: Sequence[EstimateRow]
    earlier: Sequence[EstimateRow]

    def moves(self) -> Iterator[tuple[EstimateRow, EstimateRow]]:
        """Each probability that both have, before and now."""
        known: Mapping[tuple[str, str], EstimateRow] = {(row.kind, row.subject): row for row in self.earlier}
        for row in self.now:
            if (row.kind, row.subject) in known:
                yield known[row.kind, row.subject], row


def estimate_findings(subscription: SubscriptionRow, step: Step) -> Iterator[Finding]:
    """What the probabilities of a forecast report to a subscription to thresholds or moves."""
    for earlier, row in step.moves():
        if subscription.outcome is not None and (row.kind, row.subject) != ("outcome", subscription.outcome):
            continue
        if subscription.scenario is not None and (row.kind, row.subject) != ("scenario", subscription.scenario):
            continue
        move, before = move_between(earlier, row), earlier.probability
        if subscription.kind == AlertKind.THRESHOLD:
            words = _crossing(subscription, before, row.probability)
        else:
            words = _move(subscription, move)
        if words is None:
            continue
        yield Finding(
            key=f"forecast:{step.forecast.id}:{row.kind}:{row.subject}",
            title=f"{row.subject} {words}: {_percent(before)} to {_percent(row.probability)}",
            detail={
                "forecast": step.forecast.id,
                "previous": step.before.id,
                "as_of": step.forecast.as_of.isoformat(),
                "verdict": step.forecast.verdict,
                row.kind: row.subject,
                "probability": row.probability,
                "mcse": row.mcse,
                "low": row.low,
                "high": row.high,
                "probability_before": before,
                "change": move.change,
                "change_mcse": move.change_mcse,
                "beyond_noise": move.beyond_noise,
                "threshold": subscription.threshold,
                "least_move": subscription.least_move,
            },
        )


def verdict_findings(forecast: ForecastRow, before: ForecastRow) -> Iterator[Finding]:
    """Whether the verdict is another one."""
    if forecast.verdict == before.verdict:
        return
    yield Finding(
        key=f"forecast:{forecast.id}:verdict",
        title=f"verdict {before.verdict} became {forecast.verdict}",
        detail={
            "forecast": forecast.id,
            "previous": before.id,
            "as_of": forecast.as_of.isoformat(),
            "verdict": forecast.verdict,
            "verdict_before": before.verdict,
            "numbers_hold": forecast.verdict != Verdict.REFUSED,
        },
    )


def threshold_text(threshold: float) -> str:
    """A threshold as it was given."""
    return f"{100.0 * threshold:.6g} %"


def _crossing(subscription: SubscriptionRow, before: float, now: float) -> str | None:
    """A probability on the threshold is not above it."""
    threshold = subscription.threshold
    assert threshold is not None, "checked when it was made"
    if before <= threshold < now and subscription.direction != Direction.BELOW:
        return f"rose above {threshold_text(threshold)}"
    if now <= threshold < before and subscription.direction != Direction.ABOVE:
        return f"fell to {threshold_text(threshold)} or below"
    return None


def _move(subscription: SubscriptionRow, move: Move) -> str | None:
    assert move.change is not None
    if not move.beyond_noise or abs(move.change) < (subscription.least_move or 0.0):
        return None
    return f"{'rose' if move.change > 0 else 'fell'} by {100.0 * abs(move.change):.1f} percentage points"


def _percent(probability: float) -> str:
    return numbers.plain(numbers.percent(probability))
