"""Questions that suppose a cause to have occurred by their date: P(effect by t | cause by t).

Per leg, with r, E of each outcome in the effect's group, c of the cause and o of its rivals, m = (1 - exp(-c - o)) / (c + o),
and p, u, x the masses of those at risk in whom the cause is pending, has occurred, cannot any more:

    M = 1 + mid (E - 1),  mid = (u + p m c / 2) / (p + u + x),  R0 = sum of r / M,  R1 = sum of r E / M
    p' = p exp(-R0 - c - o),  u' = (u exp(-R1 / 2) + t c) exp(-R1 / 2),  x' = (x exp(-R0 / 2) + t o) exp(-R0 / 2)

with t = p exp(-R0 / 2) m. The joint probability gains, in both halves, the effect's part of what leaves p, times the
probability Q that the cause still comes, and of what leaves u; its rivals' part, and u at the end, are the rest. Q = m c + exp(-c - o) Q of the next leg. Definition and
sources: `forecast.model.graph.conditionals`. The backward pass runs through the legs in reverse with the adjoints of p,
u and x, then forward with that of Q.
"""

from __future__ import annotations

from math import exp, expm1, log, sqrt
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.drift import log_drift, log_drift_back
from forecast.kernel.elementary import logistic, softplus
from forecast.model.constants import LEAST_MASS, LEAST_TOTAL, MAX_LOG_RATE, TINY


@block
def forward(x: Any, v: Any) -> None:
    """Log odds of the conditional questions, factors not yet in those about binary outcomes."""
    for leg in range(x.leg_step.size):
        v.leg_cause[leg], v.leg_other[leg] = 0.0, 0.0
    for stake in range(x.stake_length.size):
        leg, j = x.stake_leg[stake], x.stake_outcome[stake]
        log_rate = v.theta[j] + v.log_hazard_shape[x.stake_band[stake]]
        log_rate += log_drift(x, v, j, x.leg_step[leg], v.stake_kept, stake)
        v.stake_rate[stake] = x.stake_length[stake] * exp(min(log_rate, MAX_LOG_RATE))
        v.stake_slope[stake] = v.stake_rate[stake] if log_rate < MAX_LOG_RATE else 0.0
        v.stake_ratio[stake] = exp(v.delta[x.stake_link[stake] - 1]) if x.stake_link[stake] > 0 else 1.0
        if x.stake_side[stake] > 0.0:
            v.leg_cause[leg] += v.stake_rate[stake] * x.stake_own[stake]
            v.leg_other[leg] += v.stake_rate[stake] * (1.0 - x.stake_own[stake])
    for n in range(x.condition_question.size):
        chain(x, v, n)


@block
def chain(x: Any, v: Any, n: int) -> None:
    """One question: its legs backwards for Q, then forwards."""
    start, stop, q = x.condition_start[n], x.condition_start[n + 1], x.condition_question[n]
    later, certain = 0.0, x.condition_is_certain[n]
    for leg in range(stop - 1, start - 1, -1):
        if x.leg_jump[leg] > 0.0:
            v.leg_cause[leg] += x.leg_jump[leg] * softplus(v.theta[x.condition_cause[n]])
        total = v.leg_cause[leg] + v.leg_other[leg]
        v.leg_turns[leg], v.leg_stays[leg] = -expm1(-total) / (total + LEAST_TOTAL), exp(-total)
        v.leg_after[leg] = later
        later = v.leg_turns[leg] * v.leg_cause[leg] + v.leg_stays[leg] * later
    pending, occurred, gone, joint, rest = 1.0 - certain, certain, 0.0, 0.0, 0.0
    for leg in range(start, stop):
        v.leg_pending[leg], v.leg_occurred[leg], v.leg_gone[leg] = pending, occurred, gone
        none, some, own_none, own_some = thinning(x, v, leg, middle(x, v, leg))
        left_none, left_some = exp(-0.5 * none), exp(-0.5 * some)
        half_none, half_some = -expm1(-0.5 * none) / (none + LEAST_TOTAL), -expm1(-0.5 * some) / (some + LEAST_TOTAL)
        lost_none, lost_some = half_none * pending * before(v, leg), half_some * occurred
        turned = pending * left_none * v.leg_turns[leg]
        pending = pending * left_none * v.leg_stays[leg]
        occurred = occurred * left_some + turned * v.leg_cause[leg]
        gone = gone * left_none + turned * v.leg_other[leg]
        lost_none += half_none * pending * v.leg_after[leg]
        lost_some += half_some * occurred
        joint += lost_none * own_none + lost_some * own_some
        rest += lost_none * (none - own_none) + lost_some * (some - own_some)
        pending, occurred, gone = pending * left_none, occurred * left_some, gone * left_none
    supposed = certain + (1.0 - certain) * later
    v.condition_supposed[n] = supposed
    if x.question_is_binary[q] > 0.0:
        v.question_level[q] = binary_level(v.theta[x.question_outcome[q]], link_of(x, v, q), supposed)
    else:
        rest += occurred
        least = TINY * (joint + rest) + LEAST_MASS
        v.condition_joint[n], v.condition_rest[n] = joint, rest
        v.judged_log_odds[q] = log(joint + least) - log(rest + least)


