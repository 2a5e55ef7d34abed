"""Laws under given spreads: each member's is solved given the others', round after round, until nothing changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.stated.chances import draw_points, log_expected, rivals_quiet, thresholds
from forecast.model.encoding.stated.equations import Equations
from forecast.model.encoding.stated.fitting import FARTHEST_MISS, fit_shares, tolerance
from forecast.model.encoding.stated.law import MAX_SKEW, Law
from forecast.model.encoding.stated.normals import FEW, MANY, MOST, SEVERAL
from forecast.model.encoding.stated.statement import Group, Spreads

FloatArray = npt.NDArray[np.float64]

_ROUNDS: Final = 60
_PATIENCE: Final = 6
"""Rounds in which a law need not be found, since those of the rivals are not yet right."""
_SETTLED: Final = 3e-4
"""Change of a law from round to round that is none."""
_SLACK: Final = 1.5
"""Of the tolerance of shares, on fine points."""
_FINE_MEMBERS: Final = 6
"""Larger groups keep the coarse points, so that memory and time stay small."""


@dataclass(frozen=True)
class Settled:
    """A law for each member."""

    laws: tuple[Law, ...]


@dataclass(frozen=True)
class Unsettled:
    """The member whose statement cannot be met."""

    place: int
    is_together: bool
    """Whether each could be met by itself, but not all at once."""


def settle(group: Group, spreads: Sequence[Spreads], start: Sequence[Law]) -> Settled | Unsettled:
    """Laws that meet every statement under these spreads, on coarse points."""
    if group.is_sure:
        fit = fit_shares(group, spreads, start, enough=tolerance(group))
        return Settled(fit.laws) if fit.miss <= tolerance(group) else Unsettled(fit.worst, is_together=True)
    laws, count = list(start), SEVERAL if len(group.members) == 1 else FEW
    asked = group.asked
    near: dict[int, FloatArray] = {}
    for round_ in range(_ROUNDS):
        change, missing = 0.0, None
        for place in asked:
            equations = _equations(group, place, laws, spreads, count, near)
            if not equations.are_possible:
                return Unsettled(place, is_together=False)
            law = _first(equations, _starts(equations, laws[place]))
            if law is None:
                missing = place
                law = equations.nearly(laws[place])
            change, laws[place] = max(change, _distance(laws[place], law)), law
        if missing is not None and (len(group.members) == 1 or round_ >= _PATIENCE):
            return Unsettled(missing, is_together=False)
        if missing is None and (change < _SETTLED or len(asked) == 1):
            return Settled(tuple(laws))
    return Unsettled(asked[-1], is_together=True)


def refine(group: Group, spreads: Sequence[Spreads], start: Sequence[Law]) -> Settled | None:
    """The same on fine points, from laws that are nearly right; None where there are none."""
    if group.is_sure:
        fit = fit_shares(group, spreads, start, is_fine=True)
        return Settled(fit.laws) if fit.miss <= min(_SLACK * tolerance(group), FARTHEST_MISS) else None
    laws, size = list(start), len(group.members)
    coarse, fine = (SEVERAL, MOST) if size == 1 else (FEW, MANY if size <= _FINE_MEMBERS else SEVERAL)
    asked = group.asked
    slopes = {place: _equations(group, place, laws, spreads, coarse, {}).slopes(laws[place]) for place in asked}
    near: dict[int, FloatArray] = {}
    for _ in range(_ROUNDS):
        change = 0.0
        for place in asked:
            law = _equations(group, place, laws, spreads, fine, near).solve(laws[place], slopes[place])
            if law is None:
                return None
            change, laws[place] = max(change, _distance(laws[place], law)), law
        if change < _SETTLED or len(asked) == 1:
            return Settled(tuple(laws))
    return None


def _distance(before: Law, after: Law) -> float:
    return max(abs(before.mean - after.mean), abs(math.log(before.sd / after.sd)), abs(before.skew - after.skew))


def _first(equations: Equations, starts: Sequence[Law]) -> Law | None:
    for start in starts:
        law = equations.solve(start)
        if law is not None and equations.has_room(law):
            return law
    return None


def _equations(
    group: Group,
    place: int,
    laws: Sequence[Law],
    spreads: Sequence[Spreads],
    count: int,
    near: dict[int, FloatArray],
) -> Equations:
    """Of one member; `near` keeps its thresholds from round to round."""
    points = draw_points(group, spreads, count)
    own, statement = points[place], group.members[place].statement
    assert statement is not None
    quiet = statement.quiet[place] if statement.quiet else ()
    near[place] = thresholds(group, place, points, laws, near.get(place))
    return Equations(
        near[place],
        statement.normals,
        group.width(statement),
        rivals_quiet(group, place, points, laws),
        log_expected(quiet, own.shape) + own.apart if sum(quiet) > 0.0 else None,
    )


def _starts(equations: Equations, last: Law) -> list[Law]:
    """Where to begin: at the last law, and at what the thresholds suggest, with and without skew."""
    finite = np.where(np.isfinite(equations.thresholds), equations.thresholds, np.nan)
    low, median, high = np.nanmedian(finite, axis=1)
    q = equations.targets[2]
    own = math.sqrt(max(((high - low) / (2.0 * q)) ** 2 - float(np.nanvar(finite[1])), (0.3 * equations.width) ** 2))
    skew = math.log(max(high - median, 1e-6) / max(median - low, 1e-6)) / q
    skew = max(-0.7 * MAX_SKEW, min(0.7 * MAX_SKEW, skew))
    return [last, Law(float(median), own, skew), Law(float(median), own)]
