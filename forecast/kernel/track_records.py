"""What experts said about questions of track records, and the answers that are known.

A question's truth is Normal(base, spread^2), and experts see m = truth + common error, so with t = spread^2, e = common
sd^2, w = t / (t + e) and standard normals d, z:

    m = base + sqrt(t + e) d,   truth given m = base + w (m - base) + sqrt(t e / (t + e)) z

Statements are StudentT(4) around slope (m + offset), as in `judgments`; an answer is Bernoulli in the truth's log odds.
d is sampled partly centred, on the scale of the experts' statements of m (see `levels`). Conditional law of a normal
sum: Gelman et al. (2013), Bayesian Data Analysis, section 2.5. A variance of 1e-12 keeps roots differentiable.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import logistic, softplus, spread_over, uncentre, uncentre_back, weighted
from forecast.kernel.experts import statements
from forecast.model.constants import TINY


@block
def forward(x: Any, z: Any, v: Any) -> float:
    """Log Jacobian of the partly centred questions."""
    logp = 0.0
    for i in range(x.exam_panel.size):
        v.exam_base[i] = x.exam_base_scale[i] * v.exam_base_z[i]
        v.exam_spread[i] = x.exam_spread_scale[i] * v.exam_spread_z[i]
        common = v.common_sd[x.exam_panel[i]]
        v.truth_variance[i] = v.exam_spread[i] * v.exam_spread[i] + TINY
        v.error_variance[i] = common * common
    for y in range(x.exercise_exam.size):
        start, stop = x.asked_start[y], x.asked_start[y + 1]
        v.asked_log_slope[y] = weighted(x.asked_share, x.asked_expert, v.log_slope, start, stop)
        v.asked_offset[y] = weighted(x.asked_share, x.asked_expert, v.offset, start, stop)
        i = x.exercise_exam[y]
        scale = sqrt(v.truth_variance[i] + v.error_variance[i])
        mean = exp(v.asked_log_slope[y]) * (v.exam_base[i] + v.asked_offset[y])
        v.exercise_scale[y] = scale
        v.exercise_z[y], v.exercise_power[y], jacobian = uncentre(
            z.exercise_z[y], mean, v.asked_log_slope[y] + log(scale), x.exercise_centring[y]
        )
        logp += jacobian
        v.exercise_deviation[y] = scale * v.exercise_z[y]
        v.exercise_log_odds[y] = v.exam_base[i] + v.exercise_deviation[y]
    return logp


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log density of the statements; adds to the adjoints of questions and experts."""
    logp: float = statements(
        v,
        a,
        x.record_log_odds,
        x.record_expert,
        x.record_exercise,
        x.record_is_sloped,
        v.exercise_log_odds,
        a.exercise_log_odds,
    )
    return logp


@block
def answers(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of the answers; adds to the adjoints of base, variances and the truth's own deviation."""
    logp = 0.0
    for n in range(x.answer_yes.size):
        y = x.answer_exercise[n]
        i = x.exercise_exam[y]
        truth, error = v.truth_variance[i], v.error_variance[i]
        both = truth + error
        weight, rest = truth / both, sqrt(truth * error / both + TINY)
        log_odds = v.exam_base[i] + v.exercise_deviation[y] * weight + rest * v.truth_z[n]
        logp += x.answer_yes[n] * log_odds - softplus(log_odds)
        adjoint = x.answer_yes[n] - logistic(log_odds)
        a.exam_base[i] += adjoint
        a.exercise_deviation[y] += adjoint * weight
        a.truth_z[n] += adjoint * rest
        by_weight, by_square = adjoint * v.exercise_deviation[y], 0.5 * adjoint * v.truth_z[n] / rest
        a.truth_variance[i] += (by_weight * error + by_square * error * error) / (both * both)
        a.error_variance[i] += (by_square * truth * truth - by_weight * truth) / (both * both)
    return logp


@block
def backward(x: Any, v: Any, a: Any, g: Any) -> None:
    """From questions, base and variances."""
    for y in range(x.exercise_exam.size):
        i, scale = x.exercise_exam[y], v.exercise_scale[y]
        a.exam_base[i] += a.exercise_log_odds[y]
        by_deviation = a.exercise_log_odds[y] + a.exercise_deviation[y]
        g.exercise_z[y], by_mean, by_log_scale = uncentre_back(
            by_deviation * scale - v.exercise_z[y], v.exercise_z[y], v.exercise_power[y], x.exercise_centring[y]
        )
        centre = by_mean * exp(v.asked_log_slope[y])
        a.exam_base[i] += centre
        by_log_slope = by_log_scale + centre * (v.exam_base[i] + v.asked_offset[y])
        start, stop = x.asked_start[y], x.asked_start[y + 1]
        spread_over(by_log_slope, x.asked_share, x.asked_expert, a.log_slope, start, stop)
        spread_over(centre, x.asked_share, x.asked_expert, a.offset, start, stop)
        by_both = 0.5 * (by_deviation * v.exercise_z[y] * scale + by_log_scale) / (scale * scale)
        a.truth_variance[i] += by_both
        a.error_variance[i] += by_both
    for i in range(x.exam_panel.size):
        p = x.exam_panel[i]
        a.common_sd[p] += 2.0 * a.error_variance[i] * v.common_sd[p]
        a.exam_spread[i] += 2.0 * a.truth_variance[i] * v.exam_spread[i]
        a.exam_base_z[i] += a.exam_base[i] * x.exam_base_scale[i]
        a.exam_spread_z[i] += a.exam_spread[i] * x.exam_spread_scale[i]