@block
def before(v: Any, leg: int) -> float:
    """Q at the start of a leg."""
    found: float = v.leg_turns[leg] * v.leg_cause[leg] + v.leg_stays[leg] * v.leg_after[leg]
    return found


@block
def middle(x: Any, v: Any, leg: int) -> float:
    """Share in whom the cause has occurred, at the middle of a leg."""
    at_risk = v.leg_pending[leg] + v.leg_occurred[leg] + v.leg_gone[leg] + LEAST_MASS
    half = 0.5 * (1.0 - x.leg_jump[leg])
    found: float = (v.leg_occurred[leg] + half * v.leg_pending[leg] * v.leg_turns[leg] * v.leg_cause[leg]) / at_risk
    return found


@block
def thinning(x: Any, v: Any, leg: int, mid: float) -> tuple[float, float, float, float]:
    """R0, R1, and the effect's own part of each."""
    none, some, own_none, own_some = 0.0, 0.0, 0.0, 0.0
    for stake in range(x.stake_start[leg], x.stake_start[leg + 1]):
        if x.stake_side[stake] == 0.0:
            without = v.stake_rate[stake] / (1.0 + mid * (v.stake_ratio[stake] - 1.0))
            withal = without * v.stake_ratio[stake]
            none += without
            some += withal
            own_none += without * x.stake_own[stake]
            own_some += withal * x.stake_own[stake]
    return none, some, own_none, own_some


@block
def link_of(x: Any, v: Any, q: int) -> float:
    """Effect of the link that a question supposes; 0 without one."""
    found: float = v.delta[x.question_link[q] - 1] if x.question_link[q] > 0 else 0.0
    return found


