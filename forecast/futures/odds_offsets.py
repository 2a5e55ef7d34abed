"""Offsets of the log odds of binary outcomes, so that their stated probability is the marginal one.

The root of E logistic(x + offset + sum of delta + sum of gamma s) = logistic(x), over the patterns of causes that have
occurred by the resolution date and the mean of the factors' paths to it. The log mean multiplier would be wrong on odds:
the logistic of a mean is not the mean of logistics. Light: NumPy alone.

References
----------
Marginal and conditional odds: Neuhaus, Kalbfleisch and Hauck (1991), International Statistical Review 59(1),
doi:10.2307/1403572.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from forecast.futures.fading_odds import fading_ways
from forecast.futures.hazards import cumulative_incidence, probability_by
from forecast.futures.present import FloatArray, PresentCase

NODES: Final = 15
"""Gauss-Hermite nodes for what is normal: with a standard deviation up to 2 on the log odds they are right to 1e-4."""
MAX_PATTERNS: Final = 64
"""Patterns of causes that are counted one by one; further causes, those that spread least, count as normal."""
STEPS: Final = 60
"""Of Newton's method, at most; where it leaves the bracket it is halved."""
CLOSE: Final = 1e-9
"""Log odds."""


def odds_offset(present: PresentCase, outcome: int) -> FloatArray | None:
    """Offset of the log odds of one binary outcome, dims (draw); None where nothing moves it."""
    shifts, chances = _patterns(present, outcome)
    return solve_offset(present.level[:, outcome], shifts, chances) if shifts.any() else None


def probability_without(present: PresentCase, outcome: int, offset: FloatArray, group: int) -> FloatArray:
    """Probability of a binary outcome among those in whom none of a group of its causes has occurred; dims (draw)."""
    shifts, chances = _patterns(present, outcome, without=group)
    return np.asarray((chances * _logistic(present.level[:, outcome] + offset + shifts)).sum(axis=0))


def _patterns(present: PresentCase, outcome: int, without: int | None = None) -> tuple[FloatArray, FloatArray]:
    """What causes and factors add to the log odds, and the probability of it; dims (pattern, draw)."""
    shifts, weights, mean, variance = _causes(present, outcome, without)
    variance = variance + factor_variance(present, outcome)
    places, node_weights = np.polynomial.hermite_e.hermegauss(NODES if variance.any() else 1)
    node_weights = node_weights / node_weights.sum()
    spread = np.sqrt(variance) * places[:, None]
    moved = (shifts[:, None, :] + spread[None] + mean).reshape(-1, present.draws)
    return moved, (weights[:, None, :] * node_weights[:, None]).reshape(-1, present.draws)


def solve_offset(level: FloatArray, shifts: FloatArray, chances: FloatArray) -> FloatArray:
    """The offset at which the mean logistic of level + offset + shift is the logistic of the level; dims (draw).

    Parameters
    ----------
    level
        Dims (draw).
    shifts, chances
        Dims (pattern, draw); chances sum to 1 over patterns.
    """
    target = _logistic(level)
    low, high = -shifts.max(axis=0), -shifts.min(axis=0)
    offset = np.clip(-(chances * shifts).sum(axis=0), low, high)
    for _ in range(STEPS):
        each = _logistic(level + offset + shifts)
        excess = (chances * each).sum(axis=0) - target
        high, low = np.where(excess > 0.0, offset, high), np.where(excess > 0.0, low, offset)
        slope = (chances * each * (1.0 - each)).sum(axis=0)
        newton = offset - excess / np.maximum(slope, 1e-300)
        inside = (newton > low) & (newton < high)
        step = np.where(inside, newton, 0.5 * (low + high)) - offset
        offset = offset + step
        if float(np.abs(step).max(initial=0.0)) < CLOSE:
            break
    return np.asarray(offset)


def factor_variance(present: PresentCase, outcome: int) -> FloatArray:
    """Variance of the sum of gamma s-bar, s-bar the mean of a stationary path over the periods to resolution; dims (draw)."""
    factors, total = present.factors, np.zeros(present.draws)
    periods = max(1, int(np.ceil(present.resolves[outcome])))
    for effect in np.flatnonzero(factors.effect_outcome == outcome):
        variance = path_variance(present, int(factors.effect_factor[effect]), periods)
        total = total + factors.gamma[:, effect] ** 2 * variance
    return np.asarray(total)


