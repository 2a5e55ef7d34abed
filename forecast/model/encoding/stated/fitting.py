"""Laws of all levels of a group of which one must occur, at once: by least squares on the log odds of stated quantiles.

Shares leave the hazard of the whole group open, and more where there are two. What is open stays where the search begins: a
slight pull holds it there. Among three members nine quantiles meet one freedom less; they are met within a tolerance.

References
----------
Damped least squares: Marquardt (1963), doi:10.1137/0111030.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.stated.chances import draw_points
from forecast.model.encoding.stated.equations import LEAST_SHARE
from forecast.model.encoding.stated.law import MAX_SKEW, Law
from forecast.model.encoding.stated.normals import FEW, MANY, SEVERAL
from forecast.model.encoding.stated.shares import share_quantiles
from forecast.model.encoding.stated.statement import FACTORS, NOT_AT_RISK, Group, Member, Spreads

FloatArray = npt.NDArray[np.float64]

FARTHEST_MISS: Final = 0.1
"""Of a stated quantile, on the log odds: .025 of a probability of a half, .005 of one of .05."""
_CLOSE: Final = 0.01
"""Misses that larger spreads may always leave."""
_SLACK: Final = 1.2
"""By which their misses may exceed those of the smallest ones."""
_PULL: Final = 0.03
"""Towards the beginning: a step of 1 weighs as much as this miss on the log odds."""
_OWN: Final = 0.7
"""Of the stated width, of the law of the level where the search begins."""
_DIFFERENCE: Final = 0.03
"""Of parameters, for derivatives of quantiles of points."""
_ITERATIONS: Final = 40
_DAMPINGS: Final = (1e-6, 1e-3, 0.1, 1.0, 10.0)
_LONGEST: Final = 1.5
_SETTLED: Final = 3e-4
"""Decrease of the sum of squares that is none, as a share of it."""
_HOPELESS: Final = 0.3
"""A miss beyond which no other beginning is tried."""
_REACH: Final = 30.0
_FINE_MEMBERS: Final = 6
"""Larger groups have fewer points, so that memory and time stay small."""


@dataclass(frozen=True)
class Fit:
    """The laws that come nearest to all statements of a group."""

    laws: tuple[Law, ...]
    quantiles: tuple[tuple[float, ...], ...]
    """Log odds that they come to, by member that states some."""
    miss: float
    """The largest difference from a stated one."""
    worst: int
    """Place of the member that has it."""


def level_of_share(group: Group, member: Member) -> Law:
    """Where the level of a member is looked for.

    Beside levels that are given, shares say how high the others are. Without them, the group is as likely to occur by the
    day as not, as is an outcome without a prior.
    """
    statement = member.statement
    assert statement is not None
    medians = sum(group.members[place].median for place in group.asked)
    given = [
        other.law.mean
        for other, bands in zip(group.members, statement.at_bands, strict=True)
        if other.statement is None and max(bands) != NOT_AT_RISK
    ]
    if given:
        log_total = float(np.logaddexp.reduce(given)) - math.log(max(1.0 - medians, 0.02))
    else:
        own = group.members.index(member)
        log_total = math.log(math.log(2.0) / max(sum(statement.lengths[own]), 1e-9)) - math.log(medians)
    return Law(log_total + math.log(member.median), _OWN * group.width(statement))


@lru_cache(maxsize=512)
def tolerance(group: Group) -> float:
    """The largest miss that spreads may leave: hardly more than the smallest ones do; any that is let pass if none can shrink."""
    if not any(group.members[place].can_shrink for place in group.asked):
        return FARTHEST_MISS
    start = [member.law if member.statement is None else level_of_share(group, member) for member in group.members]
    least = fit_shares(group, group.shrunk(FACTORS[-1]), start).miss
    return min(max(_SLACK * least, _CLOSE), FARTHEST_MISS)


def fit_shares(
    group: Group,
    spreads: Sequence[Spreads],
    start: Sequence[Law],
    *,
    is_fine: bool = False,
    enough: float = 0.0,
) -> Fit:
    """Laws of all members that are solved for; those of the others are given.

    Parameters
    ----------
    start
        Laws that are nearly right. What is open stays at `level_of_share`, whatever the start.
    is_fine
        Whether on four times as many points.
    enough
        The miss with which the search ends.
    """
    counts = (SEVERAL, MANY) if len(group.members) <= _FINE_MEMBERS else (FEW, SEVERAL)
    points, asked = draw_points(group, spreads, counts[is_fine]), group.asked
    statements = [group.members[place].statement for place in asked]
    stated = np.array([[group.on_scale(p) for p in each.quantiles] for each in statements if each is not None])
    center = _parameters([level_of_share(group, group.members[place]) for place in asked])
    widths = np.array([group.width(each) for each in statements if each is not None])
    low, high = _bounds(center, widths)

    def laws(at: FloatArray) -> tuple[Law, ...]:
        found = list(start)
        for place, (mean, log_sd, skew) in zip(asked, at.reshape(-1, 3).tolist(), strict=True):
            found[place] = Law(mean, math.exp(log_sd), skew)
        return tuple(found)

    def misses(at: FloatArray) -> FloatArray:
        off = share_quantiles(group, points, laws(at)) - stated
        return np.concatenate([off.ravel(), _PULL * (at - center)])

    def is_enough(off: FloatArray) -> bool:
        return float(np.abs(off[: stated.size]).max()) <= enough

    at, least = center, math.inf
    for begin in (_parameters([start[place] for place in asked]), _lopsided(center, stated)):
        reached = _least_squares(misses, np.clip(begin, low, high), low, high, is_enough)
        off = misses(reached)
        if (size := float(off @ off)) < least:
            at, least = reached, size
        miss = float(np.abs(off[: stated.size]).max())
        if not max(enough, _CLOSE) < miss < _HOPELESS:
            break
    found = share_quantiles(group, points, laws(at))
    far = np.abs(found - stated).max(axis=1)
    return Fit(laws(at), tuple(map(tuple, found.tolist())), float(far.max()), asked[int(far.argmax())])


def _parameters(laws: Sequence[Law]) -> FloatArray:
    return np.array([[law.mean, math.log(law.sd), law.skew] for law in laws]).ravel()


def _lopsided(center: FloatArray, stated: FloatArray) -> FloatArray:
    """Another beginning: with skews as the stated quantiles have them."""
    at = center.reshape(-1, 3).copy()
    low, median, high = stated.T
    at[:, 2] = np.clip(_OWN * np.log((high - median) / (median - low)), -_OWN * MAX_SKEW, _OWN * MAX_SKEW)
    return at.ravel()


def _bounds(center: FloatArray, widths: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Inside the family, and with enough of the stated width left to the level."""
    means, skew = center.reshape(-1, 3)[:, 0], np.full(len(widths), 0.99 * MAX_SKEW)
    low = np.column_stack([means - _REACH, np.log(1.02 * LEAST_SHARE * widths), -skew])
    high = np.column_stack([means + _REACH, np.log(widths) + 3.0, skew])
    return low.ravel(), high.ravel()


