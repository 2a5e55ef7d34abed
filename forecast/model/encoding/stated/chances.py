"""How far a level must be for a probability to be at least so high, at every point of what else is uncertain.

A point is one draw of everything but the level itself: classes, cases, covariates and ages of the outcome, and all of its
rivals. The probability rises with the level, so a stated quantile becomes a threshold of the level at each point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.stated.law import Law
from forecast.model.encoding.stated.normals import normals
from forecast.model.encoding.stated.statement import NOT_AT_RISK, Group, Member, Spreads

FloatArray = npt.NDArray[np.float64]

_STEPS: Final = 60
"""Of Newton's method to a threshold, at most; some six are taken."""
_LONGEST: Final = 3.0
_SMALLEST: Final = 1e-6
LOG_LARGEST: Final = 300.0


@dataclass(frozen=True)
class Points:
    """An outcome over all points."""

    apart: FloatArray
    """What classes, cases and covariates add to the level; dims (point)."""
    shape: FloatArray
    """Log hazard of each age band beside the level; dims (band, point)."""
    deviation: FloatArray
    """Of the level itself, for a rival; dims (point)."""

    def level(self, law: Law) -> FloatArray:
        """Of the present case, dims (point)."""
        return law.at(self.deviation) + self.apart


def draw_points(group: Group, spreads: Sequence[Spreads], count: int) -> list[Points]:
    """Every member over so many points, with these spreads."""
    loads = _covariate_loads(group.members)
    bands = [AgeBands(member.starts) for member in group.members]
    walks = [_principal(own) for own in bands]
    own_dims = [6 + walk.shape[1] for walk in walks]
    z = normals(loads.shape[1] + sum(own_dims), count)
    found, place = [], loads.shape[1]
    for load, scale, own, walk, dims, member in zip(loads, spreads, bands, walks, own_dims, group.members, strict=True):
        apart, classes, cases, trend, wiggle, deviation, *steps = z[place : place + dims]
        place += dims
        width = np.hypot(scale.classes * member.mixing * classes, scale.cases * cases)
        found.append(
            Points(
                width * apart + load @ z[: len(load)],
                scale.trend * trend * own.log_ages[:, None]
                + scale.wiggle * np.abs(wiggle) * (walk @ np.array(steps).reshape(-1, count)),
                deviation,
            )
        )
    return found


def _covariate_loads(members: Sequence[Member]) -> FloatArray:
    """What covariates add to each member, by independent normals that all of them share; dims (member, normal)."""
    own = np.array([member.covariates for member in members], dtype=float).reshape(len(members), -1)
    if not own.any():
        return np.zeros((len(members), 0))
    left, size, _ = np.linalg.svd(own, full_matrices=False)
    kept = size > 1e-12 * size[0]
    return np.asarray(left[:, kept] * size[kept])


def _principal(bands: AgeBands) -> FloatArray:
    """The random walk over bands by independent normals, the largest first; dims (band, normal)."""
    if len(bands) == 1:
        return np.zeros((1, 0))
    left, size, _ = np.linalg.svd(bands.walk, full_matrices=False)
    return np.asarray(left * size)


def log_expected(exposure: Sequence[float], shape: FloatArray) -> FloatArray:
    """Log expected events at level 0 of time by age band, dims (point)."""
    used = [band for band, time in enumerate(exposure) if time > 0.0]
    return np.asarray(np.log(np.array([exposure[band] for band in used]) @ np.exp(shape[used])))


