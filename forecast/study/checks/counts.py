"""What is asked and noted of counts: rows that say nothing, lower bounds, windows, and indicators that move nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final

from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import OutcomeKind
from forecast.study.rows.counts import Observation, elapsed_share
from forecast.study.rows.evidence_tables import resolve_observations, settled_outcomes
from forecast.study.rows.thresholds import window_periods, window_start

type Question = tuple[str, str]
"""Name, and what is asked."""

MOST_NAMED: Final = 5
"""Periods that one sentence names."""


def count_questions(study: Study) -> Iterator[Question]:
    """Everything that is asked and noted of indicators and threshold outcomes."""
    if not study.indicators:
        return
    observations = resolve_observations(study)
    yield from _idle(study)
    yield from _bounds(study, observations)
    settled = settled_outcomes(study)
    for outcome in study.outcomes:
        if outcome.kind is not OutcomeKind.THRESHOLD:
            continue
        if outcome.id not in settled:
            yield from _earlier(study, outcome, observations)
            yield from _uncounted(study, outcome, observations)
            yield from _cut(study, outcome, observations)
        elif outcome.window.since is None and outcome.window.period is None and settled[outcome.id].resolution == "yes":
            yield from _opened(study, outcome, observations)


def _idle(study: Study) -> Iterator[Question]:
    """Indicators that nothing depends on."""
    watched = {name for outcome in study.outcomes for name in outcome.indicators}
    moving = {factor.id for factor in study.factors if factor.effects}
    for indicator in study.indicators:
        if indicator.id in watched or indicator.factor in moving:
            continue
        why = (
            f"its factor {indicator.factor} has no effect on an outcome"
            if indicator.factor is not None
            else "it has no factor"
        )
        yield (
            "moves_nothing",
            (
                f"indicator {indicator.id} moves nothing: {why}, and no threshold outcome looks at it; give it one of the two, or "
                "leave it out"
            ),
        )


def _bounds(study: Study, observations: Mapping[str, Sequence[Observation]]) -> Iterator[Question]:
    calendar = study.calendar
    for name, found in observations.items():
        for seen in found:
            if seen.exposure is None:
                share = elapsed_share(calendar.natural_period(seen.period), seen.known_at)
                yield (
                    "lower_bound",
                    (
                        f"indicator {name}: {seen.value:,} in the {calendar.period} of {seen.period} is taken as a lower bound, as no "
                        f"`exposure` says what share of it was counted; {share:.2g}, if all of it was until {seen.known_at}"
                    ),
                )


def _earlier(study: Study, outcome: Outcome, observations: Mapping[str, Sequence[Observation]]) -> Iterator[Question]:
    """Counts before a window whose beginning is not stated, that had reached the number."""
    window = outcome.window
    if window.since is not None or window.period is not None or window.total or outcome.at_least is None:
        return
    start = window_start(study, outcome, observations)
    totals: dict[str, int] = {}
    for name in outcome.indicators:
        for seen in observations.get(name, ()):
            if seen.period < start:
                totals[seen.period.isoformat()] = totals.get(seen.period.isoformat(), 0) + seen.value
    reached = sorted(day for day, total in totals.items() if total >= outcome.at_least)
    if reached and (outcome.window.run or 1) == 1:
        named = ", ".join(f"{day} ({totals[day]:,})" for day in reached[-MOST_NAMED:])
        more = f" and {len(reached) - MOST_NAMED} earlier ones" if len(reached) > MOST_NAMED else ""
        yield (
            "before_window",
            (
                f"{outcome.id}: the {study.calendar.period}s of {named}{more} had at least {outcome.at_least:g}, before the window "
                f"that begins on {start}, so they do not count; if they do, say so in `window.since`"
            ),
        )


def _uncounted(study: Study, outcome: Outcome, observations: Mapping[str, Sequence[Observation]]) -> Iterator[Question]:
    """Periods of the window that are over and of which no count is known."""
    over = [first for first, last in window_periods(study, outcome, observations) if last <= study.as_of]
    for name in outcome.indicators:
        counted = {seen.period for seen in observations.get(name, ())}
        missing = [first.isoformat() for first in over if first not in counted]
        if missing:
            more = f" and {len(missing) - MOST_NAMED} earlier ones" if len(missing) > MOST_NAMED else ""
            yield (
                "uncounted",
                (
                    f"{outcome.id}: its window holds the {study.calendar.period}s of {', '.join(missing[-MOST_NAMED:])}{more}, which are "
                    f"over, and of which no count of {name} is known, so that they may still have come to anything; add the counts, "
                    "0 where there was nothing"
                ),
            )


def _opened(study: Study, outcome: Outcome, observations: Mapping[str, Sequence[Observation]]) -> Iterator[Question]:
    """What the last count shows has happened; a question about the next one has to say so."""
    start, last = window_start(study, outcome, observations), study.calendar.last_complete_period()[1]
    if start <= last:
        yield (
            "happened",
            (
                f"{outcome.id} has happened in the counts that are known, in the window that begins on {start}; if only later ones "
                f"count, say so: `window: {{since: {last + timedelta(days=1)}}}`"
            ),
        )


def _cut(study: Study, outcome: Outcome, observations: Mapping[str, Sequence[Observation]]) -> Iterator[Question]:
    """A date inside a period."""
    until = study.resolves_by(outcome.id)
    if outcome.resolution.by is None or window_periods(study, outcome, observations)[-1][1] == until:
        return
    first, last = study.calendar.natural_period(until)
    said = (
        f"only whole {study.calendar.period}s show that they stay at the number, so that it does not count"
        if outcome.at_most is not None and not outcome.window.total
        else "of it the part up to that day counts"
    )
    yield (
        "part_of_period",
        f"{outcome.id}: {until} lies inside the {study.calendar.period} from {first} to {last}; {said}",
    )
