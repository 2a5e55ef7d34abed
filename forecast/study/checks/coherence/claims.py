"""What one expert says at one time, as claims about what has occurred by which day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from forecast.study.document.document import Study
from forecast.study.document.prior import OutcomeKind
from forecast.study.rows.conditions import Condition
from forecast.study.rows.judgments import Judgment

MOST_ROUNDING: Final = 0.005
"""A stated probability stands for all that round to it, but for none further away than this."""


_ON_THEIR_DAY: Final = (OutcomeKind.BINARY, OutcomeKind.CATEGORICAL)
"""Kinds that resolve on one day alone."""


@dataclass(frozen=True, slots=True)
class Literal:
    """That an outcome has occurred by a day, or has not."""

    outcome: str
    day: date
    is_true: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement: the probability of an event, perhaps given others."""

    expert: str
    event: Literal
    given: tuple[Literal, ...]
    probability: float
    """As stated; of several experts together, that of one of them."""
    low: float
    high: float
    """What the statement stands for: all that round to it; of several experts, from the lowest to the highest of them."""
    row: int
    words: str
    """The event and its condition, as a message says them."""

    def order(self) -> tuple[object, ...]:
        """Its place among others: what is said without a condition first, then by what it is about and who says it."""
        given = [(literal.outcome, literal.day, literal.is_true) for literal in self.given]
        return len(given), self.event.outcome, self.event.day, given, self.expert, self.probability


def claims_at_one_time(study: Study, judgments: Sequence[Judgment]) -> Iterator[tuple[Claim, ...]]:
    """The claims in judgments, each set of those that were made within one period and under one condition that is done.

    What was said at another time may differ, as something was learned meanwhile. With `given_at: once` the condition occurs
    on the day of the statement: what is said under it is about another world, and only coherent with what is said there.
    """
    sets: list[tuple[date, Condition, list[Claim]]] = []
    for judgment in sorted(judgments, key=lambda each: each.on):
        supposed = judgment.given if judgment.at_once else ()
        mine = next(
            (
                claims
                for first, condition, claims in reversed(sets)
                if condition == supposed and study.calendar.periods_between(first, judgment.on) < 1.0
            ),
            None,
        )
        if mine is None:
            mine = []
            sets.append((judgment.on, supposed, mine))
        mine.append(_claim(study, judgment))
    for _, _, claims in sets:
        # Nothing may depend on the order of rows.
        yield tuple(sorted(claims, key=Claim.order))


def _claim(study: Study, judgment: Judgment) -> Claim:
    event = Literal(judgment.outcome, judgment.by_day)
    condition = () if judgment.at_once else judgment.given
    given = tuple(_literal(study, name, judgment.by_day, occurs=occurs) for name, occurs in condition)
    words = judgment.outcome
    if study.outcome(judgment.outcome).kind not in _ON_THEIR_DAY:
        words += f" by {judgment.by_day}"
    if judgment.condition is not None:
        words += f" given {judgment.condition}"
    p, rounding = judgment.probability, _rounding(judgment.probability)
    return Claim(judgment.expert, event, given, p, max(p - rounding, 0.0), min(p + rounding, 1.0), judgment.row, words)


def _rounding(probability: float) -> float:
    """Half a unit of the last digit that was stated."""
    digits = len(f"{probability:.12f}".rstrip("0").partition(".")[2])
    return min(MOST_ROUNDING, 0.5 * 10.0**-digits)


def _literal(study: Study, outcome: str, by: date, *, occurs: bool) -> Literal:
    """A condition has occurred, or has not, by the day that is judged; what resolves on a day counts on that."""
    found = study.outcome(outcome)
    day = study.resolves_by(outcome) if found.kind in _ON_THEIR_DAY else by
    return Literal(outcome, day, occurs)
