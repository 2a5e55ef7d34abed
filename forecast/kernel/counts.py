"""Counts of the indicators: negative binomial around exposure * exp(log mean + loading * state of the factor + course).

With r = 1 / (dispersion^2 + least variance) and u = log expected - log r, a count y has the log density

    log gamma(y + r) - log gamma(r) + y u - (y + r) log(1 + exp(u))

(Cameron and Trivedi 2013, section 3.3, doi:10.1017/CBO9781139013567). Derivatives: by u, y - (y + r) logistic(u); by r,
digamma(y + r) - digamma(r) - log(1 + exp(u)), and u falls by log r. The gamma terms are the same for equal counts of an
indicator, so each count that occurs is computed once, from the next lower one.

Where an indicator has a mixture the count is a spike or idle instead, with small probabilities (`likelihood`).

The log mean is sampled with what its factor and its course add on average over the observed periods:
sampled = (log mean - location + loading * mean state + mean course) / scale.
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import gamma_steps, logistic, softplus
from forecast.model.constants import LEAST_VARIANCE, SHARE_FALL


@block
def forward(x: Any, z: Any, v: Any) -> None:
    """Loadings, dispersions, log means and mixtures; the courses are known."""
    share, state = x.observed_share, v.state
    for i in range(x.loading_scale.size):
        v.loading[i] = x.loading_scale[i] * v.loading_z[i]
        v.dispersion[i] = x.dispersion_scale[i] * v.dispersion_z[i]
        f, mean = x.indicator_factor[i] - 1, 0.0
        if f >= 0:
            for t in range(share.shape[1]):
                mean += share[i, t] * state[t, f]
        v.mean_drive[i] = mean
        v.log_mean_z[i] = z.log_mean_z[i] - (v.loading[i] * mean + v.mean_course[i]) / x.log_mean_scale[i]
        v.log_mean[i] = x.log_mean_loc[i] + x.log_mean_scale[i] * v.log_mean_z[i]
        v.shape[i] = 1.0 / (v.dispersion[i] * v.dispersion[i] + LEAST_VARIANCE)
        v.log_shape[i] = log(v.shape[i])
    for k in range(x.spike_size_scale.size):
        v.spike_share[k] = x.spike_share_most[k] * exp(-SHARE_FALL * v.spike_share_z[k])
        v.spike_size[k] = x.spike_size_least[k] + x.spike_size_scale[k] * v.spike_size_z[k]
        v.idle_share[k] = x.idle_share_most[k] * exp(-SHARE_FALL * v.idle_share_z[k])


@block
def gamma_terms(x: Any, v: Any) -> None:
    """Log gamma(y + r) - log gamma(r) and its derivative by r, of each count that occurs."""
    indicator, value, slope, last = -1, 0.0, 0.0, 0.0
    for d in range(x.distinct_value.size):
        if x.distinct_indicator[d] != indicator:
            indicator, value, slope, last = x.distinct_indicator[d], 0.0, 0.0, 0.0
        step, step_slope = gamma_steps(v.shape[indicator], last, x.distinct_value[d])
        value, slope, last = value + step, slope + step_slope, x.distinct_value[d]
        v.distinct_log[d], v.distinct_slope[d] = value, slope


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of the counts; adds to the adjoints of log means, loadings, shapes, states, courses and mixtures."""
    logp = 0.0
    gamma_terms(x, v)
    for d in range(x.distinct_value.size):
        if x.indicator_mixture[x.distinct_indicator[d]] == 0:
            logp += x.distinct_times[d] * v.distinct_log[d]
            a.shape[x.distinct_indicator[d]] += x.distinct_times[d] * v.distinct_slope[d]
    indicator_start, factor, state, state_adjoint = x.count_start, x.indicator_factor, v.state, a.state
    period, counts, log_exposure = x.count_period, x.count_value, x.count_log_exposure
    course, course_adjoint = v.course, a.course
    for i in range(factor.size):
        if x.indicator_mixture[i] > 0:
            logp += mixed(x, v, a, i)
            continue
        f, loading, shape = factor[i] - 1, v.loading[i], v.shape[i]
        start, by_mean, by_loading, softs = v.log_mean[i] - v.log_shape[i], 0.0, 0.0, 0.0
        for c in range(indicator_start[i], indicator_start[i + 1]):
            drive = state[period[c], f] if f >= 0 else 0.0
            y, u = counts[c], log_exposure[c] + start + loading * drive + course[i, period[c]]
            e = exp(-abs(u))
            chance, soft = 1.0 / (1.0 + e), max(u, 0.0) + log(1.0 + e)
            logp += y * u - (y + shape) * soft
            by_u = y - (y + shape) * (chance if u > 0.0 else e * chance)
            by_mean += by_u
            by_loading += by_u * drive
            softs += soft
            course_adjoint[i, period[c]] += by_u
            if f >= 0:
                state_adjoint[period[c], f] += by_u * loading
        a.log_mean[i] += by_mean
        a.loading[i] += by_loading
        a.shape[i] -= softs + by_mean / shape
    return logp


