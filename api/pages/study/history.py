"""The history of a study: every probability over its as-of dates, how far it moved and why."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from forecast.timeline.views import HistoryEntry, Move
from forecast.wording import numbers
from forecast.wording.evidence import SHORT_CAUSES
from forecast.wording.verdicts import VerdictBadge, verdict_badge

NO_CHANGE: Final = "nothing was put in that differs"


@dataclass(frozen=True)
class ChartPoint:
    """One forecast in a chart; positions in percent of its width and height."""

    x: str
    y: str
    low: str
    high: str


@dataclass(frozen=True)
class ChartLine:
    """From one forecast to the next."""

    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True)
class MoveRow:
    """One forecast of one probability."""

    url: str
    as_of: str
    probability: str
    interval: str
    change: str
    """In percentage points, with its noise."""
    is_noise: bool
    """Whether it moved, and by no more than its noise."""
    causes: str


@dataclass(frozen=True)
class SubjectHistory:
    """One outcome or scenario over all forecasts shown."""

    id: str
    title: str
    kind: str
    probability: str
    interval: str
    change: str
    is_noise: bool
    top: str
    """What the upper edge of the chart stands for."""
    label: str
    """The chart in words."""
    points: tuple[ChartPoint, ...]
    lines: tuple[ChartLine, ...]
    moves: tuple[MoveRow, ...]
    """Newest first."""


@dataclass(frozen=True)
class ForecastRow:
    """One forecast in the list."""

    url: str
    as_of: str
    age: str
    made_at: str
    verdict: VerdictBadge
    causes: str
    """What differs from the forecast before; or why it is not compared."""
    compare_url: str | None
    """The two side by side; None without one before."""


def in_history(entry: HistoryEntry) -> bool:
    """Whether a forecast has a place in the history: of a stored version, and not refused."""
    return entry.study_version is not None and entry.verdict != "refused"


def build_forecasts(entries: Sequence[HistoryEntry], now: datetime) -> tuple[ForecastRow, ...]:
    """The forecasts, newest first."""
    return tuple(
        ForecastRow(
            url=_url(entry),
            as_of=numbers.short_day(entry.as_of),
            age=numbers.age((now - entry.made_at).total_seconds()),
            made_at=numbers.moment(entry.made_at),
            verdict=verdict_badge(entry.verdict),
            causes=_changed(entry),
            compare_url=f"/compare?before={entry.previous}&after={entry.forecast_id}" if entry.previous else None,
        )
        for entry in entries
    )


def build_subjects(
    entries: Sequence[HistoryEntry], scenarios: Mapping[str, str], outcomes: Mapping[str, str]
) -> tuple[SubjectHistory, ...]:
    """Every scenario and outcome that a forecast shown has, in the study's order.

    Parameters
    ----------
    entries
        Newest first; those that were refused, or of a document sent with a job, are left out.
    scenarios, outcomes
        Title by id, as the study has them now.
    """
    usable = [entry for entry in reversed(entries) if in_history(entry)]
    found = [
        *(_subject(usable, "scenario", name, title) for name, title in scenarios.items()),
        *(_subject(usable, "outcome", name, title) for name, title in outcomes.items()),
    ]
    return tuple(subject for subject in found if subject is not None)


def _subject(entries: Sequence[HistoryEntry], kind: str, name: str, title: str) -> SubjectHistory | None:
    said = [(entry, move) for entry in entries if (move := _moves(entry, kind).get(name)) is not None]
    if not said:
        return None
    top = _top([max(move.high, move.probability) for _, move in said])
    points = _points([entry.as_of for entry, _ in said], [move for _, move in said], top)
    _, newest = said[-1]
    words = "; ".join(
        f"{numbers.short_day(entry.as_of)} {numbers.percent(move.probability, move.mcse)}" for entry, move in said[-12:]
    )
    return SubjectHistory(
        id=name,
        title=title,
        kind=kind,
        probability=numbers.percent(newest.probability, newest.mcse),
        interval=_interval(newest),
        change=_change(newest),
        is_noise=newest.beyond_noise is False,
        top=f"{100 * top:.0f}{numbers.NO_BREAK_SPACE}%",
        label=f"{title} over {len(said)} forecasts: {words}",
        points=points,
        lines=tuple(ChartLine(a.x, a.y, b.x, b.y) for a, b in itertools.pairwise(points)),
        moves=tuple(_move_row(entry, kind, name, move) for entry, move in reversed(said)),
    )


def _moves(entry: HistoryEntry, kind: str) -> Mapping[str, Move]:
    return entry.scenarios if kind == "scenario" else entry.outcomes


def _top(highs: Sequence[float]) -> float:
    """The upper edge of a chart: the next full 10 %, so that small probabilities are seen to move."""
    return min(1.0, math.ceil(10.0 * max(highs) + 1e-9) / 10.0) or 0.1


def _points(days: Sequence[date], moves: Sequence[Move], top: float) -> tuple[ChartPoint, ...]:
    first, last = days[0], days[-1]
    width = (last - first).days

    def across(day: date) -> str:
        share = (day - first).days / width if width else 0.5
        return f"{2.0 + 86.0 * share:.2f}%"  # the rest is for the scale

    def up(probability: float) -> str:
        return f"{96.0 - 92.0 * probability / top:.2f}%"

    return tuple(
        ChartPoint(across(day), up(move.probability), up(move.low), up(move.high))
        for day, move in zip(days, moves, strict=True)
    )


def _move_row(entry: HistoryEntry, kind: str, name: str, move: Move) -> MoveRow:
    return MoveRow(
        url=_url(entry),
        as_of=numbers.short_day(entry.as_of),
        probability=numbers.percent(move.probability, move.mcse),
        interval=_interval(move),
        change=_change(move),
        is_noise=move.beyond_noise is False,
        causes=_causes(entry, kind, name),
    )


def _causes(entry: HistoryEntry, kind: str, name: str) -> str:
    """The share of each cause in a move of the log odds, with its Monte Carlo error."""
    if entry.triage is None:
        return ""
    words, is_joint = [], False
    for step in entry.triage.steps:
        if not step.changed:
            continue
        if not step.apart:
            is_joint = True
            continue
        cause = f"{SHORT_CAUSES[step.cause]}{' with time' if is_joint else ''}"
        is_joint = False
        share = (step.outcomes if kind == "outcome" else step.scenarios).get(name)
        if share is not None:
            words.append(f"{cause} {numbers.signed(share.change)} ± {numbers.significant(share.change_mcse)}")
    if words:
        return ", ".join(words)
    return "it has nothing to compare with" if any(step.changed for step in entry.triage.steps) else NO_CHANGE


def _interval(move: Move) -> str:
    digits = numbers.percent_digits(move.mcse)
    low, high = numbers.percent_number(move.low, digits), numbers.percent_number(move.high, digits)
    return (
        f"{low}{numbers.EN_DASH}{high}{numbers.NO_BREAK_SPACE}%" if low != high else f"{low}{numbers.NO_BREAK_SPACE}%"
    )


def _change(move: Move) -> str:
    if move.change is None:
        return numbers.NONE
    change = numbers.signed(100.0 * move.change, 1)
    noise = numbers.significant(100.0 * (move.change_mcse or 0.0))
    return f"{change} ± {noise}{numbers.NO_BREAK_SPACE}pp"


def _changed(entry: HistoryEntry) -> str:
    if entry.study_version is None:
        return "a document sent with a job, beside the history"
    if entry.verdict == "refused":
        return "refused by its checks, not compared"
    if entry.previous is None:
        return "nothing to compare with"
    if entry.triage is None:
        return "not compared yet"
    return ", ".join(SHORT_CAUSES[step.cause] for step in entry.triage.steps if step.changed) or NO_CHANGE


def _url(entry: HistoryEntry) -> str:
    return f"/forecasts/{entry.forecast_id}"
