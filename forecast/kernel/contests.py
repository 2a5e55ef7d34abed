"""One turn of a chain: what may happen to outcomes that exclude one another, in some time or on a date.

With m the mass of a world in which none of them has occurred, c 1 where it counts, r and W of each outcome there:

    M0 = sum of c m W / sum of c m,  R0 = sum of r W / M0,  h = m exp(-R0 / 2),  M = sum of c h W / sum of c h
    R = sum of r W / M,  m' = m exp(-R),  and the world in which this one occurred gains m (1 - exp(-R)) r W / (M R)

On the date of a binary outcome it gains m logistic(w + log W), with w the root of sum of c m (logistic(w + log W) -
logistic(theta)) = 0. What for: `forecast.model.graph.conditionals`. Backward, the masses' adjoints go from the end of the
turn to its start; w by the implicit function.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import logistic, softplus
from forecast.model.constants import LEAST_MASS

ROUNDS = 100
"""Of Newton's method, or of halving where it leaves the interval that holds the root."""


SMALL = 0.02
"""Hazard below which what is divided by it comes from its series."""


@block
def total_rate(v: Any, pace: Any, first: int, size: int, m: int) -> float:
    """Sum of r W / M over the outcomes of a contest, in the world of the moves from m on; `pace` is r / M."""
    found = 0.0
    for k in range(size):
        found += pace[first + k] * v.move_ratio[m + k]
    return found


@block
def share_lost(total: float, left: float) -> float:
    """(1 - exp(-R)) / R."""
    if total > SMALL:
        return (1.0 - left) / total
    return 1.0 - total / 2.0 * (1.0 - total / 3.0 * (1.0 - total / 4.0 * (1.0 - total / 5.0 * (1.0 - total / 6.0))))


@block
def share_lost_slope(total: float, left: float, share: float) -> float:
    """Its derivative by R."""
    if total > SMALL:
        return (left - share) / total
    return -0.5 + total * (
        1.0 / 3.0 - total * (1.0 / 8.0 - total * (1.0 / 30.0 - total * (1.0 / 144.0 - total / 840.0)))
    )


