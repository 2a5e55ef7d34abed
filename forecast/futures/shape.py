"""What scenarios leave open, before anything is sampled: whether they can happen, exclude one another, cover everything.

They are counted over futures that know nothing of probabilities (`forecast.futures.possible`). So the answer does not depend
on priors. A scenario that is in none of them is impossible where all that may happen was gone through; else it was not found.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from forecast.futures.directed import directed_futures
from forecast.futures.enumerated import is_never_true
from forecast.futures.possible import FUTURES, Possible
from forecast.futures.scenarios import BoolArray, FloatArray
from forecast.study import And, Compares, Expression, Not, Study, settled_outcomes, walk
from forecast.study.checks.questions import Question, questions

_FEW: Final = 8
"""True futures by which a scenario is met often enough."""
_TRIES: Final = 128
"""Futures drawn towards what was not met."""
_TRIES_OF_PAIRS: Final = 1_024
"""The same for all pairs of scenarios together."""
_TRIES_OF_GAP: Final = 32
_MOST_PAIRS: Final = 5
"""Overlaps that are named."""


def everything_asked(study: Study) -> tuple[Question, ...]:
    """What a valid study leaves open, its scenarios included."""
    return (*questions(study), *scenario_questions(study))


def newly_asked(before: Study, after: Study) -> tuple[Question, ...]:
    """What a study with more evidence leaves open that it did not before; its scenarios are the same."""
    known, found = set(questions(before)), questions(after)
    if after.scenarios and settled_outcomes(before) != settled_outcomes(after):
        known |= set(scenario_questions(before))
        found += scenario_questions(after)
    return tuple(question for question in found if question not in known)


def scenario_questions(study: Study) -> tuple[Question, ...]:
    """What is asked of the scenarios of a study."""
    return tuple(_Shape(study).asked()) if study.scenarios else ()


def _has_numbers(expression: Expression) -> bool:
    return any(isinstance(node, Compares) for node in walk(expression))


class _Shape:
    """The scenarios of a study, each evaluated once over all futures."""

    def __init__(self, study: Study) -> None:
        # Futures here have no numbers: what compares them may be true or not, and nothing is asked of what stands beside it.
        numbered = {scenario.id for scenario in study.scenarios if _has_numbers(scenario.expression)}
        self._expressions = {s.id: s.expression for s in study.scenarios if s.id not in numbered}
        together = [scenario.id for scenario in study.scenarios if not scenario.stands_alone]
        self._together = [] if numbered.intersection(together) else together
        self._possible = Possible(study, list(self._expressions.values()))
        self._never: dict[Expression, bool] = {}
        """Of expressions that no future met: whether all that may happen was gone through."""
        self._times = self._possible.common
        self._true = {name: self._possible.is_true(each, self._times) for name, each in self._expressions.items()}

    def asked(self) -> Iterator[Question]:
        """Of each scenario alone, then of all together."""
        for name, expression in self._expressions.items():
            yield from self._of_one(name, expression)
        together = {name: self._true[name] for name in self._together if self._true[name].any()}
        if len(together) > 1:
            yield from self._overlaps(together)
            yield from self._gap(list(together))

    def _of_one(self, name: str, expression: Expression) -> Iterator[Question]:
        if self._looked_for(expression, int(self._true[name].sum())) == 0:
            yield self._missing(name, expression, "happen", "true", ("scenario_impossible", "scenario_not_found"))
        elif self._looked_for(_not(expression), int((~self._true[name]).sum())) == 0:
            yield self._missing(name, _not(expression), "fail", "false", ("scenario_certain", "scenario_always_found"))

    def _looked_for(self, expression: Expression, met: int) -> int:
        """In how many futures an expression is true, after some were drawn towards it where it was met seldom."""
        if met >= _FEW or (met == 0 and self._is_never_true(expression)):
            return met
        times, true = directed_futures(self._possible, expression, _TRIES if met == 0 else _FEW, seed=1, enough=_FEW)
        self._add(times[true][:_FEW])
        return met + int(true.sum())

    def _is_never_true(self, expression: Expression) -> bool:
        if expression not in self._never:
            self._never[expression] = is_never_true(self._possible, expression)
        return self._never[expression]

    def _add(self, times: FloatArray) -> None:
        """More futures, over which all scenarios are evaluated."""
        if len(times):
            self._times = np.asfortranarray(np.concatenate([self._times, times]))
            for name, expression in self._expressions.items():
                more = self._possible.is_true(expression, times)
                self._true[name] = np.concatenate([self._true[name], more])

    def _missing(self, name: str, wanted: Expression, what: str, truth: str, kinds: tuple[str, str]) -> Question:
        expression = self._expressions[name]
        if self._is_never_true(wanted):
            found = "none" if what == "happen" else "all"
            return kinds[0], (
                f"can {name} {what}? In {found} of the futures that the outcomes allow is `{expression}` true; correct `when`"
            )
        return kinds[1], (
            f"can {name} {what}? Among {FUTURES:,} futures that the outcomes allow, and {_TRIES} drawn towards it, none was "
            f"found in which `{expression}` is {truth}; correct `when` if there is none"
        )

    def _overlaps(self, together: Mapping[str, BoolArray]) -> Iterator[Question]:
        names = list(together)
        true = np.array([self._true[name] for name in names], dtype=np.float32)
        both = true @ true.T
        pairs = list(itertools.combinations(range(len(names)), 2))
        unmet = [pair for pair in pairs if not both[pair]]
        tries = min(_TRIES_OF_PAIRS // len(unmet), _FEW) if unmet else 0
        found: list[str] = []
        for first, second in pairs:
            one, other = (self._expressions[names[place]] for place in (first, second))
            if both[first, second]:
                times, are_true = self._times, (true[first] > 0) & (true[second] > 0)
            else:
                times, are_true = directed_futures(self._possible, _all([one, other]), tries, seed=2)
            if are_true.any():
                example = self._possible.words(times, are_true, [one, other]) if len(found) < _MOST_PAIRS else ""
                found.append(f"{names[first]} and {names[second]} ({example})")
        if found:
            more = f"; and {len(found) - _MOST_PAIRS} more pairs" if len(found) > _MOST_PAIRS else ""
            asked = (
                f"may these scenarios be true together? {'; '.join(found[:_MOST_PAIRS])}{more}. If so, say it: "
                "`stands_alone: true` on those that are questions of their own"
            )
            yield "scenarios_overlap", asked

    def _gap(self, names: Sequence[str]) -> Iterator[Question]:
        expressions = [self._expressions[name] for name in names]
        times, none = self._times, ~np.any([self._true[name] for name in names], axis=0)
        if not none.any():
            neither = _all([_not(expression) for expression in expressions])
            times, none = directed_futures(self._possible, neither, _TRIES_OF_GAP, seed=3)
        if none.any():
            example = self._possible.words(times, none, expressions)
            asked = (
                f"what else may happen? No scenario is true where {example}; add one for the rest, or state "
                "`stands_alone: true` on scenarios that need not cover everything"
            )
            yield "scenarios_leave_a_gap", asked


def _not(expression: Expression) -> Expression:
    return expression.item if isinstance(expression, Not) else Not(expression)


def _all(expressions: Sequence[Expression]) -> Expression:
    items = [part for each in expressions for part in (each.items if isinstance(each, And) else (each,))]
    return And(tuple(items))
