"""What links that fade or are delayed add to log odds, by when their causes occurred. Light: NumPy alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from forecast.futures.present import FloatArray, PresentCase

LEVELS: Final = 7
"""Shares of an effect that are told from each other: those within a seventh count with their mean. What is left out is a
variance of 1/600 of the squared effect, and so less than 1e-3 of a probability at effects up to 2."""

type OccursBy = Callable[[float], FloatArray]
"""Probability of each draw that the cause has occurred by a time, as it was expected."""


def fading_ways(
    present: PresentCase, link: int, time: float, occurs_by: OccursBy
) -> list[tuple[FloatArray, FloatArray]]:
    """What a link may add at a time, and the probability of that; both of dims (draw). Otherwise it adds nothing."""
    links = present.links
    delta, cause, course = links.delta[:, link], int(links.cause[link]), links.courses[link]
    lead = int(present.expected.lead[links.effect_on[link]])
    happened = bool(present.expected.had_occurred[link]) if lead else bool(np.isfinite(present.settled[cause]))
    if happened or present.is_dated[cause]:
        age = time + links.since[link] if happened else time - present.resolves[cause]
        return [(delta * course.share_on_day(age), occurs_by(time))]
    turns = course.turns(time + lead)
    by = [_interpolated(occurs_by, time - age, lead) for age, _ in turns] + [np.zeros(present.draws)]
    levels: dict[int, list[tuple[float, FloatArray]]] = {}
    for place, (_, middle) in enumerate(turns):
        share = min(middle * course.mean_over_middle, 1.0)
        levels.setdefault(int(np.ceil(share * LEVELS)), []).append((share, by[place] - by[place + 1]))
    found = []
    for members in levels.values():
        chance = np.sum([own for _, own in members], axis=0)
        total = np.sum([share * own for share, own in members], axis=0)
        found.append((delta * np.divide(total, chance, out=np.zeros_like(total), where=chance > 0), chance))
    return found or [(np.zeros_like(delta), np.zeros_like(delta))]


def _interpolated(occurs_by: OccursBy, time: float, lead: int) -> FloatArray:
    """Expectations of an earlier day have whole periods; each draw's own have any time."""
    if not lead:
        return occurs_by(max(time, 0.0))
    low = int(np.floor(time))
    return occurs_by(low) + (time - low) * (occurs_by(low + 1) - occurs_by(low))
