"""The answer by scenario and outcome, as rows with bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from api.pages.shared.bars import PROBABILITY, Bar, Shares, share_segments
from forecast.answer import HorizonPoint, OutcomeForecast, OutcomeGroup, ScenarioForecast, StoredForecast
from forecast.wording import numbers
from forecast.wording.confidence import confidence_level
from forecast.wording.stated import median_and_statement


@dataclass(frozen=True)
class AnswerRow:
    """The answer for one scenario or outcome."""

    id: str
    title: str
    probability: str
    interval: str
    ends_error: str
    """Of the interval's ends; empty where rounding hides it."""
    error: str
    words: str
    confidence: str
    by: str
    """Until when, for an outcome; empty for a scenario, whose expression says it."""
    expression: str
    note: str
    bar: Bar


@dataclass(frozen=True)
class RowGroup:
    """Options of one categorical outcome under one bar, or outcomes that are none."""

    id: str
    """Empty for outcomes that are no options."""
    title: str
    shares: Shares | None
    rows: tuple[AnswerRow, ...]


def scenario_row(scenario: ScenarioForecast) -> AnswerRow:
    """Of a scenario."""
    return _answer_row(scenario, by="", expression=scenario.when, note="")


def row_group(group: OutcomeGroup, forecast: StoredForecast) -> RowGroup:
    """Of the options of an outcome, or of outcomes that are none."""
    shares = [(outcome.option or outcome.title, outcome.probability) for outcome in group.outcomes]
    return RowGroup(
        id=group.id or "",
        title=group.title,
        shares=None if group.id is None else share_segments(shares),
        rows=tuple(outcome_row(outcome, forecast) for outcome in group.outcomes),
    )


def outcome_row(outcome: OutcomeForecast, forecast: StoredForecast) -> AnswerRow:
    """Of an outcome, with when it occurs and what was stated of it."""
    note = " ".join(filter(None, (median_and_statement(outcome), _timing(outcome, forecast.period))))
    return _answer_row(outcome, by=numbers.day(outcome.by), expression="", note=note)


def _answer_row(part: OutcomeForecast | ScenarioForecast, *, by: str, expression: str, note: str) -> AnswerRow:
    probability = numbers.percent(part.probability, part.mcse)
    interval = numbers.percent_range(part.interval, part.mcse)
    return AnswerRow(
        id=part.id,
        title=part.title,
        probability=probability,
        interval=interval,
        ends_error=numbers.ends_error(part.interval_mcse, part.mcse),
        error=numbers.points(part.mcse),
        words=part.words,
        confidence=confidence_level(part.interval),
        by=by,
        expression=expression,
        note=note,
        bar=PROBABILITY.bar(
            part.probability, part.interval, f"{probability}, {numbers.level(part.interval)} interval {interval}"
        ),
    )


def _timing(outcome: OutcomeForecast, period: str) -> str:
    timing = outcome.timing
    if timing is None:
        return ""
    if timing.median_period is not None:
        return f"Half of all futures have it by {_when(timing.median_period, outcome.horizon, period)}."
    if timing.median_period_given_event is not None:
        when = _when(timing.median_period_given_event, outcome.horizon, period)
        return f"Fewer than half of all futures have it by the horizon; of those that do, half by {when}."
    return "No simulated future has it by the horizon."


def _when(periods: float, horizon: tuple[HorizonPoint, ...], period: str) -> str:
    """The end of a future period, as a date where it is known."""
    index = max(math.ceil(periods), 1) - 1
    ends: date | None = horizon[index].date if index < len(horizon) else None
    return f"{ends:%B %Y}" if ends and period != "day" else numbers.day(ends) if ends else f"{period} {index + 1}"
