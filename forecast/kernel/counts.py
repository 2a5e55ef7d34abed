"""Counts of the indicators: negative binomial around exposure * exp(log mean + loading * state of the factor).

With r = 1 / (dispersion^2 + least variance) and u = log expected - log r, a count y has the log density

    log gamma(y + r) - log gamma(r) + y u - (y + r) log(1 + exp(u))

(Cameron and Trivedi 2013, section 3.3, doi:10.1017/CBO9781139013567). Derivatives: by u, y - (y + r) logistic(u); by r,
digamma(y + r) - digamma(r) - log(1 + exp(u)), and u falls by log r. The gamma terms are the same for equal counts of an
indicator, so each count that occurs is computed once, from the next lower one.

The log mean is sampled with what its factor adds on average over the observed periods:
sampled = (log mean - location) / scale + loading * mean state / scale.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import gamma_steps
from forecast.model.constants import LEAST_VARIANCE


@block
def forward(x: Any, z: Any, v: Any) -> None:
    """Loadings, dispersions and log means."""
    share, state = x.observed_share, v.state
    for i in range(x.loading_scale.size):
        v.loading[i] = x.loading_scale[i] * v.loading_z[i]
        v.dispersion[i] = x.dispersion_scale[i] * v.dispersion_z[i]
        f, mean = x.indicator_factor[i] - 1, 0.0
        if f >= 0:
            for t in range(share.shape[1]):
                mean += share[i, t] * state[t, f]
        v.mean_drive[i] = mean
        v.log_mean_z[i] = z.log_mean_z[i] - v.loading[i] * mean / x.log_mean_scale[i]
        v.log_mean[i] = x.log_mean_loc[i] + x.log_mean_scale[i] * v.log_mean_z[i]
        v.shape[i] = 1.0 / (v.dispersion[i] * v.dispersion[i] + LEAST_VARIANCE)
        v.log_shape[i] = log(v.shape[i])


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of the counts; adds to the adjoints of log means, loadings, shapes and states."""
    logp = 0.0
    indicator, value, value_slope, last = -1, 0.0, 0.0, 0.0
    for d in range(x.distinct_value.size):
        if x.distinct_indicator[d] != indicator:
            indicator, value, value_slope, last = x.distinct_indicator[d], 0.0, 0.0, 0.0
        step, step_slope = gamma_steps(v.shape[indicator], last, x.distinct_value[d])
        value, value_slope, last = value + step, value_slope + step_slope, x.distinct_value[d]
        logp += x.distinct_times[d] * value
        a.shape[indicator] += x.distinct_times[d] * value_slope
    indicator_start, factor, state, state_adjoint = x.count_start, x.indicator_factor, v.state, a.state
    period, counts, log_exposure = x.count_period, x.count_value, x.count_log_exposure
    for i in range(factor.size):
        f, loading, shape = factor[i] - 1, v.loading[i], v.shape[i]
        start, by_mean, by_loading, softs = v.log_mean[i] - v.log_shape[i], 0.0, 0.0, 0.0
        for c in range(indicator_start[i], indicator_start[i + 1]):
            drive = state[period[c], f] if f >= 0 else 0.0
            y, u = counts[c], log_exposure[c] + start + loading * drive
            e = exp(-abs(u))
            chance, soft = 1.0 / (1.0 + e), max(u, 0.0) + log(1.0 + e)
            logp += y * u - (y + shape) * soft
            by_u = y - (y + shape) * (chance if u > 0.0 else e * chance)
            by_mean += by_u
            by_loading += by_u * drive
            softs += soft
            if f >= 0:
                state_adjoint[period[c], f] += by_u * loading
        a.log_mean[i] += by_mean
        a.loading[i] += by_loading
        a.shape[i] -= softs + by_mean / shape
    return logp


@block
def backward(x: Any, v: Any, a: Any, g: Any) -> None:
    """From log means, loadings and shapes."""
    share, state = x.observed_share, a.state
    for i in range(x.loading_scale.size):
        f = x.indicator_factor[i] - 1
        own = a.log_mean[i] * x.log_mean_scale[i] - v.log_mean_z[i]
        g.log_mean_z[i] = own
        own /= x.log_mean_scale[i]
        a.loading[i] -= own * v.mean_drive[i]
        if f >= 0:
            for t in range(share.shape[1]):
                state[t, f] -= own * v.loading[i] * share[i, t]
        a.loading_z[i] += a.loading[i] * x.loading_scale[i]
        dispersion = -2.0 * a.shape[i] * v.dispersion[i] * v.shape[i] * v.shape[i]
        a.dispersion_z[i] += dispersion * x.dispersion_scale[i]
