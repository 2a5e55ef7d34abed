"""All that may happen to a few outcomes, gone through: what is true in none of it is impossible, and not just unseen.

An expression sees of a time only between which of the days that it names it lies, and before which other times. So a time for
each such window, and with `before` as many in each window as there are outcomes, stand for all times. Nothing is proven of
`within`, which sees how long something takes.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np

from forecast.futures.possible import Possible, Span, mentioned
from forecast.futures.scenarios import FloatArray
from forecast.study import Before, Expression, Within, walk

MOST: Final = 32_768
"""Futures that are gone through."""


def is_never_true(possible: Possible, expression: Expression) -> bool:
    """Whether an expression is known to be true in no future; False also where there is too much to go through."""
    nodes = tuple(walk(expression))
    if any(isinstance(node, Within) for node in nodes):
        return False
    names = tuple(sorted(mentioned(expression), key=possible.places.__getitem__))
    times = _times(possible, names, has_order=any(isinstance(node, Before) for node in nodes))
    states = _states(possible, names, times)
    count = math.prod(len(each) for each in states)
    if not 0 < count <= MOST:
        return count == 0
    places = np.indices([len(each) for each in states]).reshape(len(states), -1)
    futures = np.hstack([np.array(each)[place] for each, place in zip(states, places, strict=True)])
    order = [name for members in _groups(possible, names) for name in members]
    return not possible.is_true(expression, futures, order).any()


def _groups(possible: Possible, names: tuple[str, ...]) -> list[list[str]]:
    """The outcomes that exclude one another together, each other one alone."""
    label = {place: number for number, group in enumerate(possible.rivals) for place in group.places}
    groups: dict[object, list[str]] = {}
    for name in names:
        groups.setdefault(label.get(possible.places[name], name), []).append(name)
    return list(groups.values())


def _states(possible: Possible, names: tuple[str, ...], times: dict[str, list[float]]) -> list[list[tuple[float, ...]]]:
    """By group, what may happen to its outcomes: a time for each."""
    found = []
    for members in _groups(possible, names):
        states = [
            tuple(time if other == name else math.inf for other in members) for name in members for time in times[name]
        ]
        if _may_none_occur(possible, members):
            states.append(tuple(math.inf for _ in members))
        found.append(states)
    return found


def _may_none_occur(possible: Possible, members: list[str]) -> bool:
    places = {possible.places[name] for name in members}
    if not all(possible.spans[place].may_fail for place in places):
        return False
    group = next((group for group in possible.rivals if places & set(group.places)), None)
    return group is None or not group.one_occurs or not set(group.places) <= places


def _times(possible: Possible, names: tuple[str, ...], *, has_order: bool) -> dict[str, list[float]]:
    """By outcome, times that stand for all at which it may occur; no two of them alike, but for outcomes of one day."""
    spans = {name: possible.spans[possible.places[name]] for name in names}
    edges = {name: possible.edges[possible.places[name]] for name in names}
    every = np.unique(np.concatenate(list(edges.values())))
    size = len(names)
    return {
        name: (_among(every, spans[name], place, size) if has_order else _among(edges[name], spans[name], 0, 1))
        for place, name in enumerate(names)
    }


def _among(edges: FloatArray, span: Span, place: int, size: int) -> list[float]:
    """So many times in each window, in which outcomes of different places have every order."""
    if not span.may_occur:
        return []
    if span.on_day:
        return [span.high]
    inside = edges[(edges >= span.low) & (edges <= span.high)]
    shares = (np.arange(size) + (place + 1.0) / (size + 1.0)) / size
    return [float(low + (high - low) * share) for low, high in itertools.pairwise(inside) for share in shares]