def thresholds(
    group: Group,
    place: int,
    points: Sequence[Points],
    laws: Sequence[Law],
    near: FloatArray | None = None,
) -> FloatArray:
    """Levels mu of one member from which on its probability is at least each stated quantile; dims (quantile, point).

    Parameters
    ----------
    near
        Where to look for them first: those under nearly the same laws.
    """
    own = points[place]
    statement = group.members[place].statement
    assert statement is not None
    p = np.asarray(statement.quantiles, dtype=float)[:, None]
    if group.is_binary:
        return np.asarray(np.log(p) - np.log1p(-p) - statement.shift - own.apart)
    exposure = np.zeros(len(own.shape))
    for band, length in zip(statement.at_bands[place], statement.lengths[place], strict=True):
        if band != NOT_AT_RISK:
            exposure[band] += length
    alone = np.log(-np.log1p(-p)) - log_expected(exposure.tolist(), own.shape)
    if len(group.members) == 1:
        return np.asarray(alone - own.apart)
    rates = [
        segment_hazards(lengths, bands, None if row == place else each.level(law), each.shape)
        for row, (lengths, bands, each, law) in enumerate(
            zip(statement.lengths, statement.at_bands, points, laws, strict=True)
        )
    ]
    others = np.sum([rate for row, rate in enumerate(rates) if row != place], axis=0)
    start = alone if near is None else np.where(np.isfinite(near), near + own.apart, alone)
    return _competing_thresholds(rates[place], others, start, p) - own.apart


def segment_hazards(
    lengths: Sequence[float], bands: Sequence[int], level: FloatArray | None, shape: FloatArray
) -> FloatArray:
    """Expected events of an outcome in each segment, at level 0 where none is given; dims (segment, point)."""
    logs = shape if level is None else shape + level
    hazards = np.exp(np.minimum(logs, LOG_LARGEST))
    return np.array(
        [
            length * hazards[band] if band != NOT_AT_RISK else np.zeros(shape.shape[1])
            for length, band in zip(lengths, bands, strict=True)
        ]
    )


def _competing_thresholds(own: FloatArray, others: FloatArray, start: FloatArray, p: FloatArray) -> FloatArray:
    """Levels at which the cumulative incidence is p, by Newton's method on the log odds; dims (quantile, point).

    Infinite where rivals end the risk before it begins, so often that no level is enough.
    """
    level = start
    wanted = np.log(p) - np.log1p(-p)
    for _ in range(_STEPS):
        yes, no, slope = _incidence(own, others, level)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (wanted - np.log(yes) + np.log(no)) * yes * no / np.maximum(slope, 1e-300)
        step = np.clip(np.nan_to_num(step), -_LONGEST, _LONGEST)
        level = level + step
        if np.max(np.abs(step)) < _SMALLEST or np.all((np.abs(step) < _SMALLEST) | (level > LOG_LARGEST / 3)):
            break
    return np.where(level > LOG_LARGEST / 3, np.inf, level)


def _incidence(own: FloatArray, others: FloatArray, level: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Probability of the outcome, its complement, and its derivative by the level; dims (quantile, point).

    Constant hazards in each segment, as in `forecast.futures.hazards`.
    """
    factor = np.exp(np.minimum(level, LOG_LARGEST))
    yes, no, slope = np.zeros_like(level), np.zeros_like(level), np.zeros_like(level)
    before_own, before = np.zeros_like(level), np.zeros_like(level)
    for mine, theirs in zip(own, others, strict=True):
        hazard = mine * factor
        total = hazard + theirs
        alive, ended = np.exp(-before), -np.expm1(-total)
        share = np.divide(hazard, total, out=np.zeros_like(total), where=total > 0.0)
        happened = alive * ended * share
        yes += happened
        no += alive * ended * (1.0 - share)
        slope += alive * np.exp(-total) * hazard * share + happened * (1.0 - share) - happened * before_own
        before_own, before = before_own + hazard, before + total
    return yes, no + np.exp(-before), slope


def rivals_quiet(group: Group, place: int, points: Sequence[Points], laws: Sequence[Law]) -> FloatArray | None:
    """Probability that no rival has happened before the day of the statement, dims (point); None without such time."""
    statement = group.members[place].statement
    assert statement is not None
    found = None
    for row, (quiet, each, law) in enumerate(zip(statement.quiet, points, laws, strict=False)):
        if row != place and sum(quiet) > 0.0:
            events = np.exp(np.minimum(each.level(law) + log_expected(quiet, each.shape), LOG_LARGEST))
            found = np.exp(-events) if found is None else found * np.exp(-events)
    return found
