"""Lower bounds of counts: log P(N >= y) of a count N, and its derivatives.

Of a negative binomial count, with u = log(mean / r) and p = logistic(u), P(N >= y) = I_p(y, r), the regularized incomplete beta function, is

    F / y c(y, r, p) = 1 - F / r c(r, y, 1 - p),   F = p^y (1 - p)^r / B(y, r)

with the continued fraction c, of which the branch is taken that converges fast. Its derivative by the shape is carried along
with it; by u the probability grows by F. Of a spike, which is geometric, it is (mean / (1 + mean))^y; an idle period stays at 0.

References
----------
The continued fraction: NIST Digital Library of Mathematical Functions, 8.17.22, https://dlmf.nist.gov/8.17. Its evaluation:
Thompson and Barnett (1986), Journal of Computational Physics 64(2), doi:10.1016/0021-9991(86)90046-X.
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import Any, Final

from forecast.kernel.compiling import block
from forecast.kernel.elementary import gamma_steps, logistic, softplus
from forecast.model.constants import SHARE_FALL

CLOSE: Final = 1e-15
"""Two steps of the fraction that differ by less are equal."""
MOST_STEPS: Final = 20_000
TINIEST: Final = 1e-300


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of the lower bounds; adds to the adjoints of log means, loadings, shapes, states, courses and mixtures."""
    logp, factor, state, state_adjoint = 0.0, x.indicator_factor, v.state, a.state
    for n in range(x.floor_value.size):
        i, t = x.floor_indicator[n], x.floor_period[n]
        f, shape = factor[i] - 1, v.shape[i]
        drive = state[t, f] if f >= 0 else 0.0
        log_expected = v.log_mean[i] + v.loading[i] * drive + v.course[i, t]
        value, by_mean, by_shape = log_reached(x.floor_value[n], shape, log_expected - v.log_shape[i])
        by_high = 0.0
        if x.indicator_mixture[i] > 0:
            value, as_usual, by_high = mixed(x, v, a, i, x.floor_value[n], value, log_expected)
            by_mean, by_shape = as_usual * by_mean, as_usual * by_shape
        logp += value
        a.shape[i] += by_shape - by_mean / shape
        by_mean += by_high
        a.log_mean[i] += by_mean
        a.loading[i] += by_mean * drive
        a.course[i, t] += by_mean
        if f >= 0:
            state_adjoint[t, f] += by_mean * v.loading[i]
    return logp


@block
def mixed(
    x: Any, v: Any, a: Any, i: int, count: float, usual: float, log_expected: float
) -> tuple[float, float, float]:
    """Log P(N >= count) of an indicator whose counts may be spikes or idle, from that of a usual one.

    With it, the posterior probability that the count is a usual one, and the derivative by the log mean of a spike.
    """
    k = x.indicator_mixture[i] - 1
    spike, idle = v.spike_share[k], v.idle_share[k]
    high, busy = log_expected + v.spike_size[k], log1p(-idle)
    usual += busy + log1p(-spike)
    spiking = busy + log(x.spike_share_most[k]) - SHARE_FALL * v.spike_share_z[k] - count * softplus(-high)
    most = max(usual, spiking)
    as_usual, as_spike = exp(usual - most), exp(spiking - most)
    total = as_usual + as_spike
    as_usual, as_spike = as_usual / total, as_spike / total
    by_high = as_spike * count * logistic(-high)
    a.spike_size_z[k] += by_high * x.spike_size_scale[k]
    a.spike_share_z[k] -= SHARE_FALL * (as_spike - as_usual * spike / (1.0 - spike))
    a.idle_share_z[k] += SHARE_FALL * idle / (1.0 - idle)
    return most + log(total), as_usual, by_high


@block
def log_reached(count: float, shape: float, u: float) -> tuple[float, float, float]:
    """Log P(N >= count) for a count above 0, and its derivatives by u and by the shape."""
    log_p, log_q = -softplus(-u), -softplus(u)
    steps, slope = gamma_steps(shape, 0.0, count)
    log_front = count * log_p + shape * log_q + steps - lgamma(count)
    front_slope = log_q + slope
    p = logistic(u)
    if p < (count + 1.0) / (count + shape + 2.0):
        fraction, _, by_second = continued(count, shape, p)
        return log_front - log(count) + log(fraction), count / fraction, front_slope + by_second
    fraction, by_first, _ = continued(shape, count, logistic(-u))
    below = exp(log_front - log(shape)) * fraction
    by_shape = below * (front_slope - 1.0 / shape + by_first)
    return log1p(-below), exp(log_front) / (1.0 - below), -by_shape / (1.0 - below)


@block
def continued(first: float, second: float, x: float) -> tuple[float, float, float]:
    """The continued fraction of I_x(first, second), and the derivatives of its log by both parameters."""
    c, d = 1.0, 1.0
    c_first, c_second, d_first, d_second = 0.0, 0.0, 0.0, 0.0
    value, by_first, by_second = 1.0, 0.0, 0.0
    total = first + second
    for n in range(1, MOST_STEPS):
        m = n // 2
        if n % 2:
            term = -(first + m) * (total + m) * x / ((first + 2 * m) * (first + 2 * m + 1.0))
            slope = 1.0 / (first + m) + 1.0 / (total + m) - 1.0 / (first + 2 * m) - 1.0 / (first + 2 * m + 1.0)
            term_first, term_second = term * slope, term / (total + m)
        else:
            each = m * x / ((first + 2 * m - 1.0) * (first + 2 * m))
            term, term_second = each * (second - m), each
            term_first = -term * (1.0 / (first + 2 * m - 1.0) + 1.0 / (first + 2 * m))
        below = 1.0 + term * d
        if abs(below) < TINIEST:
            below = TINIEST
        d_first = -(term_first * d + term * d_first) / (below * below)
        d_second = -(term_second * d + term * d_second) / (below * below)
        d = 1.0 / below
        if n > 1:
            above = 1.0 + term / c
            if abs(above) < TINIEST:
                above = TINIEST
            c_first = term_first / c - term * c_first / (c * c)
            c_second = term_second / c - term * c_second / (c * c)
            c = above
        step = c * d
        value *= step
        more_first, more_second = c_first / c + d_first / d, c_second / c + d_second / d
        by_first += more_first
        by_second += more_second
        # A term of exactly 0 ends the fraction, but not its derivatives.
        if abs(step - 1.0) < CLOSE and abs(more_first) + abs(more_second) < CLOSE * (
            1.0 + abs(by_first) + abs(by_second)
        ):
            break
    return value, by_first, by_second