def path_variance(present: PresentCase, factor: int, periods: int) -> FloatArray:
    """Variance of the mean of a factor's stationary path over some periods; dims (draw)."""
    rho, lags = present.factors.persistence[:, factor], np.arange(1, periods)
    sums = (rho[:, None] ** lags) @ (periods - lags) if periods > 1 else 0.0
    return np.asarray((periods + 2.0 * sums) / periods**2)


def _causes(
    present: PresentCase, outcome: int, without: int | None
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Shifts and weights of the patterns, dims (pattern, draw); mean and variance of the other causes, dims (draw)."""
    links = present.links
    chosen = np.flatnonzero((links.effect_on == outcome) & links.keeps_marginal)
    groups: dict[int, list[int]] = {}
    for link in (link for link in chosen.tolist() if present.groups[links.cause[link]] != without):
        groups.setdefault(int(present.groups[links.cause[link]]), []).append(link)
    incidence = cumulative_incidence(present) if groups else np.zeros((present.draws, 0, 0))
    found = []
    for own in groups.values():
        ways = [way for link in own for way in _ways(present, incidence, link, present.resolves[outcome])]
        shifts, chances = (np.stack(each) for each in zip(*ways, strict=True))
        none = np.maximum(1.0 - chances.sum(axis=0), 0.0)
        spread = (chances * shifts**2).sum(axis=0) - (chances * shifts).sum(axis=0) ** 2
        found.append((float(spread.mean()), np.vstack([np.zeros_like(none), shifts]), np.vstack([none, chances])))
    patterns, weights = np.zeros((1, present.draws)), np.ones((1, present.draws))
    mean, variance = np.zeros(present.draws), np.zeros(present.draws)
    for _, shifts, chances in sorted(found, key=lambda item: -item[0]):
        if len(patterns) * len(shifts) <= MAX_PATTERNS:
            patterns = (patterns[:, None] + shifts[None]).reshape(-1, present.draws)
            weights = (weights[:, None] * chances[None]).reshape(-1, present.draws)
        else:
            own_mean = (chances * shifts).sum(axis=0)
            mean, variance = mean + own_mean, variance + (chances * shifts**2).sum(axis=0) - own_mean**2
    return patterns, weights, mean, variance


def _ways(present: PresentCase, incidence: FloatArray, link: int, time: float) -> list[tuple[FloatArray, FloatArray]]:
    """What a link may add at a time, and the probability of that; both of dims (draw)."""
    if not present.links.courses[link].is_plain:
        return fading_ways(present, link, time, lambda by: occurs_by(present, incidence, link, by))
    return [(present.links.delta[:, link], occurs_by(present, incidence, link, time))]


def occurs_by(present: PresentCase, incidence: FloatArray, link: int, time: float) -> FloatArray:
    """Probability that a link's cause has occurred by a time, as expected on the day of the statement; dims (draw)."""
    cause, expected = int(present.links.cause[link]), present.expected
    lead = int(expected.lead[present.links.effect_on[link]])
    if lead:
        group = expected.group[link, : lead + int(np.ceil(time))]
        before = np.exp(-(np.cumsum(group) - group))
        share = np.divide(expected.own[link, : len(group)], group, out=np.zeros_like(group), where=group > 0)
        chance = max(float(expected.had_occurred[link]), float((before * -np.expm1(-group) * share).sum()))
        return np.full(present.draws, chance)
    settled = present.settled[cause]
    if not np.isnan(settled):
        return np.full(present.draws, float(np.isfinite(settled)))
    if present.is_event[cause] or present.is_dated[cause]:
        return probability_by(present, incidence, cause, time)
    hazard = present.streams.hazard
    periods = int(np.ceil(time))
    return np.full(present.draws, -np.expm1(-hazard[cause, :periods].sum()) if hazard.size else 0.0)


def _logistic(values: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(-values, -700.0, 700.0))))
