"""Integrals over several correlated frailties of a case: the product rule about the mode.

    x_e = c_e + sigma_e (M u)_e,  M M' = L L' over the rows of the axes,  nodes u = mode + C z,  v = (M^-1 L)' u
    curvature at the mode B B' = 1 - M' sigma l'' sigma M = (C C')^-1

With p_k the share of node k in I, and nodes constant to the derivative:

    dlog I/dc_e = sum_k p_k l'_e,  dlog I/dsigma_e = sum_k p_k l'_e (M u_k)_e,  dlog I/dL_er = sigma_e sum_k p_k l'_e v_kr

Naylor and Smith (1982), doi:10.2307/2347995; M^-1 L turns v so that nothing depends on its other directions.
"""

from __future__ import annotations

from math import exp, inf, log, sqrt
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.quadrature import FAR, NOTHING, guess, rule_of, seen
from forecast.model.constants import LONGEST_STEP, NEWTON_STEPS, SHORTEST_STEP


@block
def log_integral(x: Any, v: Any, a: Any, m: int, axes: int) -> float:
    """Log integral over some correlated axes; leaves what `integrals.along_one` leaves."""
    mix_rows(x, v, m, axes)
    log_scale = find_mode(x, v, m, axes)
    spread = 0.0
    for e in range(axes):
        spread = max(spread, v.axis_spread[e])
    rule = rule_of(x, m, spread)
    total, top = sum_pairs(x, v, m, rule) if axes == 2 else sum_points(x, v, m, axes, rule)
    spread_moments(x, v, a, m, axes, total)
    found: float = top + log(total) + log_scale
    return found


@block
def sum_pairs(x: Any, v: Any, m: int, rule: int) -> tuple[float, float]:
    """`sum_points` for two axes, nearly all that there are: the first one's level is the same along the second."""
    mix, reach, mode, spread = v.axis_mix, v.axis_reach, v.axis_mode, v.axis_spread
    mode_0, mode_1, reach_00, reach_10, reach_11 = mode[0], mode[1], reach[0, 0], reach[1, 0], reach[1, 1]
    centre_0, centre_1 = v.axis_centre[0], v.axis_centre[1]
    by_00, by_10, by_11 = spread[0] * mix[0, 0], spread[1] * mix[1, 0], spread[1] * mix[1, 1]
    yes_0, yes_1, n_0, n_1 = x.integral_yes[m, 0], x.integral_yes[m, 1], x.integral_n[m, 0], x.integral_n[m, 1]
    hazard_0, hazard_1 = v.axis_hazard[0], v.axis_hazard[1]
    place, weight, nodes = x.node_place, x.node_weight, x.rule_nodes[rule]
    total, top = 0.0, NOTHING
    slope_0, slope_1, expected_0, expected_1 = 0.0, 0.0, 0.0, 0.0
    moment_00, moment_01, moment_10, moment_11 = 0.0, 0.0, 0.0, 0.0
    for i in range(nodes):
        u = mode_0 + reach_00 * place[rule, i]
        value_0, by_0, _, happens_0 = seen(centre_0 + by_00 * u, yes_0, n_0, hazard_0)
        value_0 -= 0.5 * u * u
        for j in range(nodes):
            w = mode_1 + reach_10 * place[rule, i] + reach_11 * place[rule, j]
            value, by_1, _, happens_1 = seen(centre_1 + by_10 * u + by_11 * w, yes_1, n_1, hazard_1)
            value += value_0 - 0.5 * w * w
            if value - top > FAR:
                down = exp(top - value)
                total, top = total * down, value
                slope_0, slope_1 = slope_0 * down, slope_1 * down
                expected_0, expected_1 = expected_0 * down, expected_1 * down
                moment_00, moment_01 = moment_00 * down, moment_01 * down
                moment_10, moment_11 = moment_10 * down, moment_11 * down
            share = weight[rule, i] * weight[rule, j] * exp(value - top)
            if share > 0.0:
                total += share
                expected_0 += share * happens_0
                expected_1 += share * happens_1
                slope_0 += share * by_0
                slope_1 += share * by_1
                moment_00 += share * by_0 * u
                moment_01 += share * by_0 * w
                moment_10 += share * by_1 * u
                moment_11 += share * by_1 * w
    v.axis_slope[0], v.axis_slope[1] = slope_0, slope_1
    v.axis_expected[0], v.axis_expected[1] = expected_0, expected_1
    moments = v.axis_moment
    moments[0, 0], moments[0, 1], moments[1, 0], moments[1, 1] = moment_00, moment_01, moment_10, moment_11
    return total, top


