"""Threshold outcomes as the futures see them: their indicators, the periods of their windows, and what is known of these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from forecast.futures.present import FloatArray
from forecast.futures.streams import Periods, Thresholds
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import Outcome, OutcomeKind
from forecast.study.document.window import NaturalPeriod
from forecast.study.rows.thresholds import window_periods


def open_thresholds(encoded: EncodedStudy) -> list[Outcome]:
    """Threshold outcomes that are not decided yet."""
    return [
        outcome
        for outcome in encoded.study.outcomes
        if outcome.kind is OutcomeKind.THRESHOLD and outcome.id not in encoded.settled
    ]


def watched_indicators(encoded: EncodedStudy) -> list[str]:
    """Indicators that they look at, in the study's order."""
    watched = {indicator for outcome in open_thresholds(encoded) for indicator in outcome.indicators}
    return [indicator.id for indicator in encoded.study.indicators if indicator.id in watched]


def _window(encoded: EncodedStudy, outcome: Outcome) -> tuple[NaturalPeriod, ...]:
    return window_periods(encoded.study, outcome, encoded.signals.observations)


def counted_periods(encoded: EncodedStudy) -> tuple[NaturalPeriod, ...]:
    """Calendar periods from the first of a window to the one that holds the end of the horizon."""
    study = encoded.study
    asked = open_thresholds(encoded)
    if not asked:
        return ()
    upcoming = study.calendar.last_complete_period()[1] + timedelta(days=1)
    first = min(upcoming, *(_window(encoded, outcome)[0][0] for outcome in asked))
    return study.calendar.natural_periods_between(first, study.calendar.end_of(study.horizon))


def counted(
    encoded: EncodedStudy, indicators: Sequence[str], periods: Sequence[NaturalPeriod], states: FloatArray
) -> Periods:
    """Periods with what is known of some indicators in them.

    Parameters
    ----------
    periods
        One after the other, the first at the latest that after the last complete one.
    states
        Of the factors in all past periods, dims (draw, past period, factor).
    """
    calendar = encoded.study.calendar
    known, covered = np.zeros((len(indicators), len(periods))), np.zeros((len(indicators), len(periods)))
    places = {first: place for place, (first, _) in enumerate(periods)}
    for row, indicator in enumerate(indicators):
        for seen in encoded.signals.observations.get(indicator, ()):
            if seen.period in places and (seen.exposure is not None or seen.value > 0):
                known[row, places[seen.period]] = seen.value
                covered[row, places[seen.period]] = np.nan if seen.exposure is None else seen.exposure
    ends = [periods[0][0] - timedelta(days=1), *(last for _, last in periods)] if periods else []
    begun = _begun(encoded, periods)
    whole = (covered == 1.0).all(axis=0)[:begun]
    start = int(np.argmin(whole)) if not whole.all() else begun
    return Periods(
        np.array([calendar.periods_until(day) for day in ends]),
        begun,
        _past_states(encoded, [first for first, _ in periods[start:begun]], states),
        known,
        covered,
    )


def _begun(encoded: EncodedStudy, periods: Sequence[NaturalPeriod]) -> int:
    """How many periods are over, or have a state all the same."""
    last = max([*encoded.past_periods[-1:], encoded.study.calendar.last_complete_period()[0]])
    return sum(first <= last for first, _ in periods)


def _past_states(encoded: EncodedStudy, periods: Sequence[date], states: FloatArray) -> FloatArray:
    """Dims (draw, factor, period)."""
    if not states.shape[2]:
        return np.zeros((states.shape[0], 0, len(periods)))
    places = [encoded.past_periods.index(first) for first in periods]
    return np.ascontiguousarray(states[:, places].transpose(0, 2, 1))


def asked_of_counts(encoded: EncodedStudy) -> Thresholds:
    """What the threshold outcomes ask."""
    study, indicators = encoded.study, watched_indicators(encoded)
    places = {first: place for place, (first, _) in enumerate(counted_periods(encoded))}
    result = Thresholds.none(len(study.parts))
    result = Thresholds(
        np.zeros((len(study.parts), len(indicators)), dtype=np.bool_),
        result.number.copy(),
        result.is_least.copy(),
        result.run.copy(),
        result.first.copy(),
        result.last.copy(),
    )
    for outcome in open_thresholds(encoded):
        row = [other.id for other in study.parts].index(outcome.id)
        periods = _window(encoded, outcome)
        number = outcome.at_least if outcome.at_least is not None else outcome.at_most
        assert number is not None, "the document was checked"
        result.streams[row, [indicators.index(name) for name in outcome.indicators]] = True
        result.number[row], result.is_least[row] = number, outcome.at_least is not None
        result.run[row] = 0 if outcome.window.total else outcome.window.run or 1
        result.first[row] = places[periods[0][0]]
        # What is not tied to a named period goes on beyond its date, as events do; a total that must stay low does not.
        ends = outcome.window.period is not None or (outcome.window.total and outcome.at_most is not None)
        result.last[row] = places[periods[-1][0]] if ends else len(places) - 1
    return result