@block
def mixed(x: Any, v: Any, a: Any, i: int) -> float:
    """The same of an indicator whose counts may be spikes or idle.

    A period is idle with probability o, and its count 0; else the count is a spike with probability s, geometric with
    a mean that is exp(size) times the usual one; else negative binomial as above.
    """
    k, f = x.indicator_mixture[i] - 1, x.indicator_factor[i] - 1
    loading, shape, log_shape, size = v.loading[i], v.shape[i], v.log_shape[i], v.spike_size[k]
    spike, idle = v.spike_share[k], v.idle_share[k]
    busy = log1p(-idle)
    log_idle = log(x.idle_share_most[k]) - SHARE_FALL * v.idle_share_z[k]
    log_spike = busy + log(x.spike_share_most[k]) - SHARE_FALL * v.spike_share_z[k]
    log_usual = busy + log1p(-spike)
    logp, by_shape, by_size, by_spike, by_idle = 0.0, 0.0, 0.0, 0.0, 0.0
    for c in range(x.count_start[i], x.count_start[i + 1]):
        t, d, y = x.count_period[c], x.count_distinct[c], x.count_value[c]
        drive = v.state[t, f] if f >= 0 else 0.0
        log_expected = x.count_log_exposure[c] + v.log_mean[i] + loading * drive + v.course[i, t]
        u, high = log_expected - log_shape, log_expected + size
        soft = softplus(u)
        usual = log_usual + v.distinct_log[d] + y * u - (y + shape) * soft
        spiking = log_spike + x.distinct_log_factorial[d] + y * high - (y + 1.0) * softplus(high)
        most = max(usual, spiking)
        if y == 0.0:
            most = max(most, log_idle)
        as_usual, as_spike = exp(usual - most), exp(spiking - most)
        as_idle = exp(log_idle - most) if y == 0.0 else 0.0
        total = as_usual + as_spike + as_idle
        logp += most + log(total)
        as_usual, as_spike, as_idle = as_usual / total, as_spike / total, as_idle / total
        by_u = as_usual * (y - (y + shape) * logistic(u))
        by_high = as_spike * (y - (y + 1.0) * logistic(high))
        by_shape += as_usual * (v.distinct_slope[d] - soft) - by_u / shape
        by_size += by_high
        by_spike += as_spike - as_usual * spike / (1.0 - spike)
        by_idle += as_idle - (1.0 - as_idle) * idle / (1.0 - idle)
        a.log_mean[i] += by_u + by_high
        a.loading[i] += (by_u + by_high) * drive
        a.course[i, t] += by_u + by_high
        if f >= 0:
            a.state[t, f] += (by_u + by_high) * loading
    a.shape[i] += by_shape
    a.spike_size_z[k] += by_size * x.spike_size_scale[k]
    a.spike_share_z[k] -= SHARE_FALL * by_spike
    a.idle_share_z[k] -= SHARE_FALL * by_idle
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
        a.mean_course[i] -= own
        a.loading[i] -= own * v.mean_drive[i]
        if f >= 0:
            for t in range(share.shape[1]):
                state[t, f] -= own * v.loading[i] * share[i, t]
        a.loading_z[i] += a.loading[i] * x.loading_scale[i]
        dispersion = -2.0 * a.shape[i] * v.dispersion[i] * v.shape[i] * v.shape[i]
        a.dispersion_z[i] += dispersion * x.dispersion_scale[i]