def _least_squares(
    misses: Callable[[FloatArray], FloatArray],
    at: FloatArray,
    low: FloatArray,
    high: FloatArray,
    is_enough: Callable[[FloatArray], bool],
) -> FloatArray:
    """Where the sum of squares is smallest inside bounds."""
    off = misses(at)
    for _ in range(_ITERATIONS):
        if is_enough(off):
            break
        # From both sides, so that what shares leave open has no slope.
        slopes = np.column_stack(
            [(misses(at + step) - misses(at - step)) / (2.0 * _DIFFERENCE) for step in _DIFFERENCE * np.eye(len(at))]
        )
        taken = _decrease(misses, at, off, slopes, low, high)
        if taken is None:
            break
        before, (at, off) = float(off @ off), taken
        if before - float(off @ off) < _SETTLED * before:
            break
    return at


def _decrease(
    misses: Callable[[FloatArray], FloatArray],
    at: FloatArray,
    off: FloatArray,
    slopes: FloatArray,
    low: FloatArray,
    high: FloatArray,
) -> tuple[FloatArray, FloatArray] | None:
    """The next place and its misses, whose sum of squares is smaller."""
    pull = slopes.T @ off
    # A parameter at its bound that would leave it stays.
    free = ~(((at <= low) & (pull > 0.0)) | ((at >= high) & (pull < 0.0)))
    own = slopes[:, free]
    for damping in _DAMPINGS:
        step = np.zeros_like(at)
        step[free] = -np.linalg.solve(own.T @ own + damping * np.eye(own.shape[1]), pull[free])
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        further = np.clip(at + step, low, high)
        there = misses(further)
        if there @ there < off @ off:
            return further, there
    return None
