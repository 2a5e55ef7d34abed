"""Futures that are drawn towards an expression: days that it names, how many it counts, the order in which it has them.

Each is built from wishes: windows of time for outcomes, and gaps between two of them. Of several ways in which a part can be
true one is taken at random, and another where that one cannot be. A future that misses the expression all the same is no
mistake: it is evaluated like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from forecast.futures.possible import Possible, Rivals, limit_of
from forecast.futures.scenarios import BoolArray, FloatArray
from forecast.study import (
    And,
    Before,
    Between,
    Bound,
    By,
    Compares,
    Expression,
    HowMany,
    Not,
    Occurs,
    Or,
    Timed,
    Within,
    times_between,
)

_NEVER: Final = float("inf")
_ROOM: Final = 1.0 - 1e-9
"""Of the longest gap of a `within`, for rounding."""

type Window = tuple[str, float, float]
"""An outcome occurs after one time and up to another; up to infinity: it may also never occur."""
type Gap = tuple[str, str, float, float]
"""From the first outcome to the second it takes at least and at most so many periods."""


def directed_futures(
    possible: Possible, expression: Expression, tries: int, seed: int, enough: int | None = None
) -> tuple[FloatArray, BoolArray]:
    """Futures drawn towards an expression, dims (future, outcome), and whether it is true in them, dims (future); fewer than the
    tries where what is wished for cannot be.

    Parameters
    ----------
    enough
        True futures after which no more tries are made; None for all tries.
    """
    rng = np.random.default_rng(seed)
    times, true = np.zeros((0, len(possible.outcomes))), np.zeros(0, dtype=np.bool_)
    made = 0
    while made < tries and (enough is None or true.sum() < enough):
        # At first as many as are needed at least.
        some = tries - made if enough is None or made else min(2 * enough, tries)
        found = [drawn for _ in range(some) if (drawn := _one(possible, expression, rng)) is not None]
        more = np.array(found).reshape(-1, len(possible.outcomes))
        times = np.concatenate([times, more])
        true = np.concatenate([true, possible.is_true(expression, more)])
        made += some
    return times, true


def _one(possible: Possible, expression: Expression, rng: np.random.Generator) -> FloatArray | None:
    wishes = _Wishes(possible, rng)
    return wishes.times() if wishes.want(expression, is_true=True) else None


class _Wishes:
    """What one future shall be like."""

    def __init__(self, possible: Possible, rng: np.random.Generator) -> None:
        self._possible, self._rng = possible, rng
        count = len(possible.outcomes)
        self._low, self._high = [-_NEVER] * count, [_NEVER] * count
        self._gaps: list[tuple[int, int, float, float]] = []
        self._moved: set[int] = set()
        """Outcomes whose windows, or whose gaps, have changed since windows were last carried along gaps."""
        self._group = {place: group for group in possible.rivals for place in group.places}

    def want(self, node: Expression, *, is_true: bool) -> bool:
        """Adds what makes a part true, or false; False where that cannot be beside what was wished for before."""
        match node:
            case Not(item):
                return self.want(item, is_true=not is_true)
            case And(items) | Or(items):
                if isinstance(node, And) == is_true:
                    # What leaves no choice comes first.
                    return all(self.want(item, is_true=is_true) for item in sorted(items, key=_choices))
                return any(self._try(items[place], is_true=is_true) for place in self._rng.permutation(len(items)))
            case HowMany():
                return self._count(node, is_true=is_true)
            case Compares():
                return True  # a number may be any, whatever occurs
            case _:
                ways = list(_ways(node, self._possible, is_true=is_true))
                return any(self._meet(*ways[place]) for place in self._rng.permutation(len(ways)))

    def times(self) -> FloatArray | None:
        """When each outcome occurs in such a future, in periods, dims (outcome); None where there is none."""
        if not all(self._choose(group) for group in self._possible.rivals) or not self._settle():
            return None
        times = np.full(len(self._low), _NEVER)
        after = self._after()
        for place in sorted(range(len(times)), key=lambda place: -after[place]):
            if not self._draw(place, after[place], times):
                return None
        return times

    def _choose(self, group: Rivals) -> bool:
        """Which of the outcomes that exclude one another occurs, if any."""
        if any(self._must_occur(place) for place in group.places):
            return True
        able = [place for place in group.places if self._may_occur(place)]
        if able and (group.one_occurs or self._rng.random() < 0.5):
            chosen = able[self._rng.integers(len(able))]
            return self._narrow(chosen, -_NEVER, self._possible.spans[chosen].high)
        return not group.one_occurs and all(
            self._narrow(place, self._possible.spans[place].high, _NEVER) for place in group.places
        )

    def _draw(self, place: int, after: int, times: FloatArray) -> bool:
        """One time, after those that it has to follow; False where nothing is left for it."""
        span, low, high = self._possible.spans[place], self._low[place], self._high[place]
        for first, second, least, most in self._gaps:
            if second == place:
                low, high = max(low, times[first] + least), min(high, times[first] + most)
        if not span.has(low, high):
            return high == _NEVER and span.may_fail
        if high == _NEVER and span.may_fail and self._rng.random() < 0.5:
            return True
        low, high = max(low, span.low), min(high, span.high)
        # What has to follow needs room.
        times[place] = high if span.on_day else low + (high - low) * (1.0 - self._rng.random()) / (1.0 + after)
        return True

    def _after(self) -> list[int]:
        """Of each outcome, how many others follow it one after another; dims (outcome)."""
        after = [0] * len(self._low)
        for _ in range(len({first for first, *_ in self._gaps})):
            before = after.copy()
            for first, second, *_ in self._gaps:
                after[first] = min(max(after[first], after[second] + 1), len(after))
            if after == before:
                break
        return after

    def _try(self, node: Expression, *, is_true: bool) -> bool:
        before = [*self._low], [*self._high], [*self._gaps], {*self._moved}
        if self.want(node, is_true=is_true):
            return True
        self._low, self._high, self._gaps, self._moved = before
        return False

    def _count(self, node: HowMany, *, is_true: bool) -> bool:
        """So many of the items as the bound allows, any of these numbers."""
        right = {
            Bound.AT_LEAST: range(node.number, len(node.items) + 1),
            Bound.AT_MOST: range(min(node.number, len(node.items)) + 1),
            Bound.EXACTLY: range(node.number, node.number + 1),
        }[node.bound]
        numbers = [count for count in range(len(node.items) + 1) if (count in right) == is_true]
        if not numbers:
            return False
        left, wanted = len(node.items), int(self._rng.choice(numbers))
        for place in self._rng.permutation(left):
            item = node.items[place]
            if wanted and self._try(item, is_true=True):
                wanted -= 1
            elif not self._try(item, is_true=False):
                return False
        return wanted == 0

    def _meet(self, windows: tuple[Window, ...], gaps: tuple[Gap, ...]) -> bool:
        before = [*self._low], [*self._high], [*self._gaps], {*self._moved}
        places = self._possible.places
        for first, second, least, most in gaps:
            self._gaps.append((places[first], places[second], least, most))
            self._moved |= {places[first], places[second]}
        if all(self._narrow(places[name], low, high) for name, low, high in windows) and (
            not self._gaps or self._settle()
        ):
            return True
        self._low, self._high, self._gaps, self._moved = before
        return False

    def _narrow(self, place: int, low: float, high: float) -> bool:
        """Leaves an outcome less time; what must occur then leaves none to its rivals."""
        if (low <= self._low[place] and high >= self._high[place]) or self._is_known(place):
            return True
        did = self._must_occur(place)
        self._low[place], self._high[place] = max(self._low[place], low), min(self._high[place], high)
        self._moved.add(place)
        if not self._is_open(place):
            return False
        group = self._group.get(place)
        if group is None or did:
            return True
        if not self._must_occur(place):
            return not group.one_occurs or any(self._may_occur(rival) for rival in group.places)
        return all(
            self._narrow(rival, self._possible.spans[rival].high, _NEVER) for rival in group.places if rival != place
        )

    def _settle(self) -> bool:
        """Carries windows along the gaps; False where one of them is left without room."""
        for _ in range(len(self._gaps) + 1):
            moved, self._moved = self._moved, set()
            for first, second, least, most in self._gaps:
                if not (first in moved or second in moved or first in self._moved or second in self._moved):
                    continue
                later = self._latest(second) - least if self._must_occur(second) else _NEVER
                if not (
                    self._narrow(second, self._earliest(first) + least, self._latest(first) + most)
                    and self._narrow(first, self._earliest(second) - most, later)
                ):
                    return False
            if not self._moved:
                return True
        return True

    def _earliest(self, place: int) -> float:
        span = self._possible.spans[place]
        return span.high if span.on_day else max(self._low[place], span.low)

    def _latest(self, place: int) -> float:
        return min(self._high[place], self._possible.spans[place].high)

    def _must_occur(self, place: int) -> bool:
        return self._high[place] < _NEVER or not self._possible.spans[place].may_fail

    def _may_occur(self, place: int) -> bool:
        return self._possible.spans[place].has(self._low[place], self._high[place])

    def _is_open(self, place: int) -> bool:
        can_fail = self._high[place] == _NEVER and self._possible.spans[place].may_fail
        return can_fail or self._may_occur(place)

    def _is_known(self, place: int) -> bool:
        """What is settled is as it is, whatever is wished for."""
        return self._possible.outcomes[place] in self._possible.known


def _choices(node: Expression) -> int:
    return 0 if isinstance(node, Occurs | By | Between | Before | Within) else 1 + isinstance(node, Or | HowMany)


def _ways(node: Timed, possible: Possible, *, is_true: bool) -> Iterator[tuple[tuple[Window, ...], tuple[Gap, ...]]]:
    """Ways in which what is said of times is true, or false: windows and gaps."""
    end = float(possible.study.horizon)
    match node:
        case Occurs(name) | By(name):
            limit = possible.resolves[name] if isinstance(node, Occurs) else limit_of(node, possible.calendar)
            yield ((name, -_NEVER, limit) if is_true else (name, limit, _NEVER),), ()
        case Between(name):
            start, last = times_between(node, possible.calendar)
            if is_true:
                yield ((name, start, last),), ()
            else:
                yield ((name, -_NEVER, start),), ()
                yield ((name, last, _NEVER),), ()
        case Before(first, second):
            if is_true:
                yield ((first, -_NEVER, end),), ((first, second, 0.0, _NEVER),)
            else:
                yield ((first, end, _NEVER),), ()
                yield ((second, -_NEVER, end), (first, -_NEVER, end)), ((second, first, 0.0, _NEVER),)
        case Within(later, earlier, periods):
            both: tuple[Window, ...] = ((earlier, -_NEVER, end), (later, -_NEVER, end))
            if is_true:
                yield both, ((earlier, later, 0.0, periods * _ROOM),)
            else:
                yield ((earlier, end, _NEVER),), ()
                yield ((later, end, _NEVER),), ()
                yield both, ((later, earlier, 0.0, _NEVER),)
                yield both, ((earlier, later, periods, _NEVER),)
