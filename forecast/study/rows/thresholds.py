"""What the counts that are known say of threshold outcomes: decided, or still open.

Whatever is counted stays counted. So a count that has reached `at_least` decides for yes as soon as it is known, one above
`at_most` ends a period's chance, and the rest waits for periods that are over and wholly counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf

from forecast.study.document.calendar import Calendar
from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.document.period_labels import read_period
from forecast.study.document.prior import OutcomeKind
from forecast.study.document.window import NaturalPeriod
from forecast.study.rows.counts import Observation
from forecast.study.rows.observations import Resolved

type Observations = Mapping[str, Sequence[Observation]]


def window_periods(study: Study, outcome: Outcome, observations: Observations) -> tuple[NaturalPeriod, ...]:
    """The calendar periods of a threshold outcome's window, the one that holds its last day as the last; empty if it
    begins later.

    Raises
    ------
    ValueError
        When the period that it names is none.
    """
    if outcome.window.period is not None:
        return (read_period(outcome.window.period, study.calendar),)
    start = window_start(study, outcome, observations)
    return study.calendar.natural_periods_between(start, study.resolves_by(outcome.id))


def window_start(study: Study, outcome: Outcome, observations: Observations) -> date:
    """First day of the window of a threshold outcome that names no period."""
    calendar, window = study.calendar, outcome.window
    if window.since is not None:
        return calendar.natural_period(window.since)[0]
    first, last = calendar.last_complete_period()
    seen = [o for name in outcome.indicators for o in observations.get(name, ()) if o.period == first]
    is_whole = len(seen) == len(outcome.indicators) and all(o.is_whole for o in seen)
    is_reached = outcome.at_least is not None and sum(o.value for o in seen) >= outcome.at_least
    if outcome.resolution.by is None or not (is_whole or is_reached):
        first = last + timedelta(days=1)
    for _ in range((window.run or 1) - 1):
        first = calendar.natural_period(first - timedelta(days=1))[0]
    return first


@dataclass(frozen=True, slots=True)
class KnownCount:
    """What is known of one period of a window, over all indicators of the outcome."""

    period: NaturalPeriod
    low: int
    """What has been counted."""
    high: float
    """What it can come to: the same once nothing more can be counted, else infinite."""
    known_at: date
    """When the last of it became known."""


def decided_by_counts(study: Study, observations: Observations) -> dict[str, Resolved]:
    """Threshold outcomes that the counts have decided."""
    found = {}
    for outcome in study.outcomes:
        if outcome.kind is OutcomeKind.THRESHOLD and (outcome.at_least is None) != (outcome.at_most is None):
            try:
                known = known_counts(study, outcome, observations)
            except ValueError:
                continue  # its window cannot be read, which the check of the document says
            decided = _decide(study, outcome, known)
            if decided is not None:
                found[outcome.id] = decided
    return found


def known_counts(study: Study, outcome: Outcome, observations: Observations) -> list[KnownCount]:
    """What is known of each period of the window; of one that goes on after the last day that counts, only what was known
    by then."""
    until, result = study.resolves_by(outcome.id), []
    by_period = [{o.period: o for o in observations.get(indicator, ())} for indicator in outcome.indicators]
    for period in window_periods(study, outcome, observations):
        seen = [own[period[0]] for own in by_period if period[0] in own]
        counted = [o for o in seen if period[1] <= until or o.known_at <= until]
        whole = len(seen) == len(by_period) and all(o.is_whole for o in seen)
        low = sum(o.value for o in counted)
        high = float(sum(o.value for o in seen)) if whole else inf
        result.append(KnownCount(period, low, high, max((o.known_at for o in counted), default=period[0])))
    return result


def first_place(outcome: Outcome, counts: Sequence[float], *, in_time: Sequence[bool]) -> int | None:
    """Place of the period in which a threshold outcome occurs under counts by period; None if it does not.

    Parameters
    ----------
    in_time
        Whether each period is over by the last day that counts; only such a one shows that it stays at `at_most`.
    """
    number = outcome.at_least if outcome.at_least is not None else outcome.at_most
    assert number is not None, "the document was checked"
    if outcome.window.total:
        return _total_place(counts, number, is_least=outcome.at_least is not None)
    row = 0
    for place, (count, is_over) in enumerate(zip(counts, in_time, strict=True)):
        meets = count >= number if outcome.at_least is not None else count <= number and is_over
        row = row + 1 if meets else 0
        if row == (outcome.window.run or 1):
            return place
    return None


def _total_place(counts: Sequence[float], number: float, *, is_least: bool) -> int | None:
    if not is_least:
        return len(counts) - 1 if sum(counts) <= number else None
    total = 0.0
    for place, count in enumerate(counts):
        total += count
        if total >= number:
            return place
    return None


def _decide(study: Study, outcome: Outcome, known: Sequence[KnownCount]) -> Resolved | None:
    if not known:
        return None
    until = study.resolves_by(outcome.id)
    in_time = [count.period[1] <= until for count in known]
    low, high = [float(count.low) for count in known], [count.high for count in known]
    is_least = outcome.at_least is not None
    sure = first_place(outcome, low if is_least else high, in_time=in_time)
    if sure is not None:
        day = min(known[sure].known_at if known[sure].period[1] > study.as_of else known[sure].period[1], until)
        return _resolved(study, outcome, "yes", day, known[: sure + 1])
    if first_place(outcome, high if is_least else low, in_time=in_time) is None:
        return _resolved(study, outcome, "no", min(until, study.as_of), known)
    return None


def _resolved(study: Study, outcome: Outcome, resolution: str, on: date, known: Sequence[KnownCount]) -> Resolved:
    known_at = max(on, *(count.known_at for count in known if count.low or count.high < inf), on)
    return Resolved(
        outcome.id,
        "yes" if resolution == "yes" else "no",
        on,
        f"counted: {counts_words(study.calendar, outcome, known)}",
        min(known_at, study.as_of),
        is_counted=True,
    )


def counts_words(calendar: Calendar, outcome: Outcome, known: Sequence[KnownCount]) -> str:
    """The last counts up to a place: ``55 in the month of 2023-12-01, at least 20``."""
    number = f"at least {outcome.at_least:g}" if outcome.at_least is not None else f"at most {outcome.at_most:g}"
    if outcome.window.total:
        return (
            f"{sum(count.low for count in known):,} from {known[0].period[0]} to {known[-1].period[1]} in all, {number}"
        )
    last = known[-(outcome.window.run or 1) :]
    said = " and ".join(f"{count.low:,}" for count in last)
    return f"{said} in the {calendar.period} that begins on {last[-1].period[0]}, {number} asked for"
