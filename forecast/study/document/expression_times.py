"""Whether the times inside an expression lie in the forecast, and whether what they ask for can happen at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from forecast.study.document.calendar import Calendar
from forecast.study.document.expression import Between, By, Expression, Within, walk


def time_problems(expression: Expression, calendar: Calendar, horizon: int, answers: Mapping[str, date]) -> list[str]:
    """What is wrong with the times of `by`, `between` and `within`, as messages.

    None may lie in the past or beyond the horizon, or leave out the one day on which a binary outcome occurs: such an
    expression is never true, which is no question.

    Parameters
    ----------
    horizon
        In periods.
    answers
        Resolution date of each binary outcome.
    """
    problems: list[str] = []
    for node in walk(expression):
        if isinstance(node, By):
            problems += _by(node, calendar, horizon, answers)
        elif isinstance(node, Between):
            problems += _between(node, calendar, horizon, answers)
        elif isinstance(node, Within):
            problems += _within(node, calendar, horizon, answers)
    return problems


def _by(node: By, calendar: Calendar, horizon: int, answers: Mapping[str, date]) -> Iterator[str]:
    as_of, end = calendar.as_of, calendar.end_of(horizon)
    if isinstance(node.when, date):
        if not as_of < node.when <= end:
            yield (
                f"{node} lies outside the forecast; expected a date after {as_of} and up to {end} (the horizon); "
                "change the date, as_of or horizon"
            )
            return
    elif not 1.0 <= node.when <= horizon:
        yield f"{node} lies outside the forecast; expected 1 to {horizon} periods; change the number"
        return
    answer = answers.get(node.outcome)
    if answer is not None and _periods(node.when, calendar) < calendar.periods_until(answer):
        yield (
            f"{node} is never true: {node.outcome!r} is binary and resolves on {answer}, not before; expected that date "
            f"or a later one; write {node.outcome}, or change the date"
        )


def _between(node: Between, calendar: Calendar, horizon: int, answers: Mapping[str, date]) -> Iterator[str]:
    start, end = times_between(node, calendar)
    if not 0.0 < end <= horizon:
        yield (
            f"{node} lies outside the forecast; expected that it ends after {calendar.as_of} and by "
            f"{calendar.end_of(horizon)} (the horizon, {horizon} periods); change the last time, as_of or horizon"
        )
        return
    if not start < end:
        yield f"{node} ends before it begins; expected the earlier time first; exchange the two times"
        return
    answer = answers.get(node.outcome)
    if answer is not None and not start < calendar.periods_until(answer) <= end:
        yield (
            f"{node} is never true: {node.outcome!r} is binary and resolves on {answer}; expected times with that date "
            f"between them; write {node.outcome}, or change the times"
        )


def _within(node: Within, calendar: Calendar, horizon: int, answers: Mapping[str, date]) -> Iterator[str]:
    if node.later == node.earlier:
        yield f"{node} compares an outcome with itself; expected two outcomes; change one"
    if not 0.0 < node.periods <= horizon:
        yield f"{node} has {node.periods:g} periods; expected more than 0, up to {horizon}; change the number"
    dates = answers.get(node.later), answers.get(node.earlier)
    if dates[0] is None or dates[1] is None:
        return
    gap = calendar.periods_until(dates[0]) - calendar.periods_until(dates[1])
    if not 0.0 <= gap <= node.periods:
        yield (
            f"{node} is never true: {node.later!r} resolves on {dates[0]} and {node.earlier!r} on {dates[1]}; expected a "
            "number of periods that reaches from the second date to the first; change it"
        )


def times_between(node: Between, calendar: Calendar) -> tuple[float, float]:
    """After which time and up to which, in periods from the as-of date; a first day counts from its beginning."""
    start = node.start - timedelta(days=1) if isinstance(node.start, date) else node.start
    return _periods(start, calendar), _periods(node.end, calendar)


def _periods(when: date | float, calendar: Calendar) -> float:
    return calendar.periods_until(when) if isinstance(when, date) else float(when)
