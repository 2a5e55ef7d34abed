"""Links whose effects fade or begin later, on their way through one block of futures.

An effect on a hazard is constant between the turns of its course (`forecast.study.document.course`). So each turn adds the
difference to the log rate of what the link leads to, as an occurrence does. Light: NumPy alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from forecast.futures.present import FloatArray, IntArray
from forecast.study.document.course import Course


@dataclass
class Steps:
    """One link onto an event; the arrays have the dim (future)."""

    link: int
    effect: int
    ages: FloatArray
    """Periods since the cause at which the effect changes."""
    shares: FloatArray
    """Of delta, before the first of `ages` and from each of them on."""
    horizon: int
    following: FloatArray
    """When the effect changes next; infinite when it does not any more."""
    _began: FloatArray = field(init=False)
    _passed: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self._began = np.zeros(len(self.following))
        self._passed = np.zeros(len(self.following), dtype=np.int64)

    @classmethod
    def of(cls, link: int, effect: int, course: Course, until: float, horizon: int, futures: int) -> Steps:
        """Of a link whose cause has not occurred, or not been looked at."""
        turns = course.turns(until)
        ages, shares = [age for age, _ in turns], [0.0, *(share for _, share in turns)]
        return cls(link, effect, np.array(ages), np.array(shares), horizon, np.full(futures, np.inf))

    def begin(self, futures: IntArray, began: FloatArray, now: FloatArray) -> FloatArray:
        """The share of the effect as of now, from the moment at which the cause occurred."""
        passed = np.searchsorted(self.ages, now - began, side="right")
        self._began[futures], self._passed[futures] = began, passed
        self._look_ahead(futures)
        return np.asarray(self.shares[passed])

    def turn(self, futures: IntArray) -> FloatArray:
        """What the next turn adds to the share."""
        passed = self._passed[futures] + 1
        self._passed[futures] = passed
        self._look_ahead(futures)
        return np.asarray(self.shares[passed] - self.shares[passed - 1])

    def end(self, futures: IntArray) -> None:
        """The effect has occurred, or cannot any more."""
        self.following[futures] = np.inf

    def _look_ahead(self, futures: IntArray) -> None:
        ages = np.append(self.ages, np.inf)
        when = self._began[futures] + ages[self._passed[futures]]
        self.following[futures] = np.where(when < self.horizon, when, np.inf)