@block
def binary_level(theta: float, delta: float, supposed: float) -> float:
    """W + delta, with w the log odds of a binary effect where the cause has not occurred."""
    ratio, level = exp(delta), logistic(theta)
    linear = 1.0 - supposed + supposed * ratio - level * (1.0 + ratio)
    root = sqrt(linear * linear + 4.0 * ratio * logistic(-theta) * level)
    small: float = log(2.0) - softplus(-theta) - log(root + abs(linear)) + delta
    large: float = log(root + abs(linear)) - log(2.0) + softplus(theta)
    return small if linear > 0.0 else large


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From the log odds of the conditional questions; those about binary outcomes without factors."""
    for n in range(x.condition_question.size):
        chain_back(x, v, a, n)
    for stake in range(x.stake_length.size):
        leg, j, link = x.stake_leg[stake], x.stake_outcome[stake], x.stake_link[stake]
        if x.stake_side[stake] > 0.0:
            own = x.stake_own[stake]
            a.stake_rate[stake] += a.leg_cause[leg] * own + a.leg_other[leg] * (1.0 - own)
        by_rate = a.stake_rate[stake] * v.stake_slope[stake]
        a.theta[j] += by_rate
        a.log_hazard_shape[x.stake_band[stake]] += by_rate
        log_drift_back(x, v, a, j, x.leg_step[leg], v.stake_kept, stake, by_rate)
        if link > 0:
            a.delta[link - 1] += a.stake_ratio[stake] * v.stake_ratio[stake]


@block
def chain_back(x: Any, v: Any, a: Any, n: int) -> None:
    """One question: its legs in reverse, then forwards for Q and what makes it."""
    start, stop, q = x.condition_start[n], x.condition_start[n + 1], x.condition_question[n]
    by_joint, by_rest, by_supposed = 0.0, 0.0, 0.0
    if x.question_is_binary[q] > 0.0:
        by_supposed = binary_back(x, v, a, n, a.question_level[q])
    else:
        joint, rest = v.condition_joint[n], v.condition_rest[n]
        least = TINY * (joint + rest) + LEAST_MASS
        by_yes, by_no = a.judged_log_odds[q] / (joint + least), a.judged_log_odds[q] / (rest + least)
        by_joint = by_yes + TINY * (by_yes - by_no)
        by_rest = -by_no + TINY * (by_yes - by_no)
    pending, occurred, gone = 0.0, by_rest, 0.0
    for leg in range(stop - 1, start - 1, -1):
        pending, occurred, gone = leg_back(x, v, a, leg, by_joint, by_rest, pending, occurred, gone)
    by_start = by_supposed * (1.0 - x.condition_is_certain[n])
    for leg in range(start, stop):
        turns, stays, cause = v.leg_turns[leg], v.leg_stays[leg], v.leg_cause[leg]
        by_start += a.leg_before[leg]
        a.leg_turns[leg] += by_start * cause
        a.leg_cause[leg] += by_start * turns
        a.leg_stays[leg] += by_start * v.leg_after[leg]
        by_start = a.leg_after[leg] + by_start * stays
        total = cause + v.leg_other[leg]
        by_total = a.leg_turns[leg] * (stays - turns) / (total + LEAST_TOTAL) - a.leg_stays[leg] * stays
        a.leg_cause[leg] += by_total
        a.leg_other[leg] += by_total
        if x.leg_jump[leg] > 0.0:
            k = x.condition_cause[n]
            a.theta[k] += a.leg_cause[leg] * x.leg_jump[leg] * logistic(v.theta[k])


@block
def leg_back(
    x: Any,
    v: Any,
    a: Any,
    leg: int,
    by_joint: float,
    by_rest: float,
    by_pending: float,
    by_occurred: float,
    by_gone: float,
) -> tuple[float, float, float]:
    """Adjoints of the masses at the start of a leg, from those at its end."""
    pending, occurred, gone = v.leg_pending[leg], v.leg_occurred[leg], v.leg_gone[leg]
    turns, stays, cause, other = v.leg_turns[leg], v.leg_stays[leg], v.leg_cause[leg], v.leg_other[leg]
    mid = middle(x, v, leg)
    none, some, own_none, own_some = thinning(x, v, leg, mid)
    left_none, left_some = exp(-0.5 * none), exp(-0.5 * some)
    half_none, half_some = -expm1(-0.5 * none) / (none + LEAST_TOTAL), -expm1(-0.5 * some) / (some + LEAST_TOTAL)
    first = pending * left_none
    turned = first * turns
    later, at_end = first * stays, occurred * left_some + turned * cause
    # Of one unit that leaves while the cause has not occurred, and while it has.
    by_lost_none = by_joint * own_none + by_rest * (none - own_none)
    by_lost_some = by_joint * own_some + by_rest * (some - own_some)
    # The second half of the thinning, and what left in it.
    by_later = by_pending * left_none + by_lost_none * half_none * v.leg_after[leg]
    by_at_end = by_occurred * left_some + by_lost_some * half_some
    by_gone_end = by_gone * left_none
    by_left_none = by_pending * later + by_gone * (gone * left_none + turned * other)
    by_left_some = by_occurred * at_end
    a.leg_after[leg] += by_lost_none * half_none * later
    a.leg_before[leg] += by_lost_none * half_none * pending
    lost_none = pending * before(v, leg) + later * v.leg_after[leg]
    lost_some = occurred + at_end
    # What the cause's group does.
    by_turned = by_at_end * cause + by_gone_end * other
    a.leg_cause[leg] += by_at_end * turned
    a.leg_other[leg] += by_gone_end * turned
    by_first = by_later * stays + by_turned * turns
    a.leg_stays[leg] += by_later * first
    a.leg_turns[leg] += by_turned * first
    # The first half.
    found_pending = by_first * left_none + by_lost_none * half_none * before(v, leg)
    found_occurred = by_at_end * left_some + by_lost_some * half_some
    found_gone = by_gone_end * left_none
    by_left_none += by_first * pending + by_gone_end * gone
    by_left_some += by_at_end * occurred
    by_none = half_back(none, left_none, half_none, by_left_none, by_lost_none * lost_none)
    by_some = half_back(some, left_some, half_some, by_left_some, by_lost_some * lost_some)
    by_mid = 0.0
    for stake in range(x.stake_start[leg], x.stake_start[leg + 1]):
        if x.stake_side[stake] == 0.0:
            rate, ratio, own = v.stake_rate[stake], v.stake_ratio[stake], x.stake_own[stake]
            mean = 1.0 + mid * (ratio - 1.0)
            by_part = own * by_joint + (1.0 - own) * by_rest
            by_without = by_none + by_part * half_none * lost_none
            by_withal = by_some + by_part * half_some * lost_some
            by_mean = -rate / (mean * mean) * (by_without + by_withal * ratio)
            a.stake_rate[stake] += (by_without + by_withal * ratio) / mean
            a.stake_ratio[stake] += by_withal * rate / mean + by_mean * mid
            by_mid += by_mean * (ratio - 1.0)
    half = 0.5 * (1.0 - x.leg_jump[leg])
    by_share = by_mid / (pending + occurred + gone + LEAST_MASS)
    a.leg_turns[leg] += by_share * half * pending * cause
    a.leg_cause[leg] += by_share * half * pending * turns
    by_at_risk = -by_share * mid
    return (
        found_pending + by_share * half * turns * cause + by_at_risk,
        found_occurred + by_share + by_at_risk,
        found_gone + by_at_risk,
    )


@block
def half_back(total: float, left: float, half: float, by_left: float, by_half: float) -> float:
    """Adjoint of a hazard R, from those of exp(-R / 2) and of (1 - exp(-R / 2)) / R."""
    found: float = -0.5 * left * by_left + by_half * (0.5 * left - half) / (total + LEAST_TOTAL)
    return found


@block
def binary_back(x: Any, v: Any, a: Any, n: int, adjoint: float) -> float:
    """Adds to the adjoints of level and link; the adjoint of the cause's probability. By the implicit function."""
    q, supposed = x.condition_question[n], v.condition_supposed[n]
    j, delta = x.question_outcome[q], link_of(x, v, q)
    with_cause = binary_level(v.theta[j], delta, supposed)
    without = with_cause - delta
    # Slopes of the logistic in units of that at the level: nothing is lost far out.
    unit = log_slope(v.theta[j])
    slope_with, slope_without = exp(log_slope(with_cause) - unit), exp(log_slope(without) - unit)
    slope = (1.0 - supposed) * slope_without + supposed * slope_with
    a.theta[j] += adjoint / slope
    if x.question_link[q] > 0:
        a.delta[x.question_link[q] - 1] += adjoint * (1.0 - supposed * slope_with / slope)
    if v.theta[j] < 0.0:
        higher = exp(-softplus(-with_cause) - unit) - exp(-softplus(-without) - unit)
    else:
        higher = exp(-softplus(without) - unit) - exp(-softplus(with_cause) - unit)
    found: float = -adjoint * higher / slope
    return found


@block
def log_slope(log_odds: float) -> float:
    """Log of the derivative of the logistic."""
    found: float = -softplus(log_odds) - softplus(-log_odds)
    return found
