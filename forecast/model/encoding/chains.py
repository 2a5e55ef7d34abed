"""Questions that suppose another outcome to have occurred, by their date or at once: what takes part in their chains.

`forecast.model.graph.conditionals` says what they are for. A question is read so if links that keep the marginal make
the two outcomes depend on one another: from one to the other, either way, or from a cause of both; or if both may belong
to one class. Outcomes on such ways are in the chain, those nearest first, while its worlds are not too many.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

from forecast.model.encoding.present import Present
from forecast.study import Judgment, Outcome, OutcomeKind

MAX_WORLDS: Final = 16
"""Of one chain: four outcomes that do not compete. Each evaluation of the density goes through all of them."""

Contest = tuple[Outcome, ...]
"""Outcomes that exclude one another, or one alone."""


@dataclass(frozen=True)
class Chain:
    """What takes part in one question: a world says of each contest which of its outcomes occurred, from 1, or none, 0."""

    question: Judgment
    contests: tuple[Contest, ...]

    horizon: float
    """Periods until the date of the question, or until that of a supposed outcome which is settled later."""
    supposed: int
    """Place of the contest of what is supposed."""

    @property
    def goes_on(self) -> bool:
        """Whether the effect, first among the contests, may still occur after the date of the question."""
        return self.horizon > self.question.by_periods and self.contests[0][0].kind is OutcomeKind.EVENT

    @property
    def worlds(self) -> list[tuple[int, ...]]:
        """All of them; nothing has occurred in the first. What occurs after the date comes last among the effect's.

        The last entry is 1 in the worlds of one in whom the cause has occurred from the start, beside those of all.
        """
        first = len(self.contests[0]) * (1 + self.goes_on)
        found = list(
            itertools.product(range(first + 1), *(range(len(contest) + 1) for contest in self.contests[1:]), [0])
        )
        if self.question.at_once:
            cause = 1 + [outcome.id for outcome in self.contests[self.supposed]].index(str(self.question.given))
            found += [(*world[:-1], 1) for world in found if world[self.supposed] == cause]
        return found

    def occurred(self, world: tuple[int, ...]) -> list[str]:
        """Outcomes that have occurred in a world."""
        return [
            contest[(found - 1) % len(contest)].id
            for contest, found in zip(self.contests, world[:-1], strict=True)
            if found > 0
        ]

    def begins(self) -> list[float]:
        """Mass of each world at the start."""
        worlds = self.worlds
        found = [0.0] * len(worlds)
        found[0] = 1.0
        if self.question.at_once:
            found[[world[-1] for world in worlds].index(1)] = 1.0
        return found

    def counts(self, world: tuple[int, ...]) -> bool:
        """Whether a world is one of those that the answer is taken from."""
        return world[-1] == self.question.at_once and self.question.given in self.occurred(world)


def made_chain(question: Judgment, present: Present) -> Chain | None:
    """The chain of a question; None for one that supposes nothing, or nothing that its outcome depends on."""
    is_dated = present.is_binary(question.given) and not question.at_once
    horizon = max(question.by_periods, present.resolves[str(question.given)] if is_dated else 0.0)
    contests = _contests(horizon, present, question.given if question.at_once else None)
    ends = [
        next((place for place, contest in enumerate(contests) if any(o.id == name for o in contest)), None)
        for name in (question.outcome, question.given)
    ]
    effect, cause = ends
    if effect is None or cause is None or present.link_at_once(question.given, question.outcome):
        return None
    before = _before(contests, present)
    shared = _reaching(effect, before) & _reaching(cause, before)
    after = [{place for place, found in enumerate(before) if other in found} for other in range(len(contests))]
    # On a way from what both depend on to one of them.
    relevant = {
        place for place in _reaching(effect, before) | _reaching(cause, before) if _reaching(place, before) & shared
    }
    if not shared and not _memberships(contests[effect], present) & _memberships(contests[cause], present):
        return None
    chosen = [effect, cause]
    near = list(chosen)
    while near:
        place = near.pop(0)
        for other in sorted((before[place] | after[place]) & relevant - set(chosen)):
            if prod(len(contests[p]) + 1 for p in [*chosen, other]) <= MAX_WORLDS:
                chosen.append(other)
                near.append(other)
    # The last one takes each leg in one piece.
    return Chain(
        question, tuple(contests[place] for place in [*chosen[:1], *chosen[2:], chosen[1]]), horizon, len(chosen) - 1
    )


def _contests(horizon: float, present: Present, given: str | None) -> list[Contest]:
    """Outcomes that may yet occur within some periods, or are given to occur at once, with those that they exclude."""

    def is_open(outcome: Outcome) -> bool:
        if outcome.id in present.refuted or any(rival.id in present.certain for rival in present.rivals(outcome)):
            return False
        is_given = outcome.id == given and present.resolves[outcome.id] > 0.0
        return outcome.kind is OutcomeKind.EVENT or is_given or 0.0 < present.resolves[outcome.id] <= horizon

    found: dict[str, list[Outcome]] = {}
    for outcome in present.outcomes:
        if is_open(outcome):
            found.setdefault(outcome.competes or f" {outcome.id}", []).append(outcome)
    return [tuple(contest) for contest in found.values()]


def _memberships(contest: Contest, present: Present) -> set[int]:
    """What makes outcomes depend on one another without a link: they may belong to one class together."""
    return {present.memberships.of[outcome.id] for outcome in contest if outcome.id in present.memberships.of}


def _before(contests: Sequence[Contest], present: Present) -> list[set[int]]:
    """Of each contest those that act on it, through links that keep the marginal."""
    return [
        {
            place
            for place, causes in enumerate(contests)
            if any((cause.id, effect.id) in present.keeping for cause in causes for effect in effects)
        }
        for effects in contests
    ]


def _reaching(place: int, before: Sequence[set[int]]) -> set[int]:
    """A contest and all that act on it, directly or through others."""
    found, new = {place}, {place}
    while new:
        new = {other for last in new for other in before[last]} - found
        found |= new
    return found
