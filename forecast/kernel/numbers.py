"""Quantities, their cases and what experts say of their quantiles.

    phi = logistic(loc + scale s),   m_k = sqrt(1 - phi) (sqrt(1 - b) c + sqrt(b) z_k)
    cases: weight (-(y - m_k)^2 / (2 phi) - log(phi) / 2)
    C = sum of weight m_k,   S^2 = phi + sum of weight (m_k - C)^2
    estimates: StudentT(4) of r = (said - C - u - S place) / scale

What it means: `forecast.model.graph.quantities`. Weights of a quantity's grades add up to 1, so that C moves S only through
the levels themselves: d S^2 / d m_k = 2 weight (m_k - C).
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import logistic, statement
from forecast.model.constants import FREEDOM


@block
def forward(x: Any, v: Any) -> None:
    """Levels of grades, spreads within them, mean and spread of the present value."""
    for q in range(x.quantity_share_loc.size):
        v.within[q] = logistic(x.quantity_share_loc[q] + x.quantity_share_scale[q] * v.quantity_within_z[q])
        v.quantity_spread[q] = sqrt(v.within[q])
        v.quantity_mean[q] = 0.0
        v.quantity_variance[q] = v.within[q]
    for k in range(x.grade_quantity.size):
        q = x.grade_quantity[k]
        between = x.quantity_between[q]
        v.grade_apart[k] = sqrt(1.0 - between) * v.quantity_centre_z[q] + sqrt(between) * v.grade_z[k]
        v.grade_level[k] = sqrt(1.0 - v.within[q]) * v.grade_apart[k]
        v.quantity_mean[q] += x.grade_weight[k] * v.grade_level[k]
    for k in range(x.grade_quantity.size):
        apart = v.grade_level[k] - v.quantity_mean[x.grade_quantity[k]]
        v.quantity_variance[x.grade_quantity[k]] += x.grade_weight[k] * apart * apart
    for e in range(x.estimator_quantity.size):
        v.estimator_error[e] = x.estimator_scale[e] * v.estimator_z[e]


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of cases and estimates; adds to the adjoints of levels, shares, means, variances and errors."""
    logp = 0.0
    for n in range(x.sample_value.size):
        k, weight = x.sample_grade[n], x.sample_weight[n]
        q = x.grade_quantity[k]
        apart = (x.sample_value[n] - v.grade_level[k]) / v.within[q]
        squares = apart * (x.sample_value[n] - v.grade_level[k])
        logp -= 0.5 * weight * (squares + log(v.within[q]))
        a.grade_level[k] += weight * apart
        a.within[q] += 0.5 * weight * (squares - 1.0) / v.within[q]
    for n in range(x.estimate_value.size):
        e = x.estimate_estimator[n]
        q = x.estimator_quantity[e]
        factor, slope = statement(residual(x, v, n))
        logp -= log(x.estimate_scale[n]) + 0.5 * (FREEDOM + 1.0) * log(factor)
        adjoint = -slope / x.estimate_scale[n]
        a.quantity_mean[q] += adjoint
        a.estimator_error[e] += adjoint
        a.quantity_variance[q] += 0.5 * adjoint * x.estimate_place[n] / sqrt(v.quantity_variance[q])
    return logp


@block
def residual(x: Any, v: Any, n: int) -> float:
    """How far an estimate is off, in its scale."""
    e = x.estimate_estimator[n]
    q = x.estimator_quantity[e]
    said = v.quantity_mean[q] + v.estimator_error[e] + sqrt(v.quantity_variance[q]) * x.estimate_place[n]
    found: float = (x.estimate_value[n] - said) / x.estimate_scale[n]
    return found


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """To the deviations behind centres, shares, grades and errors."""
    for e in range(x.estimator_quantity.size):
        a.estimator_z[e] += a.estimator_error[e] * x.estimator_scale[e]
    for k in range(x.grade_quantity.size):
        q = x.grade_quantity[k]
        apart = v.grade_level[k] - v.quantity_mean[q]
        a.grade_level[k] += x.grade_weight[k] * (a.quantity_mean[q] + 2.0 * a.quantity_variance[q] * apart)
        rest, between = sqrt(1.0 - v.within[q]), x.quantity_between[q]
        by_apart = a.grade_level[k] * rest
        a.within[q] -= 0.5 * a.grade_level[k] * v.grade_apart[k] / rest
        a.quantity_centre_z[q] += by_apart * sqrt(1.0 - between)
        a.grade_z[k] += by_apart * sqrt(between)
    for q in range(x.quantity_share_loc.size):
        by_within = a.within[q] + a.quantity_variance[q]
        a.quantity_within_z[q] += by_within * v.within[q] * (1.0 - v.within[q]) * x.quantity_share_scale[q]
