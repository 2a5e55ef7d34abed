"""Where the nodes of an integral over frailties lie: about the mode of the integrand, scaled by its curvature there.

Liu and Pierce (1994), Biometrika 81(3), doi:10.1093/biomet/81.3.624. In NumPy, for the model's definition, to which nodes are
constants, and for draws of what was integrated.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecast.model.constants import LONGEST_STEP, MAX_LOG_RATE, NEWTON_STEPS, SHORTEST_STEP

FloatArray = npt.NDArray[np.float64]


def place_nodes(
    yes: FloatArray,
    n: FloatArray,
    hazard: FloatArray,
    level: FloatArray,
    spread: FloatArray,
    rows: FloatArray,
    first_rule: npt.NDArray[np.int64],
    rule_from: FloatArray,
    node_place: FloatArray,
    node_weight: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Standard normals at the nodes, dims (integral, point, outcome), and log weights, (integral, point).

    As many normals u as axes: M M' = L L' over the rows of a case's outcomes, and v = (M^-1 L)' u. An axis that a case
    does not have is a standard normal that nothing depends on.

    Parameters
    ----------
    rows
        Of L, dims (integral, axis, outcome); zero for an axis that a case does not have. The rest: (integral, axis).
    """
    integrals, axes = level.shape
    there = np.eye(axes) * (~rows.any(axis=2))[:, None, :]
    mix = np.linalg.cholesky(rows @ rows.transpose(0, 2, 1) + there)
    by_normal = spread[:, :, None] * mix
    across, curvature = by_normal.transpose(0, 2, 1), np.zeros((integrals, axes, axes))
    mode = first_guess(yes, n, hazard, level, by_normal)
    moving = np.ones(integrals, dtype=bool)
    for taken in range(NEWTON_STEPS + 1):
        at = level + (by_normal @ mode[:, :, None])[:, :, 0]
        expected, chance = hazard * np.exp(np.minimum(at, MAX_LOG_RATE)), _logistic(at)
        bend = expected + n * chance * (1.0 - chance)
        curvature = np.eye(axes) + across @ (bend[:, :, None] * by_normal)
        if taken == NEWTON_STEPS or not moving.any():
            break
        slope = (across @ (yes - expected - n * chance)[:, :, None])[:, :, 0] - mode
        step = np.linalg.solve(curvature, slope[:, :, None])
        longest = np.abs(by_normal @ step).max(axis=(1, 2), initial=0.0)
        mode += moving[:, None] * step[:, :, 0] / np.maximum(1.0, longest / LONGEST_STEP)[:, None]
        moving &= np.abs(step).max(axis=(1, 2), initial=0.0) >= SHORTEST_STEP
    scale = np.linalg.cholesky(np.linalg.inv(curvature))
    rule = _rules(first_rule, spread.max(axis=1, initial=0.0), rule_from)
    number = rows.any(axis=2).sum(axis=1)
    nodes = (node_weight > 0).sum(axis=1)[rule]
    point, axis = np.arange(max(nodes**number, default=1))[None, :, None], np.arange(axes)
    chosen = point // nodes[:, None, None] ** axis % nodes[:, None, None]
    exists = (axis < number[:, None])[:, None, :]
    place = np.where(exists, node_place[rule[:, None, None], chosen], 0.0)
    weight = np.where(exists, node_weight[rule[:, None, None], chosen], 1.0)
    weight[:, :, :1] *= point < (nodes**number)[:, None, None]
    at = mode[:, None, :] + place @ scale.transpose(0, 2, 1)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weight.prod(axis=2)) - 0.5 * (at**2).sum(axis=2)
    log_weights += np.log(np.diagonal(scale, axis1=1, axis2=2)).sum(axis=1)[:, None]
    return at @ np.linalg.solve(mix, rows), log_weights


def first_guess(
    yes: FloatArray, n: FloatArray, hazard: FloatArray, level: FloatArray, by_normal: FloatArray
) -> FloatArray:
    """Normals from which Newton's steps to the mode are few, dims as `level`: by a parabola for what was seen on each axis.

    Parameters
    ----------
    by_normal
        Frailties of standard normals, dims (..., axis, axis).
    """
    chance = (yes + 0.5) / (n + 1.0)
    is_trial, is_event = n > 0, (n == 0) & (hazard > 0)
    bend = np.where(is_trial, n * chance * (1.0 - chance), np.where(is_event, np.maximum(yes, 0.5), 0.0))
    odds = np.where(is_trial, chance / np.where(is_trial, 1.0 - chance, 1.0), 1.0)
    at = np.log(np.where(is_event, bend / np.where(is_event, hazard, 1.0), odds))
    across = np.swapaxes(by_normal, -1, -2)
    curvature = np.eye(level.shape[-1]) + across @ (bend[..., None] * by_normal)
    return np.asarray(np.linalg.solve(curvature, across @ (bend * (at - level))[..., None])[..., 0])


def _rules(first: npt.NDArray[np.int64], spread: FloatArray, rule_from: FloatArray) -> npt.NDArray[np.int64]:
    """The last rule of each integral's own set that begins at its spread or below, dims (integral)."""
    own = np.cumsum(rule_from == 0)
    fits = (own == own[first][:, None]) & (spread[:, None] >= rule_from)
    return np.asarray(np.where(fits, np.arange(len(rule_from)), 0).max(axis=1, initial=0))


def _logistic(level: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * level)))
