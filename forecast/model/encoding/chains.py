"""Questions that suppose what other outcomes do, by their date or at once: what takes part in their chains.

`forecast.model.graph.conditionals` says what they are for. A question is read so if links that keep the marginal make
the outcomes depend on one another: from one to the other, either way, or from a cause of both; if they exclude one
another; or if they may belong to one class. Outcomes on such ways are in the chain, those nearest first, while its worlds
are not too many.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
    """That of the effect comes first."""

    horizon: float
    """Periods until the date of the question, or until that of a supposed outcome which is settled later."""

    @cached_property
    def late(self) -> tuple[int, ...]:
        """Places of the contests of events in which an outcome of the question may still occur after its date."""
        if self.horizon <= self.question.by_periods:
            return ()
        asked = {self.question.outcome, *(name for name, _ in self.question.given)}
        return tuple(
            place
            for place, contest in enumerate(self.contests)
            if contest[0].kind is OutcomeKind.EVENT and any(outcome.id in asked for outcome in contest)
        )

    @cached_property
    def slots(self) -> list[tuple[int, bool]]:
        """(place of a contest, whether what occurs in it does so after the date of the question), in the order of arrays."""
        return [*((place, False) for place in range(len(self.contests))), *((place, True) for place in self.late)]

    @property
    def _sizes(self) -> list[int]:
        """In how many ways each contest may stand."""
        return [len(contest) * (1 + (place in self.late)) + 1 for place, contest in enumerate(self.contests)]

    @property
    def least_worlds(self) -> int:
        """How many worlds there are at least, without going through them."""
        return prod(self._sizes)

    @cached_property
    def worlds(self) -> list[tuple[int, ...]]:
        """All of them; nothing has occurred in the first. What occurs after the date comes last among those of a contest.

        The last entry is 1 in the worlds of one in whom all that is supposed has occurred from the start, beside those of
        all.
        """
        found = list(itertools.product(*map(range, self._sizes), [0]))
        if self.question.at_once:
            found += [(*world[:-1], 1) for world in found if self._is_supposed(world)]
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
        return world[-1] == self.question.at_once and self._is_supposed(world)

    def has_effect(self, world: tuple[int, ...]) -> bool:
        """Whether the judged outcome has occurred by the date."""
        return self.question.outcome in self._in_time(world)

    def _is_supposed(self, world: tuple[int, ...]) -> bool:
        in_time, here = self._in_time(world), {outcome.id for contest in self.contests for outcome in contest}
        return all((name in in_time) == occurs for name, occurs in self.question.given if name in here)

    def _in_time(self, world: tuple[int, ...]) -> list[str]:
        """Outcomes that have occurred by the date of the question; binary ones by their own."""
        return [
            contest[found - 1].id
            for contest, found in zip(self.contests, world[:-1], strict=True)
            if 0 < found <= len(contest)
        ]


def made_chain(question: Judgment, present: Present) -> Chain | None:
    """The chain of a question; None for one that supposes nothing, or nothing that its outcome depends on."""
    dated = [] if question.at_once else [name for name, _ in question.given if present.is_binary(name)]
    horizon = max([question.by_periods, *(present.resolves[name] for name in dated)])
    contests = _contests(horizon, present, [name for name, _ in question.given] if question.at_once else [])
    places = {outcome.id: place for place, contest in enumerate(contests) for outcome in contest}
    supposed = [name for name, _ in question.given if name in places]
    if question.outcome not in places or not supposed or present.links_at_once(question):
        return None
    effect = places[question.outcome]
    ends = list(dict.fromkeys([effect, *(places[name] for name in supposed)]))
    before = _before(contests, present)
    reaching = [_reaching(place, before) for place in range(len(contests))]
    shared = {place for one, other in itertools.combinations(ends, 2) for place in reaching[one] & reaching[other]}
    after = [{place for place, found in enumerate(before) if other in found} for other in range(len(contests))]
    # On a way from what two of them depend on to one of them.
    relevant = {place for end in ends for place in reaching[end] if reaching[place] & shared}
    is_excluded = any(places[name] == effect for name in supposed)
    have_classes = any(
        _memberships(contests[effect], present) & _memberships(contests[place], present) for place in ends[1:]
    )
    if not (shared or is_excluded or have_classes):
        return None
    chosen, near = list(ends), list(ends)

    def choose(others: set[int]) -> None:
        for other in sorted(others - set(chosen)):
            if prod(len(contests[p]) + 1 for p in [*chosen, other]) <= MAX_WORLDS:
                chosen.append(other)
                near.append(other)

    while near:
        place = near.pop(0)
        choose((before[place] | after[place]) & relevant)
    if present.is_binary(question.outcome):
        # The mean of log odds over causes that nothing ties to the condition is not the log odds of the mean.
        choose(before[effect])
    # The last one takes each leg in one piece.
    return Chain(question, tuple(contests[place] for place in [effect, *chosen[len(ends) :], *ends[1:]]), horizon)


def _contests(horizon: float, present: Present, at_once: Sequence[str]) -> list[Contest]:
    """Outcomes that may yet occur within some periods, or are given to occur at once, with those that they exclude."""

    def is_open(outcome: Outcome) -> bool:
        if outcome.kind is OutcomeKind.CATEGORICAL:
            return False  # what depends on one another through options is taken to be independent
        if outcome.id in present.refuted or any(rival.id in present.certain for rival in present.rivals(outcome)):
            return False
        is_given = outcome.id in at_once and present.resolves[outcome.id] > 0.0
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
