"""Monte Carlo standard errors of means over chains, by ArviZ's estimator, without ArviZ.

The web process answers queries with the same errors that the answer was stored with;
tests/inference/test_montecarlo.py compares the two.

References
----------
Effective sample size over split chains: Vehtari et al. (2021), doi:10.1214/20-BA1221. Initial monotone sequence:
Geyer (1992), Statistical Science 7(4), doi:10.1214/ss/1177011137.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def mcse_of_mean(values: FloatArray) -> FloatArray:
    """Standard error of the mean over chains and draws.

    Parameters
    ----------
    values
        Dims (quantity, chain, draw).

    Returns
    -------
    Dims (quantity): standard deviation / sqrt(effective sample size); NaN for fewer than 4 draws a chain or where a
    value is NaN, 0 for a constant.
    """
    if values.shape[2] < 4:
        return np.full(values.shape[0], np.nan)
    spread = values.std(axis=(1, 2), ddof=1)
    return np.asarray(spread / np.sqrt(effective_sizes(values)))


def effective_sizes(values: FloatArray) -> FloatArray:
    """Effective sample size for the mean, from chains split in halves; dims (quantity, chain, draw) to (quantity)."""
    half = values.shape[2] // 2
    split = np.concatenate([values[:, :, :half], values[:, :, values.shape[2] - half :]], axis=1)
    chains, draws = split.shape[1:]
    covariance = _autocovariance(split).mean(axis=1)
    within = covariance[:, 0] * draws / (draws - 1.0)
    total = within * (draws - 1.0) / draws
    if chains > 1:
        total = total + split.mean(axis=2).var(axis=1, ddof=1)
    is_constant = split.max(axis=(1, 2)) - split.min(axis=(1, 2)) < np.finfo(float).resolution
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = 1.0 - (within[:, None] - covariance) / total[:, None]
    sizes = np.full(len(values), float(chains * draws))
    varying = np.flatnonzero(~is_constant)
    sizes[varying] = chains * draws / _integrated_times(correlation[varying], chains * draws)
    return sizes


def _autocovariance(chains: FloatArray) -> FloatArray:
    """Autocovariance at every lag along the last dim."""
    draws = chains.shape[-1]
    size = 1 << (2 * draws - 1).bit_length()  # zeros behind the draws: nothing wraps around
    spectrum = np.fft.rfft(chains - chains.mean(axis=-1, keepdims=True), n=size)
    return np.asarray(np.fft.irfft(spectrum * spectrum.conj(), n=size)[..., :draws] / draws)


def _integrated_times(correlation: FloatArray, total: int) -> FloatArray:
    """`_integrated_time` of each row, dims (quantity, lag): all at once where a pair of lags is below zero in time."""
    draws = correlation.shape[1]
    pairs = max((draws - 3) // 2 + 1, 1)
    sums = correlation[:, 0 : 2 * pairs : 2].copy()
    sums[:, 0] = 1.0
    even = sums.copy()
    sums += correlation[:, 1 : 2 * pairs : 2]
    below = sums <= 0.0
    end = below.argmax(axis=1)
    rows = np.arange(len(end))
    kept = np.minimum.accumulate(sums, axis=1)
    kept[np.arange(pairs)[None, :] >= end[:, None]] = 0.0
    times = -1.0 + 2.0 * kept.sum(axis=1) + np.maximum(even[rows, end], 0.0)
    times = np.maximum(times, 1.0 / math.log10(total))
    for row in np.flatnonzero(~below.any(axis=1)):
        times[row] = _integrated_time(correlation[row], total)
    return times


def _integrated_time(correlation: FloatArray, total: int) -> float:
    """1 + twice the sum of autocorrelations, by Geyer's initial positive, then monotone sequence of pairs."""
    if np.isnan(correlation).any():
        return float("nan")
    draws = len(correlation)
    kept = np.zeros(draws)
    kept[0], kept[1] = 1.0, correlation[1]
    even, odd, lag = 1.0, float(correlation[1]), 1
    while lag < draws - 3 and even + odd > 0.0:
        even, odd = float(correlation[lag + 1]), float(correlation[lag + 2])
        if even + odd >= 0.0:
            kept[lag + 1], kept[lag + 2] = even, odd
        lag += 2
    last = lag - 2
    if even > 0.0:
        kept[last + 1] = even
    lag = 1
    while lag <= last - 2:
        if kept[lag + 1] + kept[lag + 2] > kept[lag - 1] + kept[lag]:
            kept[lag + 1] = kept[lag + 2] = (kept[lag - 1] + kept[lag]) / 2.0
        lag += 2
    time = -1.0 + 2.0 * float(kept[: last + 1].sum()) + float(kept[last + 1 : last + 2].sum())
    return max(time, 1.0 / math.log10(total))
