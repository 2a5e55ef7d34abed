"""Whether a period that has begun is idle, has a spike or is usual, given what was counted of it.

Each kind has its probability times that of the count in it. Where y were counted in the share e of a period of mean m, a
usual count has the mean e m, a spike the mean e m exp(size), and an idle period has none. Where y is a lower bound, kinds
have the probability of at least y in the whole period. All days of a period are of one kind, so the rest follows as that
of a count of this kind (`forecast.futures.counted`).

References
----------
P(N >= y) of a negative binomial count as an incomplete beta function, and its continued fraction: NIST Digital Library of
Mathematical Functions, 8.17, https://dlmf.nist.gov/8.17. Its evaluation: Thompson and Barnett (1986), Journal of
Computational Physics 64(2), doi:10.1016/0021-9991(86)90046-X.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.futures.counts import SPIKE_DISPERSION, mix
from forecast.futures.paths import LEAST_VARIANCE

FloatArray = npt.NDArray[np.float64]

CLOSE: Final = 1e-12
"""Two steps of the fraction that differ by less are equal."""
MOST_STEPS: Final = 20_000
TINIEST: Final = 1e-300


def mix_given(
    mean: FloatArray,
    dispersion: FloatArray,
    mixture: Sequence[FloatArray],
    counted: float,
    share: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Mean and dispersion of a period's count, its kind drawn given what was counted of it; dims (future).

    Parameters
    ----------
    mean
        Of the whole period, if it is a usual one.
    mixture
        Share of spikes, log ratio of their mean, and share of idle periods; dims (future).
    share
        In which so many were counted; not a number where it is unknown, so that they are a lower bound.
    """
    spike, size, idle = mixture
    if not (spike.any() or idle.any()) or share == 1.0:
        return mean, dispersion
    if counted == 0.0 and not share > 0.0:
        return mix(mean, dispersion, mixture, rng)
    form, high = 1.0 / (dispersion**2 + LEAST_VARIANCE), mean * np.exp(np.minimum(size, 300.0))
    if np.isnan(share):
        usual, spiking = log_tail(counted, mean, form), counted * (np.log(high) - np.log1p(high))
    else:
        usual = log_density(counted, share * mean, form)
        spiking = log_density(counted, share * high, np.ones_like(form))
    with np.errstate(divide="ignore"):
        kinds = np.stack(
            [
                np.log1p(-idle) + np.log1p(-spike) + usual,
                np.log1p(-idle) + np.log(spike) + spiking,
                np.log(idle) if counted == 0.0 else np.full(mean.shape, -np.inf),
            ]
        )
    weights = np.exp(kinds - kinds.max(axis=0))
    _, as_spike, as_idle = weights / weights.sum(axis=0)
    chance = rng.random(mean.shape)
    is_idle, is_spike = chance < as_idle, chance > 1.0 - as_spike
    moved = np.where(is_idle, 0.0, np.where(is_spike, high, mean))
    return moved, np.where(is_spike, SPIKE_DISPERSION, dispersion)


def log_density(count: float, mean: FloatArray, form: FloatArray) -> FloatArray:
    """Log P(N = count) of a negative binomial count with a mean above 0 and the shape `form`."""
    log_ratio = np.log(mean) - np.log(form)
    steps = _log_gamma(count + form) - _log_gamma(form) - lgamma(count + 1.0)
    return np.asarray(steps + count * log_ratio - (count + form) * np.logaddexp(0.0, log_ratio))


def log_tail(count: float, mean: FloatArray, form: FloatArray) -> FloatArray:
    """Log P(N >= count) of the same, for a count above 0; the way of `forecast.kernel.floors`."""
    log_ratio = np.log(mean) - np.log(form)
    log_p, log_q = -np.logaddexp(0.0, -log_ratio), -np.logaddexp(0.0, log_ratio)
    log_front = count * log_p + form * log_q + _log_gamma(count + form) - _log_gamma(form) - lgamma(count)
    p, found = np.exp(log_p), np.empty(mean.shape)
    low = p < (count + 1.0) / (count + form + 2.0)
    first = np.full(mean.shape, count)
    found[low] = log_front[low] - np.log(count) + np.log(_continued(first[low], form[low], p[low]))
    below = np.exp(log_front - np.log(form))[~low] * _continued(form[~low], first[~low], np.exp(log_q)[~low])
    found[~low] = np.log1p(-np.minimum(below, 1.0 - CLOSE))
    return found


def _continued(first: FloatArray, second: FloatArray, x: FloatArray) -> FloatArray:
    """The continued fraction of I_x(first, second), for each element."""
    above, below, value = np.ones(x.shape), np.ones(x.shape), np.ones(x.shape)
    for n in range(1, MOST_STEPS):
        m = n // 2
        if n % 2:
            term = -(first + m) * (first + second + m) * x / ((first + 2 * m) * (first + 2 * m + 1.0))
        else:
            term = m * (second - m) * x / ((first + 2 * m - 1.0) * (first + 2 * m))
        below = 1.0 / _not_zero(1.0 + term * below)
        if n > 1:
            above = _not_zero(1.0 + term / above)
        step = above * below
        value = value * step
        if not (np.abs(step - 1.0) > CLOSE).any():
            break
    return value


def _not_zero(values: FloatArray) -> FloatArray:
    return np.where(np.abs(values) < TINIEST, TINIEST, values)


def _log_gamma(values: FloatArray) -> FloatArray:
    return np.array([lgamma(value) for value in values.tolist()])
