"""Levels: of each outcome over the classes, and of each reference class as an outcome sees it.

    mu_j = location + scale skewed(d_mu), at skew 0 location + scale d_mu
    class level = mu_j + tau_j z         tau_j, sigma_j = scale |z|         beta = scale z

z of the spreads of a categorical outcome is that of its first option.

d_mu is sampled partly centred, on the scale of the experts' statements: with their mean log slope m and mean offset o
the mean is exp(m) (location + x_j' beta + common error + o) and the scale exp(m) scale
(`forecast.model.graph.experts.said_by`). Those of outcomes of which one must happen are reflected, so that one coordinate
is what they have in common, which is hardly known, and the others are how they differ.
"""

from __future__ import annotations

from math import exp, expm1, log
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import spread_over, uncentre, uncentre_back, weighted
from forecast.model.constants import STRAIGHT_FROM, TINY


@block
def skewed(deviation: float, skew: float) -> float:
    """(exp(skew d) - 1) / skew, from `STRAIGHT_FROM` on its tangent; d itself at skew 0."""
    if skew == 0.0:
        return deviation
    along = skew * deviation
    bent = min(along, STRAIGHT_FROM)
    return (expm1(bent) + exp(bent) * (along - bent)) / skew


@block
def skewed_slope(deviation: float, skew: float) -> float:
    """Derivative of `skewed` by the deviation."""
    return exp(min(skew * deviation, STRAIGHT_FROM))


@block
def forward(x: Any, z: Any, v: Any) -> float:
    """Log Jacobian of the partly centred levels."""
    logp = 0.0
    covariates = x.beta_scale.size
    for p in range(covariates):
        v.beta[p] = x.beta_scale[p] * v.beta_z[p]
    outcomes = x.mu_loc.size
    for j in range(outcomes):
        v.mu_sum[j] = 0.0
    for j in range(outcomes):
        start, stop = x.heard_start[j], x.heard_start[j + 1]
        v.voice_log_slope[j] = weighted(x.heard_share, x.heard_expert, v.log_slope, start, stop)
        v.voice_offset[j] = weighted(x.heard_share, x.heard_expert, v.offset, start, stop)
        centre = x.mu_loc[j] + v.voice_offset[j]
        if x.outcome_topic[j] > 0:
            centre += v.common[x.outcome_topic[j] - 1]
        for p in range(covariates):
            centre += x.present_covariates[j, p] * v.beta[p]
        v.mu_centre[j] = exp(v.voice_log_slope[j]) * centre
        log_scale = v.voice_log_slope[j] + log(x.mu_scale[j] + TINY)
        v.mu_along[j], v.mu_power[j], jacobian = uncentre(z.mu_z[j], v.mu_centre[j], log_scale, x.mu_centring[j])
        logp += jacobian
        v.mu_sum[x.outcome_leader[j]] += x.outcome_reflection[j] * v.mu_along[j]
    for j in range(outcomes):
        v.mu_z[j] = v.mu_along[j] - x.outcome_reflection[j] * v.mu_sum[x.outcome_leader[j]]
        v.mu[j] = x.mu_loc[j] + x.mu_scale[j] * skewed(v.mu_z[j], x.mu_skew[j])
        v.tau[j] = x.tau_scale[j] * v.tau_z[x.spread_outcome[j]]
        v.sigma[j] = x.sigma_scale[j] * v.sigma_z[x.spread_outcome[j]]
    for c in range(x.level_outcome.size):
        j = x.level_outcome[c]
        v.class_level[c] = v.mu[j] + v.tau[j] * v.level_z[c]
    return logp


@block
def backward(x: Any, v: Any, a: Any, g: Any) -> None:
    """From class levels, levels, spreads and coefficients."""
    for c in range(x.level_outcome.size):
        j = x.level_outcome[c]
        a.mu[j] += a.class_level[c]
        a.tau[j] += a.class_level[c] * v.level_z[c]
        a.level_z[c] += a.class_level[c] * v.tau[j]
    covariates = x.beta_scale.size
    for j in range(x.mu_loc.size):
        a.tau_z[x.spread_outcome[j]] += a.tau[j] * x.tau_scale[j]
        a.sigma_z[x.spread_outcome[j]] += a.sigma[j] * x.sigma_scale[j]
        a.mu_z[j] = a.mu[j] * x.mu_scale[j] * skewed_slope(v.mu_z[j], x.mu_skew[j]) - v.mu_z[j]
        a.mu_sum[x.outcome_leader[j]] += x.outcome_reflection[j] * a.mu_z[j]
    for j in range(x.mu_loc.size):
        along = a.mu_z[j] - x.outcome_reflection[j] * a.mu_sum[x.outcome_leader[j]]
        g.mu_z[j], mean, log_scale = uncentre_back(along, v.mu_along[j], v.mu_power[j], x.mu_centring[j])
        centre = mean * exp(v.voice_log_slope[j])
        start, stop = x.heard_start[j], x.heard_start[j + 1]
        by_log_slope = log_scale + mean * v.mu_centre[j]
        spread_over(by_log_slope, x.heard_share, x.heard_expert, a.log_slope, start, stop)
        spread_over(centre, x.heard_share, x.heard_expert, a.offset, start, stop)
        if x.outcome_topic[j] > 0:
            a.common[x.outcome_topic[j] - 1] += centre
        for p in range(covariates):
            a.beta[p] += centre * x.present_covariates[j, p]
    for p in range(covariates):
        a.beta_z[p] += a.beta[p] * x.beta_scale[p]
