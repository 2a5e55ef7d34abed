"""What scenarios leave open, before anything is sampled: whether they can happen, exclude one another, cover everything.

They are counted over futures that know nothing of probabilities: every outcome may occur at any time that its kind allows.
So the answer does not depend on priors, and a scenario that is in none of them cannot happen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Final

import numpy as np

from forecast.futures.present import DAY_BEFORE
from forecast.futures.scenarios import BoolArray, FloatArray, evaluate
from forecast.futures.simulation import Futures
from forecast.study import And, Bound, Expression, HowMany, Not, Or, OutcomeKind, Study, settled_outcomes
from forecast.study.checks.questions import Question, questions

_FUTURES: Final = 16_384
"""Drawn for all scenarios together."""
_DIRECTED: Final = 2_048
"""Drawn for one expression, towards what makes it true."""
_TOWARDS: Final = 0.95
"""Chance that an outcome occurs in these where the expression wants it."""
_SIGNS: Final = {Bound.AT_LEAST: 1, Bound.AT_MOST: -1, Bound.EXACTLY: 0}
"""Whether another true item makes it true that so many are."""
_SHORT: Final = 1e-6
"""Periods, to choose one among options."""
_MOST_PAIRS: Final = 5
"""Overlaps that are named."""


def everything_asked(study: Study) -> tuple[Question, ...]:
    """What a valid study leaves open, its scenarios included."""
    return (*questions(study), *scenario_questions(study))


def scenario_questions(study: Study) -> tuple[Question, ...]:
    """What is asked of the scenarios of a study."""
    possible = _Possible(study) if study.scenarios else None
    return tuple(_asked(study, possible)) if possible is not None else ()


def _asked(study: Study, possible: _Possible) -> Iterator[Question]:
    expressions = {scenario.id: scenario.expression for scenario in study.scenarios}
    can_happen = {name: possible.example(expression) is not None for name, expression in expressions.items()}
    for name, expression in expressions.items():
        if not can_happen[name]:
            asked = (
                f"can {name} happen? In none of {possible.count:,} futures that the outcomes allow is `{expression}` true; "
                "correct `when`"
            )
            yield "scenario_impossible", asked
        elif possible.example(_not(expression)) is None:
            asked = (
                f"can {name} fail? In all of {possible.count:,} futures that the outcomes allow is `{expression}` true; "
                "correct `when`"
            )
            yield "scenario_certain", asked
    together = [scenario.id for scenario in study.scenarios if not scenario.stands_alone and can_happen[scenario.id]]
    if len(together) > 1:
        yield from _overlaps({name: expressions[name] for name in together}, possible)
        yield from _gap([expressions[name] for name in together], possible)


def _overlaps(expressions: Mapping[str, Expression], possible: _Possible) -> Iterator[Question]:
    found = []
    for (first, one), (second, other) in itertools.combinations(expressions.items(), 2):
        example = possible.example(_all([one, other]))
        if example is not None:
            found.append(f"{first} and {second} ({example})")
    if found:
        more = f"; and {len(found) - _MOST_PAIRS} more pairs" if len(found) > _MOST_PAIRS else ""
        asked = (
            f"may these scenarios be true together? {'; '.join(found[:_MOST_PAIRS])}{more}. If so, say it: "
            "`stands_alone: true` on those that are questions of their own"
        )
        yield "scenarios_overlap", asked


def _gap(expressions: Sequence[Expression], possible: _Possible) -> Iterator[Question]:
    example = possible.example(_all([_not(expression) for expression in expressions]))
    if example is not None:
        asked = (
            f"what else may happen? No scenario is true where {example}; add one for the rest, or state "
            "`stands_alone: true` on scenarios that need not cover everything"
        )
        yield "scenarios_leave_a_gap", asked


class _Possible:
    """Futures in which everything that the kinds of outcomes, their competition and what is known allow may happen."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.outcomes = [outcome.id for outcome in study.parts]
        self.resolves = {name: study.calendar.periods_until(study.resolves_by(name)) for name in self.outcomes}
        self.settled = settled_outcomes(study)
        self.count = _FUTURES + _DIRECTED
        rng = np.random.default_rng(0)
        self.common = self._draw(rng, rng.beta(0.5, 0.5, (_FUTURES, len(self.outcomes))))

    def example(self, expression: Expression) -> str | None:
        """What occurs in one of the futures in which an expression is true; None when it is true in none."""
        wanted = _wanted(expression, self.outcomes)
        chances = np.array([{1: _TOWARDS, -1: 1.0 - _TOWARDS}.get(wanted.get(name, 0), 0.5) for name in self.outcomes])
        rng = np.random.default_rng(1)
        for times in (self.common, self._draw(rng, np.broadcast_to(chances, (_DIRECTED, len(chances))))):
            true = self._is_true(expression, times)
            if true.any():
                # The one in which least happens says it in fewest words.
                least = np.flatnonzero(true)[np.argmin(np.isfinite(times[true]).sum(axis=1))]
                return self._words(times[least], [name for name in self.outcomes if name in wanted])
        return None

    def _is_true(self, expression: Expression, times: FloatArray) -> BoolArray:
        futures = Futures(
            outcomes=tuple(self.outcomes),
            draws=np.arange(len(times)),
            chains=1,
            times=times[:, None, :],
            horizon=self.study.horizon,
        )
        return evaluate(expression, futures, resolves=self.resolves, calendar=self.study.calendar)[:, 0]

    def _draw(self, rng: np.random.Generator, chances: FloatArray) -> FloatArray:
        """When each outcome occurs, in periods; dims (future, outcome). Binary ones do so on their day."""
        count = len(chances)
        times = np.where(rng.random(chances.shape) < chances, self._any_time(rng, chances.shape), np.inf)
        groups: dict[str, list[int]] = {}
        for place, outcome in enumerate(self.study.parts):
            if outcome.kind is OutcomeKind.BINARY:
                times[:, place] = np.where(np.isfinite(times[:, place]), self.resolves[outcome.id], np.inf)
            if outcome.kind is OutcomeKind.CATEGORICAL:
                # One of the options turns out true: the likeliest to, where none or several would.
                late = rng.random(count) + 2.0 * ~np.isfinite(times[:, place])
                times[:, place] = self.resolves[outcome.id] + _SHORT * late
            if outcome.id in self.settled:
                found = self.settled[outcome.id]
                past = -DAY_BEFORE * max((self.study.as_of - found.on).days, 0)
                times[:, place] = past if found.resolution == "yes" else np.inf
            if outcome.competes is not None:
                groups.setdefault(outcome.competes, []).append(place)
        for places in groups.values():
            first = np.argmin(times[:, places], axis=1)
            kept = times[np.arange(count), np.array(places)[first]]
            times[:, places] = np.inf
            whole = self.study.parts[places[0]].kind is OutcomeKind.CATEGORICAL
            day = self.resolves[self.outcomes[places[0]]] if whole else kept
            times[np.arange(count), np.array(places)[first]] = np.where(kept > 0.0, day, kept) if whole else kept
        return times

    def _any_time(self, rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        """Half of them early: so that short windows are met, too."""
        share = rng.random(shape)
        return self.study.horizon * np.where(rng.random(shape) < 0.5, share, share**4)

    def _words(self, times: FloatArray, names: Sequence[str]) -> str:
        """What occurs in a future, as far as it is asked about."""
        when = {name: float(times[self.outcomes.index(name)]) for name in names}
        occurred = sorted((name for name in names if np.isfinite(when[name])), key=lambda name: when[name])
        missing = [name for name in names if name not in occurred]
        words = ", ".join(f"{name} occurs after {when[name]:.1f} {self.study.period}s" for name in occurred)
        if not occurred:
            return f"neither {' nor '.join(missing)} occurs" if len(missing) > 1 else f"{missing[0]} does not occur"
        return words + (f", without {' or '.join(missing)}" if missing else "")


def _wanted(expression: Expression, outcomes: Sequence[str]) -> dict[str, int]:
    """By outcome in an expression, 1 where its occurrence makes that true, -1 where it makes it false, 0 where it may do both."""
    found: dict[str, int] = {}

    def visit(node: object, sign: int) -> None:
        if isinstance(node, Not):
            visit(node.item, -sign)
        elif isinstance(node, And | Or):
            for item in node.items:
                visit(item, sign)
        elif isinstance(node, HowMany):
            for item in node.items:
                visit(item, sign * _SIGNS[node.bound])
        else:
            for name in _names(node):
                if name in outcomes:
                    found[name] = sign if found.get(name, sign) == sign else 0

    visit(expression, 1)
    return found


def _names(node: object) -> Iterator[str]:
    """Every text in a node, whatever it is."""
    for each in fields(node):  # type: ignore[arg-type]
        value = getattr(node, each.name)
        yield from (item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, str))


def _not(expression: Expression) -> Expression:
    return expression.item if isinstance(expression, Not) else Not(expression)


def _all(expressions: Sequence[Expression]) -> Expression:
    items = [part for each in expressions for part in (each.items if isinstance(each, And) else (each,))]
    return And(tuple(items))
