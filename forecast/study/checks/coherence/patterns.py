"""Everything that may happen, as far as claims see it, and the claims as inequalities over it.

A group of outcomes that exclude one another (or one outcome alone) is in one state: which of them has occurred, and between
which of the days that are spoken of, or none; but not none where one must occur and all are spoken of until then. A pattern has a state for each group.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np

from forecast.study.checks.coherence.claims import Claim, Literal
from forecast.study.checks.coherence.feasible import FloatArray, is_feasible
from forecast.study.checks.coherence.groups import Groups
from forecast.study.rows.judgments import CLIP

MOST_CELLS: Final = 8_192
"""Patterns times claims that are looked at together; larger sets are looked at in parts."""
_STEPS: Final = 14
"""Halvings in looking for a number."""
_FURTHEST: Final = 12.0
"""Between the smallest and the largest log odds that are read, and a little more."""


def connected(claims: Sequence[Claim], groups: Groups) -> Iterator[tuple[Claim, ...]]:
    """The claims in sets that conditions tie together; of a set that is too large, those that share groups or a day."""
    touched = {
        claim: frozenset(groups.of[literal.outcome] for literal in (claim.event, *claim.given)) for claim in claims
    }
    roots = _roots(touched.values())
    parts: dict[str, list[Claim]] = {}
    for claim, mine in touched.items():
        parts.setdefault(roots[min(mine)], []).append(claim)
    for members in parts.values():
        if _is_small(members, groups):
            yield tuple(members)
        else:
            yield from (piece for piece in _pieces(members, touched) if len(piece) > 1 and _is_small(piece, groups))


def _pieces(members: Sequence[Claim], touched: Mapping[Claim, frozenset[str]]) -> Iterator[tuple[Claim, ...]]:
    """Of a set that is too large, the claims that share groups with one another, then those about one group and one day."""
    about: dict[frozenset[str], list[Claim]] = {}
    of_day: dict[tuple[date, str], list[Claim]] = {}
    for claim in members:
        about.setdefault(touched[claim], []).append(claim)
        if not claim.given:
            (group,) = touched[claim]
            of_day.setdefault((claim.event.day, group), []).append(claim)
    places = {claim: place for place, claim in enumerate(members)}
    for few in dict.fromkeys(touched[claim] for claim in members if claim.given):
        fewer = itertools.chain.from_iterable(itertools.combinations(sorted(few), size + 1) for size in range(len(few)))
        within = [claim for each in fewer for claim in about.get(frozenset(each), ())]
        yield tuple(sorted(within, key=places.__getitem__))
    for key in sorted(of_day):
        yield tuple(of_day[key])


def _roots(sets: Iterable[frozenset[str]]) -> dict[str, str]:
    """By group, one that stands for all that sets of groups tie together."""
    roots: dict[str, str] = {}

    def root(group: str) -> str:
        while (above := roots.setdefault(group, group)) != group:
            roots[group] = roots[above]
            group = above
        return group

    for each in sets:
        first, *others = sorted(each)
        for other in others:
            roots[root(other)] = root(first)
        root(first)
    return {group: root(group) for group in list(roots)}


class Patterns:
    """All that may happen to the outcomes of some claims.

    Parameters
    ----------
    claims
        Those that will be asked about, together or a few at a time.
    """

    def __init__(self, claims: Sequence[Claim], groups: Groups) -> None:
        self._groups = groups
        self._days = _days(claims)
        states = _states(claims, groups)
        self._columns = {group: place for place, group in enumerate(states)}
        self._patterns = list(itertools.product(*states.values()))
        self._truth = {literal: self._of(literal) for literal in dict.fromkeys(_literals(claims))}

    def allow(self, claims: Sequence[Claim], *, shift: float = 0.0) -> bool:
        """Whether a distribution has all of the claims, when each may be moved by so much on the log odds."""
        return self._allow([(claim, _moved(claim, shift)) for claim in claims])

    def distance(self, claims: Sequence[Claim]) -> float:
        """How far, on the log odds, claims must move at least for a distribution to have all; none moves further."""
        if self.allow(claims):
            return 0.0
        return _bisect(lambda shift: not self.allow(claims, shift=shift), _FURTHEST)

    def left_by(self, claim: Claim, others: Sequence[Claim]) -> tuple[float, float]:
        """Smallest and largest probability that the other claims leave to one; they must be coherent."""
        exact = [(other, (other.probability, other.probability)) for other in others]
        if not self._allow(exact):
            exact = [(other, (other.low, other.high)) for other in others]
        low = _bisect(lambda top: not self._allow([*exact, (claim, (0.0, top))]), 1.0)
        high = 1.0 - _bisect(lambda room: not self._allow([*exact, (claim, (1.0 - room, 1.0))]), 1.0)
        return low, high

    def _allow(self, claims: Sequence[tuple[Claim, tuple[float, float]]]) -> bool:
        """Whether a distribution has each claim within its interval."""
        rows = []
        for claim, (low, high) in claims:
            condition: FloatArray = np.ones(len(self._patterns))
            for literal in claim.given:
                condition = condition * self._truth[literal]
            both = condition * self._truth[claim.event]
            if high < 1.0:
                rows.append(both - high * condition)
            if low > 0.0:
                rows.append(low * condition - both)
            if claim.given:
                # What is supposed must be possible: else anything can be said under it.
                rows.append(CLIP - condition)
        return is_feasible(np.array(rows)) if rows else True

    def _of(self, literal: Literal) -> FloatArray:
        """1 where it is true, else 0; dims (pattern)."""
        place = self._days[literal.outcome].index(literal.day)
        column = self._columns[self._groups.of[literal.outcome]]
        found = [
            (state is not None and state[0] == literal.outcome and state[1] <= place) == literal.is_true
            for state in (pattern[column] for pattern in self._patterns)
        ]
        return np.array(found, dtype=float)


def _bisect(is_short: Callable[[float], bool], most: float) -> float:
    """The smallest number up to `most` that is not too small."""
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if is_short(middle) else (low, middle)
    return high


def _moved(claim: Claim, shift: float) -> tuple[float, float]:
    """What a claim stands for when it may be moved by at most `shift` on the log odds."""
    if shift == 0.0:
        return claim.low, claim.high
    return (
        0.0 if claim.low == 0.0 else _logistic(_log_odds(min(claim.low, 1.0 - CLIP)) - shift),
        1.0 if claim.high == 1.0 else _logistic(_log_odds(max(claim.high, CLIP)) + shift),
    )


def _log_odds(probability: float) -> float:
    return math.log(probability) - math.log1p(-probability)


def _logistic(level: float) -> float:
    return 1.0 / (1.0 + math.exp(-level))


def _literals(claims: Iterable[Claim]) -> Iterator[Literal]:
    for claim in claims:
        yield claim.event
        yield from claim.given


def _days(claims: Iterable[Claim]) -> dict[str, list[date]]:
    found: dict[str, set[date]] = {}
    for literal in _literals(claims):
        found.setdefault(literal.outcome, set()).add(literal.day)
    return {outcome: sorted(days) for outcome, days in found.items()}


def _states(claims: Iterable[Claim], groups: Groups) -> dict[str, list[tuple[str, int] | None]]:
    """By group, an outcome of it with the place of the first day by which it has occurred; or None, unless one must have."""
    states: dict[str, list[tuple[str, int] | None]] = {}
    days = _days(claims)
    for outcome, mine in days.items():
        states.setdefault(groups.of[outcome], [None]).extend((outcome, place) for place in range(len(mine)))
    for group, sure in groups.sure.items():
        if group in states and all(name in days and days[name][-1] >= sure.until for name in sure.members):
            states[group].remove(None)
    return states


def _is_small(claims: Sequence[Claim], groups: Groups) -> bool:
    return len(claims) * math.prod(len(states) for states in _states(claims, groups).values()) <= MOST_CELLS
