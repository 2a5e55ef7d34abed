"""Likelihoods of cases with their frailties integrated out: power times log of I, by adaptive Gauss-Hermite quadrature.

    I = int exp(l(c + sigma u)) phi(u) du,   l(x) = yes x - hazard exp(x) - n log(1 + exp(x))

With p_k the share of node k in I, and nodes constant to the derivative (an exact I does not depend on them):

    dlog I/dc = sum_k p_k l',  dlog I/dsigma = sum_k p_k l' u_k,  dlog I/dhazard = -sum_k p_k exp(x_k)

Nodes mode + z / sqrt(1 - sigma^2 l'' at the mode): Liu and Pierce (1994), doi:10.1093/biomet/81.3.624. Several
correlated frailties: `correlated_integrals`; what is integrated, and why: `forecast.model.graph.integrals`.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

from forecast.kernel import correlated_integrals
from forecast.kernel.compiling import block
from forecast.kernel.quadrature import FAR, NOTHING, guess, rule_of, seen
from forecast.model.constants import LONGEST_STEP, NEWTON_STEPS, SHORTEST_STEP


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Sum of power times log integral; adds to the adjoints of centres, spreads, shapes, stages and the Cholesky factor."""
    logp: float = 0.0
    for m in range(x.integral_power.size):
        axes = x.integral_axes[m]
        fixed = gather(x, v, m, axes)
        value = along_one(x, v, a, m) if axes == 1 else correlated_integrals.log_integral(x, v, a, m, axes)
        v.integral_log[m] = fixed + value
        logp += x.integral_power[m] * v.integral_log[m]
        for t in range(x.span_start[m], x.span_start[m + 1]):
            e, band, stage = x.span_axis[t], x.span_band[t], x.span_stage[t]
            shape = v.log_hazard_shape[band]
            if stage > 0:
                shape += v.stage_shift[stage - 1]
            expected = v.axis_expected[e] * x.span_exposure[t] * exp(shape)
            surplus = x.integral_power[m] * (x.span_events[t] - expected)
            a.log_hazard_shape[band] += surplus
            if stage > 0:
                a.stage_shift[stage - 1] += surplus
    return logp


@block
def gather(x: Any, v: Any, m: int, axes: int) -> float:
    """Centre, spread and hazard of each axis; events times shape."""
    for e in range(axes):
        unit = x.integral_unit[m, e] - 1
        v.axis_centre[e] = v.case_centre[unit]
        v.axis_spread[e] = v.sigma[x.level_outcome[x.unit_level[unit]]]
        v.axis_hazard[e] = 0.0
    fixed = 0.0
    for t in range(x.span_start[m], x.span_start[m + 1]):
        shape = v.log_hazard_shape[x.span_band[t]]
        if x.span_stage[t] > 0:
            shape += v.stage_shift[x.span_stage[t] - 1]
        v.axis_hazard[x.span_axis[t]] += x.span_exposure[t] * exp(shape)
        fixed += x.span_events[t] * shape
    return fixed


@block
def along_one(x: Any, v: Any, a: Any, m: int) -> float:
    """Log integral over one axis; leaves the derivative by the log hazard, over the hazard, in `axis_expected`."""
    centre, spread, hazard = v.axis_centre[0], v.axis_spread[0], v.axis_hazard[0]
    yes, n = x.integral_yes[m, 0], x.integral_n[m, 0]
    slope, bend = guess(centre, yes, n, hazard)
    u = spread * slope / (1.0 + spread * spread * bend)
    for _ in range(NEWTON_STEPS):
        _, slope, bend, _ = seen(centre + spread * u, yes, n, hazard)
        step = (spread * slope - u) / (1.0 + spread * spread * bend)
        u += step / max(1.0, abs(spread * step) / LONGEST_STEP)
        if abs(step) < SHORTEST_STEP:
            break
    _, _, bend, _ = seen(centre + spread * u, yes, n, hazard)
    scale = 1.0 / sqrt(1.0 + spread * spread * bend)
    rule = rule_of(x, m, spread)
    place, weight = x.node_place, x.node_weight
    total, top, by_level, by_spread, by_hazard = 0.0, NOTHING, 0.0, 0.0, 0.0
    for k in range(x.rule_nodes[rule]):
        at = u + scale * place[rule, k]
        value, slope, _, expected = seen(centre + spread * at, yes, n, hazard)
        value -= 0.5 * at * at
        if value - top > FAR:
            down = exp(top - value)
            total, top, by_level, by_spread, by_hazard = (
                total * down, value, by_level * down, by_spread * down, by_hazard * down,
            )  # fmt: skip
        share = weight[rule, k] * exp(value - top)
        if share > 0.0:
            total += share
            by_level += share * slope
            by_spread += share * slope * at
            by_hazard += share * expected
    of, power = x.integral_unit[m, 0] - 1, x.integral_power[m] / total
    a.case_centre[of] += power * by_level
    a.sigma[x.level_outcome[x.unit_level[of]]] += power * by_spread
    v.axis_expected[0] = by_hazard / total / hazard if hazard > 0.0 else 0.0
    found: float = top + log(total * scale)
    return found