@block
def sum_points(x: Any, v: Any, m: int, axes: int, rule: int) -> tuple[float, float]:
    """Sum of the integrand over all nodes, over exp(top), and `top`; sums of slopes beside it."""
    nodes, points = x.rule_nodes[rule], 1
    for e in range(axes):
        points *= nodes
        v.axis_slope[e], v.axis_expected[e] = 0.0, 0.0
        for f in range(axes):
            v.axis_moment[e, f] = 0.0
    total, top = 0.0, NOTHING
    for p in range(points):
        weight, value = at_point(x, v, m, axes, rule, p, nodes)
        if value - top > FAR:
            down = exp(top - value)
            total, top = total * down, value
            for e in range(axes):
                v.axis_slope[e] *= down
                v.axis_expected[e] *= down
                for f in range(axes):
                    v.axis_moment[e, f] *= down
        share = weight * exp(value - top)
        if share > 0.0:
            total += share
            for e in range(axes):
                by_level = share * v.axis_node_slope[e]
                v.axis_slope[e] += by_level
                v.axis_expected[e] += share * v.axis_node_expected[e]
                for f in range(axes):
                    v.axis_moment[e, f] += by_level * v.axis_node[f]
    return total, top


@block
def mix_rows(x: Any, v: Any, m: int, axes: int) -> None:
    """M, the Cholesky factor of L L' over the rows of the axes, and M^-1 L."""
    cholesky, mix, turned = v.cholesky, v.axis_mix, v.axis_turned
    columns = cholesky.shape[1]
    for e in range(axes):
        for f in range(e + 1):
            rest = 0.0
            for r in range(columns):
                rest += cholesky[x.integral_row[m, e], r] * cholesky[x.integral_row[m, f], r]
            for k in range(f):
                rest -= mix[e, k] * mix[f, k]
            mix[e, f] = sqrt(rest) if e == f else rest / mix[f, f]
        for r in range(columns):
            rest = cholesky[x.integral_row[m, e], r]
            for k in range(e):
                rest -= mix[e, k] * turned[k, r]
            turned[e, r] = rest / mix[e, e]


@block
def find_mode(x: Any, v: Any, m: int, axes: int) -> float:
    """Mode of the integrand, and what nodes are scaled by there; the log of its determinant."""
    for e in range(axes):
        v.axis_mode[e] = 0.0
    factor_curvature(x, v, m, axes, True)
    take_step(v, axes, inf)
    factor_curvature(x, v, m, axes, False)
    for _ in range(NEWTON_STEPS):
        size = take_step(v, axes, LONGEST_STEP)
        factor_curvature(x, v, m, axes, False)
        if size < SHORTEST_STEP:
            break
    log_scale: float = invert_curvature(v, axes)
    return log_scale


@block
def invert_curvature(v: Any, axes: int) -> float:
    """C in `axis_reach`, the Cholesky factor of the inverse of the curvature, of which B is known; log of its determinant."""
    log_scale, curvature, inverse, reach = 0.0, v.axis_curvature, v.axis_moment, v.axis_reach
    for f in range(axes):
        log_scale -= log(curvature[f, f])
        # Column f of the inverse of B.
        for e in range(axes):
            rest = 1.0 if e == f else 0.0
            for k in range(f, e):
                rest -= curvature[e, k] * inverse[k, f]
            inverse[e, f] = rest / curvature[e, e] if e >= f else 0.0
    for e in range(axes):
        for f in range(e + 1):
            rest = 0.0
            for k in range(e, axes):
                rest += inverse[k, e] * inverse[k, f]
            for k in range(f):
                rest -= reach[e, k] * reach[f, k]
            reach[e, f] = sqrt(rest) if e == f else rest / reach[f, f]
    return log_scale


