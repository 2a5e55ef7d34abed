"""Causes whose effects fade, or begin later, among those still at risk of the effects.

Those in whom a cause occurred are kept apart by when it did: one share for each part of a period, each with what the cause
multiplies hazards with at that age. Within a part, an occurrence is uniform, as is the moment at which the hazard is
looked at; so ages have a triangular law about the mean one, and a uniform law for a cause that occurs on one date.
Light: NumPy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from forecast.futures.present import FloatArray
from forecast.futures.survivors import CauseGroup
from forecast.study.document.course import Course

NOTHING: Final = 1e-300


@dataclass(frozen=True)
class Occurred:
    """Those in whom one cause occurred at one time."""

    cause: int
    """Place among the causes that act."""
    age: float
    """Periods since then at the beginning of the part; of those that occurred within one part the mean."""
    is_spread: bool
    """Whether they occurred at any time within one part, and not on one date."""
    share: FloatArray
    """Dims (draw): of all at risk of the effects."""


@dataclass(frozen=True)
class Stages:
    """What a cause multiplies hazards with, by periods since it occurred."""

    ages: FloatArray
    """Where it changes; dims (stage)."""
    excess: FloatArray
    """From there on, less 1; dims (stage, effect, draw)."""

    @classmethod
    def of(cls, courses: Mapping[int, Course], log_ratios: FloatArray, until: float) -> Stages:
        """From the course of the link to each effect, and its delta, dims (effect, draw)."""
        turns = {effect: course.turns(until) for effect, course in courses.items()}
        ages = sorted({age for own in turns.values() for age, _ in own}) or [until]
        shares = np.zeros((len(ages), len(log_ratios)))
        for effect, own in turns.items():
            passed = np.searchsorted([age for age, _ in own], ages, side="right")
            shares[:, effect] = np.array([0.0, *(share for _, share in own)])[passed]
        return cls(np.array(ages), np.expm1(shares[:, :, None] * log_ratios))

    def mean(self, reached: FloatArray) -> FloatArray:
        """Mean of the excess, dims (effect, draw); `reached` is how many have an age at or above each of `ages`."""
        within = reached - np.append(reached[1:], 0.0)
        found: FloatArray = np.zeros(self.excess.shape[1:])
        for stage in np.flatnonzero(within).tolist():
            found = found + within[stage] * self.excess[stage]
        return found


@dataclass
class FadingCauses(CauseGroup):
    """A group of causes, some of whose effects fade or are delayed."""

    stages: Sequence[Stages] = ()
    """By cause that acts."""
    width: float = 1.0
    """Of a part, in periods."""
    ages: tuple[Occurred, ...] = ()
    _known: dict[tuple[int, float], FloatArray] = field(default_factory=dict)
    """Means of the excess over a part, by cause and age: those who occur a part later come to the same age."""
    _raised: FloatArray | None = None

    @property
    def masses(self) -> tuple[FloatArray, FloatArray, tuple[Occurred, ...]]:
        """What changes from part to part."""
        return self.pending, self.occurred, self.ages

    @masses.setter
    def masses(self, found: tuple[FloatArray, FloatArray, tuple[Occurred, ...]]) -> None:
        self.pending, self.occurred, self.ages = found
        self._raised = None

    def multiplier(self, period: int, part: int, parts: int) -> FloatArray:
        """Mean of what the causes multiply hazards with in a part of a period, dims (effect, draw)."""
        turned, total, _ = self._turned(period, part, parts)
        found = self.raised()
        for cause, stages in enumerate(self.stages):
            new = self.pending * turned[cause] / np.maximum(total, NOTHING)
            found = found + new * stages.mean(self._fresh(cause, self._date(cause, period, part, parts)))
        return found

    def raised(self) -> FloatArray:
        """The same of the causes that have occurred."""
        if self._raised is None:
            found: FloatArray = np.ones(self.ratios.shape[1:])
            for each in self.ages:
                found = found + each.share * self._excess(each)
            self._raised = found
        return self._raised

    def advance(self, period: int, part: int, parts: int, rates: FloatArray) -> None:
        """To the next part, as the parent class; who has occurred is thinned by the hazard at that age."""
        none = np.exp(-0.5 * rates.sum(axis=0))
        gone = np.maximum(1.0 - self.pending - self.occurred.sum(axis=0), 0.0) * none
        pending = self.pending * none
        turned, total, _ = self._turned(period, part, parts)
        per_unit = pending * turned / np.maximum(total, NOTHING)
        leaving = pending * -np.expm1(-total)
        later = [
            replace(each, age=each.age + self.width, share=each.share * _survival(rates, 1.0 + self._excess(each)))
            for each in self.ages
        ]
        for cause, new in enumerate(per_unit):
            if new.any():
                date = self._date(cause, period, part, parts)
                # The first half of the thinning is behind them.
                share = new * _survival(rates, 0.5 + self.stages[cause].mean(self._fresh(cause, date)))
                age = 0.5 * self.width if date is None else (1.0 - date) * self.width
                later.append(Occurred(cause, age, date is None, share))
        gone = (gone + leaving - per_unit.sum(axis=0)) * none
        pending = (pending - leaving) * none
        left = np.maximum(pending + gone + sum(each.share for each in later), NOTHING)
        self.pending = pending / left
        self.ages = tuple(self._merged([replace(each, share=each.share / left) for each in later]))
        self._raised = None
        self.occurred = np.zeros_like(self.occurred)
        for each in self.ages:
            self.occurred[each.cause] += each.share

    def _merged(self, found: Sequence[Occurred]) -> list[Occurred]:
        """Those of one cause in its last stage count as one."""
        kept: list[Occurred] = []
        last: dict[int, Occurred] = {}
        for each in found:
            if each.age - self.width < self.stages[each.cause].ages[-1]:
                kept.append(each)
            elif each.cause in last:
                before = last[each.cause]
                last[each.cause] = replace(before, share=before.share + each.share)
            else:
                last[each.cause] = replace(each, age=np.inf, is_spread=False)
        return [*last.values(), *kept]

    def _date(self, cause: int, period: int, part: int, parts: int) -> float | None:
        """When in the part a cause occurs, from 0 to 1; None for any time."""
        date = float(self.dates[cause, period])
        return None if np.isnan(date) else min(max(date * parts - part, 0.0), 1.0)

    def _fresh(self, cause: int, date: float | None) -> FloatArray:
        """How many of those that occur in a part have reached each stage, on average over it."""
        passed = np.clip(self.stages[cause].ages / self.width, 0.0, 1.0)
        return np.asarray(0.5 * (1.0 - passed) ** 2 if date is None else np.maximum(1.0 - date - passed, 0.0))

    def _excess(self, each: Occurred) -> FloatArray:
        """Mean over a part, dims (effect, draw)."""
        if not each.is_spread:
            return self._mean_at(each)
        key = each.cause, each.age
        if key not in self._known:
            self._known[key] = self._mean_at(each)
        return self._known[key]

    def _mean_at(self, each: Occurred) -> FloatArray:
        stages = self.stages[each.cause]
        place = np.clip(
            (stages.ages - each.age) / self.width, -1.0, 2.0
        )  # of each stage, from the beginning of the part
        if not each.is_spread:
            return stages.mean(1.0 - np.clip(place, 0.0, 1.0))
        away = place - 0.5
        tail = 0.5 * np.maximum(1.0 - np.abs(away), 0.0) ** 2
        return stages.mean(np.where(away < 0.0, 1.0 - tail, tail))


def _survival(rates: FloatArray, multiplier: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(rates * multiplier).sum(axis=0)))