@block
def means(x: Any, v: Any, turn: int, is_half: bool, mean: Any, pace: Any) -> None:
    """Fills M, or M0 where it is not of the half, and r over it."""
    first, contest, counted = x.stake_start[turn], x.turn_contest[turn], LEAST_MASS
    size = x.stake_start[turn + 1] - first
    for k in range(first, first + size):
        mean[k] = LEAST_MASS
    for world in range((x.move_start[contest + 1] - x.move_start[contest]) // size):
        m = x.move_start[contest] + world * size
        before = x.move_from[m]
        weight = x.move_counts[m] * v.turn_mass[turn, before]
        if is_half:
            v.turn_kept[turn, before] = exp(-0.5 * total_rate(v, v.stake_pace_begun, first, size, m))
            weight *= v.turn_kept[turn, before]
        counted += weight
        for k in range(size):
            mean[first + k] += weight * v.move_ratio[m + k]
    for k in range(first, first + size):
        mean[k] /= counted
        pace[k] = v.stake_rate[k] / mean[k]


@block
def in_time(x: Any, v: Any, n: int, turn: int) -> None:
    """Changes the masses of condition n, which were kept as those of the turn."""
    first, contest = x.stake_start[turn], x.turn_contest[turn]
    size = x.stake_start[turn + 1] - first
    means(x, v, turn, False, v.stake_begun, v.stake_pace_begun)
    means(x, v, turn, True, v.stake_mean, v.stake_pace)
    for world in range((x.move_start[contest + 1] - x.move_start[contest]) // size):
        m = x.move_start[contest] + world * size
        before = x.move_from[m]
        there, total = v.turn_mass[turn, before], total_rate(v, v.stake_pace, first, size, m)
        left = exp(-total)
        v.turn_left[turn, before] = left
        v.end_mass[n, before] = there * left
        leaving = there * share_lost(total, left)
        for k in range(size):
            v.end_mass[n, x.move_to[m + k]] += leaving * v.stake_pace[first + k] * v.move_ratio[m + k]


@block
def in_time_back(x: Any, v: Any, a: Any, n: int, turn: int) -> None:
    """Adjoints of the masses at the start of a turn, in place of those at its end; adds to those of rates and ratios."""
    first, contest = x.stake_start[turn], x.turn_contest[turn]
    begin, size = x.move_start[contest], x.stake_start[turn + 1] - first
    worlds = (x.move_start[contest + 1] - begin) // size
    at_start, at_half = LEAST_MASS, LEAST_MASS
    for world in range(worlds):
        m = begin + world * size
        before = x.move_from[m]
        there, total = v.turn_mass[turn, before], total_rate(v, v.stake_pace, first, size, m)
        at_start += x.move_counts[m] * there
        at_half += x.move_counts[m] * there * v.turn_kept[turn, before]
        left = v.turn_left[turn, before]
        share = share_lost(total, left)
        by_left, gain = a.end_mass[n, before], 0.0
        for k in range(size):
            gain += a.end_mass[n, x.move_to[m + k]] * v.stake_pace[first + k] * v.move_ratio[m + k]
        by_total = there * (gain * share_lost_slope(total, left, share) - by_left * left)
        a.turn_mass[turn, before] = by_left * left + gain * share
        for k in range(size):
            by_rate = there * share * a.end_mass[n, x.move_to[m + k]] + by_total
            a.stake_pace[first + k] += by_rate * v.move_ratio[m + k]
            a.move_ratio[m + k] += by_rate * v.stake_pace[first + k]
    pace_back(v, a, first, size, v.stake_mean, a.stake_mean, v.stake_pace, a.stake_pace)
    for world in range(worlds):
        m = begin + world * size
        before = x.move_from[m]
        kept = x.move_counts[m] * v.turn_kept[turn, before]
        weight = kept * v.turn_mass[turn, before]
        by_weight = mean_back(v, a, v.stake_mean, a.stake_mean, first, size, m, weight, at_half)
        a.turn_mass[turn, before] += by_weight * kept
        by_rate = -0.5 * by_weight * weight
        for k in range(size):
            a.stake_pace_begun[first + k] += by_rate * v.move_ratio[m + k]
            a.move_ratio[m + k] += by_rate * v.stake_pace_begun[first + k]
    pace_back(v, a, first, size, v.stake_begun, a.stake_begun, v.stake_pace_begun, a.stake_pace_begun)
    for world in range(worlds):
        m = begin + world * size
        before = x.move_from[m]
        weight = x.move_counts[m] * v.turn_mass[turn, before]
        by_weight = mean_back(v, a, v.stake_begun, a.stake_begun, first, size, m, weight, at_start)
        a.end_mass[n, before] = a.turn_mass[turn, before] + by_weight * x.move_counts[m]


@block
def pace_back(v: Any, a: Any, first: int, size: int, mean: Any, by_mean: Any, pace: Any, by_pace: Any) -> None:
    """From r / M to r and M."""
    for k in range(first, first + size):
        a.stake_rate[k] += by_pace[k] / mean[k]
        by_mean[k] -= by_pace[k] * pace[k] / mean[k]


@block
def mean_back(
    v: Any, a: Any, mean: Any, by_mean: Any, first: int, size: int, m: int, weight: float, counted: float
) -> float:
    """From the means over worlds to the ratios of one; the adjoint of its weight."""
    found = 0.0
    for k in range(size):
        by_part = by_mean[first + k] / counted
        found += by_part * (v.move_ratio[m + k] - mean[first + k])
        a.move_ratio[m + k] += by_part * weight
    return found


@block
def on_date(x: Any, v: Any, n: int, turn: int) -> None:
    """A binary outcome is settled."""
    contest = x.turn_contest[turn]
    root = log_odds_without(x, v, turn)
    v.turn_place[turn] = root
    for m in range(x.move_start[contest], x.move_start[contest + 1]):
        there, place = v.turn_mass[turn, x.move_from[m]], root + v.move_push[m]
        v.end_mass[n, x.move_from[m]] = there * logistic(-place)
        v.end_mass[n, x.move_to[m]] += there * logistic(place)


@block
def log_odds_without(x: Any, v: Any, turn: int) -> float:
    """W: Newton's method on the log of the mean probability, or of its complement, within what holds the root."""
    contest, theta = x.turn_contest[turn], v.present_level[x.turn_variant[turn] - 1]
    low, high, counted = 1e300, -1e300, 0.0
    for m in range(x.move_start[contest], x.move_start[contest + 1]):
        low, high = min(low, theta - v.move_push[m]), max(high, theta - v.move_push[m])
        counted += x.move_counts[m] * v.turn_mass[turn, x.move_from[m]]
    root: float = theta
    if counted <= 0.0:
        return root
    root = min(max(root, low), high)
    sign = 1.0 if theta < 0.0 else -1.0
    for _ in range(ROUNDS):
        found, slope = 0.0, 0.0
        for m in range(x.move_start[contest], x.move_start[contest + 1]):
            weight = x.move_counts[m] * v.turn_mass[turn, x.move_from[m]] / counted
            place = sign * (root + v.move_push[m])
            found += weight * exp(softplus(-sign * theta) - softplus(-place))
            slope += weight * exp(softplus(-sign * theta) - softplus(-place)) * logistic(-place)
        missing = sign * log(found)
        if missing < 0.0:
            low = root
        else:
            high = root
        new = root - missing * found / slope
        if not low <= new <= high:
            new = 0.5 * (low + high)
        is_there = abs(new - root) <= 1e-14 * (1.0 + abs(root))
        root = new
        if is_there:
            break
    return root


@block
def on_date_back(x: Any, v: Any, a: Any, n: int, turn: int) -> None:
    """Adjoints of the masses before the date, in place of those after it; adds to those of level and pushes.

    Slopes of the logistic are in units of that at the level: nothing is lost far out.
    """
    contest, theta = x.turn_contest[turn], v.present_level[x.turn_variant[turn] - 1]
    unit, counted, slopes, by_root = log_slope(theta), 0.0, 0.0, 0.0
    for m in range(x.move_start[contest], x.move_start[contest + 1]):
        there, before = v.turn_mass[turn, x.move_from[m]], x.move_from[m]
        slope = exp(log_slope(v.turn_place[turn] + v.move_push[m]) - unit)
        counted += x.move_counts[m] * there
        slopes += x.move_counts[m] * there * slope
        by_root += there * slope * (a.end_mass[n, x.move_to[m]] - a.end_mass[n, before])
    # Where no world counts the root is the level itself.
    per_slope = by_root / slopes if slopes > 0.0 else 0.0
    a.present_level[x.turn_variant[turn] - 1] += exp(unit) * (per_slope * counted if slopes > 0.0 else by_root)
    for m in range(x.move_start[contest], x.move_start[contest + 1]):
        there, before, counts = v.turn_mass[turn, x.move_from[m]], x.move_from[m], x.move_counts[m]
        place = v.turn_place[turn] + v.move_push[m]
        by_yes, by_no = a.end_mass[n, x.move_to[m]], a.end_mass[n, before]
        slope = exp(log_slope(place))
        a.move_push[m] += slope * there * (by_yes - by_no - counts * per_slope)
        higher = logistic(place) - logistic(theta) if theta < 0.0 else logistic(-theta) - logistic(-place)
        a.end_mass[n, before] = by_no * logistic(-place) + by_yes * logistic(place) - counts * per_slope * higher


@block
def log_slope(log_odds: float) -> float:
    """Log of the derivative of the logistic."""
    found: float = -softplus(log_odds) - softplus(-log_odds)
    return found
