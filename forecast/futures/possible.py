"""What may happen at all: futures that know nothing of probabilities, as the kinds of outcomes and what is known allow them.

An event occurs at any time or never, a binary outcome on its day or never, one of the options of a categorical outcome turns
out true, of outcomes that exclude one another one occurs at most, and of an exhaustive group one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from forecast.futures.present import DAY_BEFORE
from forecast.futures.scenarios import BoolArray, FloatArray, evaluate
from forecast.futures.simulation import Futures
from forecast.study import (
    Between,
    By,
    Calendar,
    Expression,
    Outcome,
    OutcomeKind,
    Resolved,
    Study,
    settled_outcomes,
    times_between,
    walk,
)

FUTURES: Final = 16_384
"""Drawn for all scenarios together."""


@dataclass(frozen=True, slots=True)
class Span:
    """When an outcome may occur, in periods from the as-of date: after `low`, up to `high`."""

    low: float
    high: float
    on_day: bool
    """Whether it is only on the day `high`."""
    may_occur: bool = True
    may_fail: bool = True

    def has(self, low: float, high: float) -> bool:
        """Whether it may occur after one time and up to another."""
        if not self.may_occur:
            return False
        return low < self.high <= high if self.on_day else max(low, self.low) < min(high, self.high)


@dataclass(frozen=True, slots=True)
class Rivals:
    """Outcomes that exclude one another."""

    places: tuple[int, ...]
    """Those that may still occur, among all outcomes."""
    one_occurs: bool
    """Whether one of them does for certain."""


class Possible:
    """What a study allows, and futures drawn from it.

    Parameters
    ----------
    expressions
        What will be asked about: times that they name bound the windows in which outcomes are drawn.
    """

    def __init__(self, study: Study, expressions: Sequence[Expression]) -> None:
        self.study = study
        self.calendar = study.calendar
        named = {name for expression in expressions for name in mentioned(expression)}
        every = study.parts
        groups = {outcome.competes for outcome in every if outcome.id in named} - {None}
        parts = [outcome for outcome in every if outcome.id in named or outcome.competes in groups]
        self.outcomes = tuple(outcome.id for outcome in parts)
        """Those in the expressions, and those that exclude one of them."""
        self.places = {name: place for place, name in enumerate(self.outcomes)}
        self.resolves = {name: self.calendar.periods_until(study.resolves_by(name)) for name in self.outcomes}
        settled = settled_outcomes(study)
        self.known = frozenset(settled)
        """Outcomes that are settled."""
        self.spans = self._spans(parts, settled)
        members = [[place for place, outcome in enumerate(parts) if outcome.competes == group] for group in groups]
        self.rivals = tuple(self._rivals(places, parts[places[0]]) for places in sorted(members))
        times = named_times(expressions, self.calendar)
        for name, time in self.resolves.items():
            times.setdefault(name, set()).add(time)
        self.edges = tuple(
            np.unique([span.low, *(time for time in times[name] if span.low < time < span.high), span.high])
            for name, span in zip(self.outcomes, self.spans, strict=True)
        )
        """By outcome, times between which it is looked at, the ends of its span among them."""

    @cached_property
    def common(self) -> FloatArray:
        """Futures drawn without regard to what is asked, dims (future, outcome)."""
        rng, count = np.random.default_rng(0), len(self.outcomes)
        # In half of them everything has one chance, so that each number of outcomes is as likely as any other.
        half = FUTURES // 2
        alike = rng.random(half)
        times = np.full((FUTURES, count), np.inf, order="F")
        for place, span in enumerate(self.spans):
            if span.may_occur:
                chances = np.concatenate([alike, rng.beta(0.5, 0.5, half)])
                occurs = (rng.random(FUTURES) < chances) | (not span.may_fail)
                times[:, place] = np.where(occurs, self._any_time(rng, place), np.inf)
        for group in self.rivals:
            chosen = rng.integers(max(len(group.places), 1), size=FUTURES)
            for number, place in enumerate(group.places):
                if group.one_occurs:
                    missing = ~np.isfinite(times[:, place])
                    times[missing, place] = self._any_time(rng, place)[missing]
                times[chosen != number, place] = np.inf
        return times

    def is_true(self, expression: Expression, times: FloatArray, outcomes: Sequence[str] | None = None) -> BoolArray:
        """Whether an expression is true in futures, of dims (future, outcome); dims (future).

        Parameters
        ----------
        outcomes
            Those that the futures have; None for all.
        """
        if not len(times):
            return np.zeros(0, dtype=np.bool_)
        futures = Futures(
            outcomes=self.outcomes if outcomes is None else tuple(outcomes),
            draws=np.arange(len(times)),
            chains=1,
            times=times[:, None, :],
            horizon=self.study.horizon,
        )
        return evaluate(expression, futures, resolves=self.resolves, calendar=self.calendar)[:, 0]

    def words(self, times: FloatArray, true: BoolArray, expressions: Sequence[Expression]) -> str:
        """What occurs in one of the futures in which something is true, as far as it is asked about."""
        # The one in which least happens says it in fewest words.
        found = np.flatnonzero(true)
        least = times[found[np.argmin(np.isfinite(times[found]).sum(axis=1))]]
        asked = {name for expression in expressions for name in mentioned(expression)}
        when = {name: float(least[place]) for name, place in self.places.items() if name in asked}
        occurred = sorted((name for name in when if np.isfinite(when[name])), key=lambda name: when[name])
        missing = [name for name in when if name not in occurred]
        words = ", ".join(self._says_when(name, when[name]) for name in occurred)
        if not occurred:
            return f"neither {' nor '.join(missing)} occurs" if len(missing) > 1 else f"{missing[0]} does not occur"
        return words + (f", without {' or '.join(missing)}" if missing else "")

    def _says_when(self, name: str, time: float) -> str:
        if time <= 0.0:
            return f"{name} has occurred"  # what is settled lies just before the as-of date
        return f"{name} occurs after {time:.1f} {self.study.period}s"

    def _spans(self, parts: Sequence[Outcome], settled: Mapping[str, Resolved]) -> tuple[Span, ...]:
        """Of each outcome; what is settled, and what that excludes, is so in all futures."""
        study = self.study
        over = {study.outcome(name).competes for name, found in settled.items() if found.resolution == "yes"} - {None}
        spans = []
        for outcome in parts:
            day, found = self.resolves[outcome.id], settled.get(outcome.id)
            if found is not None and found.resolution == "yes":
                past = -DAY_BEFORE * max((study.as_of - found.on).days, 0)
                spans.append(Span(past, past, on_day=True, may_fail=False))
            elif found is not None or outcome.competes in over:
                spans.append(Span(day, day, on_day=True, may_occur=False))
            elif outcome.kind in (OutcomeKind.BINARY, OutcomeKind.CATEGORICAL):
                spans.append(Span(day, day, on_day=True))
            else:
                sure, begins = study.sure_until(outcome), outcome.at_risk_since
                low = 0.0 if begins is None else max(self.calendar.periods_until(begins), 0.0)
                high = float(study.horizon) if sure is None else self.calendar.periods_until(sure)
                spans.append(Span(low, high, on_day=False))
        return tuple(spans)

    def _rivals(self, places: Sequence[int], outcome: Outcome) -> Rivals:
        is_sure = outcome.kind is OutcomeKind.CATEGORICAL or self.study.sure_until(outcome) is not None
        return Rivals(tuple(place for place in places if self.spans[place].may_occur), is_sure)

    def _any_time(self, rng: np.random.Generator, place: int) -> FloatArray:
        """When an outcome occurs, dims (future): a quarter each early and at any time, half of them in windows that are named."""
        span, edges = self.spans[place], self.edges[place]
        if span.on_day:
            return np.full(FUTURES, span.high)
        share = 1.0 - rng.random(FUTURES)
        anywhere = span.low + (span.high - span.low) * np.where(rng.random(FUTURES) < 0.5, share, share**4)
        window = rng.integers(len(edges) - 1, size=FUTURES)
        within = edges[window] + (edges[window + 1] - edges[window]) * share
        return np.where(rng.random(FUTURES) < 0.5, anywhere, within)


def mentioned(expression: Expression) -> set[str]:
    """Outcomes in an expression."""
    names: set[str] = set()
    for node in walk(expression):
        for key in ("outcome", "first", "second", "later", "earlier"):
            if hasattr(node, key):
                names.add(getattr(node, key))
    return names


def named_times(expressions: Iterable[Expression], calendar: Calendar) -> dict[str, set[float]]:
    """By outcome, the times that `by` and `between` name for it, in periods."""
    found: dict[str, set[float]] = {}
    for expression in expressions:
        for node in walk(expression):
            if isinstance(node, By):
                found.setdefault(node.outcome, set()).add(limit_of(node, calendar))
            elif isinstance(node, Between):
                found.setdefault(node.outcome, set()).update(times_between(node, calendar))
    return found


def limit_of(node: By, calendar: Calendar) -> float:
    """The last time of a `by`, in periods."""
    return float(node.when) if isinstance(node.when, int | float) else calendar.periods_until(node.when)
