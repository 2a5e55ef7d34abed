"""Whether a threshold outcome makes sense: its indicators, its number and its window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from forecast.errors import FieldError
from forecast.study.document.document import Study
from forecast.study.document.fields import LARGEST_COUNT
from forecast.study.document.outcome import Outcome
from forecast.study.document.period_labels import read_period
from forecast.study.document.prior import OutcomeKind
from forecast.study.document.window import Window
from forecast.study.reading.suggest import nearest_hint
from forecast.study.rows.counts import MAX_DISTANCE
from forecast.study.rows.observations import Resolved
from forecast.study.rows.thresholds import window_periods


def threshold_errors(study: Study, outcome: Outcome, path: str, settled: Mapping[str, Resolved]) -> list[FieldError]:
    """Everything wrong with what makes an outcome a threshold; or that it has such fields without being one."""
    if outcome.kind is not OutcomeKind.THRESHOLD:
        return list(_misplaced(outcome, path))
    errors = [*_missing(outcome, path), *_indicator_errors(study, outcome, path)]
    window_errors = list(_window_errors(study, outcome, path))
    return [*errors, *window_errors, *([] if errors or window_errors else _reach_errors(study, outcome, path, settled))]


def period_errors(study: Study, outcome: Outcome, path: str) -> list[FieldError]:
    """That the period which an outcome names is none of the study's; nothing else can then be said of it."""
    if outcome.window.period is None:
        return []
    try:
        read_period(outcome.window.period, study.calendar)
    except ValueError as error:
        return [FieldError(f"{path}.window.period", "period", str(error))]
    return []


def _misplaced(outcome: Outcome, path: str) -> Iterator[FieldError]:
    given = {
        "indicator": outcome.indicator is not None,
        "at_least": outcome.at_least is not None,
        "at_most": outcome.at_most is not None,
        "window": outcome.window != Window(),
    }
    for key, is_given in given.items():
        if is_given:
            message = (
                f"{key} on a {outcome.kind} outcome; expected it on threshold outcomes only; remove it or change kind"
            )
            yield FieldError(f"{path}.{key}", "kind", message)


def _missing(outcome: Outcome, path: str) -> Iterator[FieldError]:
    if outcome.indicator is None:
        yield FieldError(f"{path}.indicator", "missing", "a threshold outcome needs indicator; add it")
    if outcome.at_least is None and outcome.at_most is None:
        yield FieldError(f"{path}.at_least", "missing", "a threshold outcome needs at_least, or at_most; add it")
    if outcome.at_least is not None and outcome.at_most is not None:
        message = "at_most beside at_least; expected one of them; remove one, or make two outcomes"
        yield FieldError(f"{path}.at_most", "both", message)


def _indicator_errors(study: Study, outcome: Outcome, path: str) -> Iterator[FieldError]:
    known = [indicator.id for indicator in study.indicators]
    for name in outcome.indicators:
        if name not in known:
            message = f"{name!r} is not an indicator of the study; expected one; {nearest_hint(name, known)}"
            yield FieldError(f"{path}.indicator", "unknown_id", message)
    if len(set(outcome.indicators)) < len(outcome.indicators):
        message = "an indicator is named twice; expected it once; remove one"
        yield FieldError(f"{path}.indicator", "duplicate_id", message)


def _window_errors(study: Study, outcome: Outcome, path: str) -> Iterator[FieldError]:
    calendar, window, by = study.calendar, outcome.window, outcome.resolution.by
    if window.period is not None:
        last = study.resolves_by(outcome.id)
        if by is not None and by != last:
            message = f"{by}, while the period that is named ends on {last}; expected that day; leave this out"
            yield FieldError(f"{path}.resolution.by", "date_order", message)
        if last > (end := calendar.end_of(study.horizon)):
            message = f"the period ends on {last}, after the end of the horizon, {end}; expected an earlier one; lengthen `horizon`"
            yield FieldError(f"{path}.window.period", "beyond_horizon", message)
    if window.since is not None:
        yield from _since_errors(study, outcome, path)


def _since_errors(study: Study, outcome: Outcome, path: str) -> Iterator[FieldError]:
    calendar, since, until = study.calendar, outcome.window.since, study.resolves_by(outcome.id)
    assert since is not None, "asked for only then"
    place, (first, last) = f"{path}.window.since", calendar.natural_period(since)
    if since != first:
        message = (
            f"{since} lies inside a {calendar.period}, whose count cannot be divided; expected its first day, {first}, or "
            f"that of the next one, {last + timedelta(days=1)}; write one of them"
        )
        yield FieldError(place, "inside_period", message)
    elif since > until:
        message = f"{since} is after {until}, when the outcome resolves; expected an earlier day; correct one of them"
        yield FieldError(place, "date_order", message)
    elif calendar.natural_distance(since) < -MAX_DISTANCE:
        message = (
            f"{since} is more than {MAX_DISTANCE} {calendar.period} periods back; expected a later day; correct it"
        )
        yield FieldError(place, "outside_study", message)


def _reach_errors(study: Study, outcome: Outcome, path: str, settled: Mapping[str, Resolved]) -> Iterator[FieldError]:
    """Numbers and windows that nothing can ever meet."""
    until, window = study.resolves_by(outcome.id), outcome.window
    # Counts open a window by one period, which makes nothing impossible that would be possible without them.
    periods = window_periods(study, outcome, {})
    if outcome.at_least is not None:
        most = LARGEST_COUNT * len(outcome.indicators) * (len(periods) if window.total else 1)
        if outcome.at_least > most:
            message = f"{outcome.at_least:g}; expected at most {most:g}, the largest that can be counted; lower it"
            yield FieldError(f"{path}.at_least", "out_of_reach", message)
    row = window.run or 1
    found = settled.get(outcome.id)
    if (found is not None and not found.is_counted) or (window.total and periods):
        return
    whole = [period for period in periods if period[1] <= until]
    enough = periods if outcome.at_least is not None else whole
    if len(enough) < row:
        kind = "whole " if outcome.at_most is not None else ""
        message = (
            f"the window up to {until} holds {len(enough)} {kind}{study.calendar.period} periods; expected at least {row}, "
            "without which it cannot happen; move `resolution.by` or `window`"
        )
        yield FieldError(f"{path}.window", "cannot_happen", message)
