"""Changes of the present case's hazards on stated days, as steps in periods from an origin.

A change that begins on a day acts from the end of the day before: what happens on that day happens under it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.bands import AgeBands
from forecast.study import Change, Outcome, Study

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Changes:
    """What stated changes multiply the hazard of an outcome with over time, in periods from an origin."""

    steps: tuple[tuple[float, float, float], ...] = ()
    """(begin, end, log ratio); an end may be infinite, and steps may lie over one another."""

    def edges(self, start: float, end: float) -> tuple[float, ...]:
        """Where it changes strictly between two times."""
        return tuple(sorted({time for first, last, _ in self.steps for time in (first, last) if start < time < end}))

    def pieces(self, start: float, end: float) -> Iterator[tuple[float, float, float]]:
        """(begin, end, multiplier) of each part of some time in which it is constant."""
        for first, last in itertools.pairwise((start, *self.edges(start, end), end)):
            middle = 0.5 * (first + last)
            yield first, last, math.exp(sum(ratio for begin, stop, ratio in self.steps if begin < middle <= stop))

    def length(self, start: float, end: float) -> float:
        """A time, each part of it times its multiplier."""
        return math.fsum(multiplier * (last - first) for first, last, multiplier in self.pieces(start, end))

    def exposure(self, bands: AgeBands, start: float, end: float) -> FloatArray:
        """Time in each age band between two ages, each part of it times its multiplier; the origin is age 0."""
        parts = (multiplier * bands.exposure(first, last) for first, last, multiplier in self.pieces(start, end))
        return np.asarray(sum(parts, np.zeros(len(bands))))

    def moved(self, by: float) -> Changes:
        """The same from an origin that lies so many periods earlier."""
        return Changes(tuple((begin + by, end + by, ratio) for begin, end, ratio in self.steps))


def changes_of(study: Study, outcome: Outcome, origin: date) -> Changes:
    """The changes of an event outcome, as seen from a day."""

    def time(day: date | None) -> float:
        return math.inf if day is None else study.calendar.periods_between(origin, day - timedelta(days=1))

    return Changes(tuple((time(each.since), time(each.to), each.log_ratio) for each in _own(study, outcome)))


def shift_of(study: Study, outcome: Outcome) -> float:
    """What changes add to the log odds of a binary outcome on the day on which it resolves."""
    day = study.resolves_by(outcome.id)
    return math.fsum(change.log_ratio for change in _own(study, outcome) if change.acts_on(day))


def _own(study: Study, outcome: Outcome) -> list[Change]:
    return [change for change in study.changes if change.outcome == outcome.id]