@block
def take_step(v: Any, axes: int, allowed: float) -> float:
    """A Newton step, B B' step = slope, that moves no level by more than is allowed; its whole length."""
    curvature, step = v.axis_curvature, v.axis_step
    for e in range(axes):
        rest = v.axis_slope[e]
        for f in range(e):
            rest -= curvature[e, f] * step[f]
        step[e] = rest / curvature[e, e]
    for e in range(axes - 1, -1, -1):
        rest = step[e]
        for f in range(e + 1, axes):
            rest -= curvature[f, e] * step[f]
        step[e] = rest / curvature[e, e]
    longest, size = 0.0, 0.0
    for e in range(axes):
        moved = 0.0
        for f in range(e + 1):
            moved += v.axis_spread[e] * v.axis_mix[e, f] * step[f]
        longest, size = max(longest, abs(moved)), max(size, abs(step[e]))
    for e in range(axes):
        v.axis_mode[e] += step[e] / max(1.0, longest / allowed)
    return size


@block
def factor_curvature(x: Any, v: Any, m: int, axes: int, is_first: bool) -> None:
    """Levels and slope at the mode so far; B, the Cholesky factor of the curvature 1 + M' sigma -l'' sigma M.

    The start is the mode of the parabolas fitted to the records alone.
    """
    curvature, mix, spread = v.axis_curvature, v.axis_mix, v.axis_spread
    for e in range(axes):
        v.axis_level[e] = v.axis_centre[e]
        for f in range(e + 1):
            v.axis_level[e] += spread[e] * mix[e, f] * v.axis_mode[f]
        v.axis_slope[e] = -v.axis_mode[e]
        for f in range(e + 1):
            curvature[e, f] = 1.0 if e == f else 0.0
    for k in range(axes):
        yes, n, hazard = x.integral_yes[m, k], x.integral_n[m, k], v.axis_hazard[k]
        _, slope, bend, _ = seen(v.axis_level[k], yes, n, hazard)
        if is_first:
            slope, bend = guess(v.axis_level[k], yes, n, hazard)
        for e in range(k + 1):
            v.axis_slope[e] += spread[k] * mix[k, e] * slope
            for f in range(e + 1):
                curvature[e, f] += bend * spread[k] * mix[k, e] * spread[k] * mix[k, f]
    for e in range(axes):
        for f in range(e + 1):
            rest = curvature[e, f]
            for k in range(f):
                rest -= curvature[e, k] * curvature[f, k]
            curvature[e, f] = sqrt(rest) if e == f else rest / curvature[f, f]


@block
def at_point(x: Any, v: Any, m: int, axes: int, rule: int, p: int, nodes: int) -> tuple[float, float]:
    """Normals and slopes of the p-th point of the product rule; its weight and the log of the integrand."""
    weight, value, left = 1.0, 0.0, p
    for e in range(axes):
        v.axis_place[e] = x.node_place[rule, left % nodes]
        weight *= x.node_weight[rule, left % nodes]
        left //= nodes
    for e in range(axes):
        v.axis_node[e] = v.axis_mode[e]
        for f in range(e + 1):
            v.axis_node[e] += v.axis_reach[e, f] * v.axis_place[f]
        value -= 0.5 * v.axis_node[e] * v.axis_node[e]
    for e in range(axes):
        level = 0.0
        for f in range(e + 1):
            level += v.axis_mix[e, f] * v.axis_node[f]
        level = v.axis_centre[e] + v.axis_spread[e] * level
        one, slope, _, expected = seen(level, x.integral_yes[m, e], x.integral_n[m, e], v.axis_hazard[e])
        v.axis_node_slope[e], v.axis_node_expected[e] = slope, expected
        value += one
    return weight, value


@block
def spread_moments(x: Any, v: Any, a: Any, m: int, axes: int, total: float) -> None:
    """Adjoints from the sums over nodes."""
    power = x.integral_power[m] / total
    for e in range(axes):
        of, hazard = x.integral_unit[m, e] - 1, v.axis_hazard[e]
        a.case_centre[of] += power * v.axis_slope[e]
        v.axis_expected[e] = v.axis_expected[e] / total / hazard if hazard > 0.0 else 0.0
        by_spread = 0.0
        for f in range(e + 1):
            by_spread += v.axis_moment[e, f] * v.axis_mix[e, f]
        a.sigma[x.level_outcome[x.unit_level[of]]] += power * by_spread
        for r in range(v.cholesky.shape[1]):
            moment = 0.0
            for f in range(axes):
                moment += v.axis_moment[e, f] * v.axis_turned[f, r]
            a.cholesky[x.integral_row[m, e], r] += power * v.axis_spread[e] * moment
