"""The spread of a probability that every draw knows only by a share of its futures.

Shares of n futures spread more than the probabilities behind them, by the binomial variance p (1 - p) / n. They are drawn
towards their mean until their variance is the unbiased estimate of the probabilities' own (method of moments, as in
empirical Bayes: Efron and Morris 1975, doi:10.1080/01621459.1975.10479864). Light: NumPy alone.

References
----------
Bootstrap of a statistic of independent rows: Efron (1979), doi:10.1214/aos/1176344552. Draws of a chain are no independent
rows; the error is stretched by the effective sample size of the quantile (Vehtari et al. 2021, doi:10.1214/20-BA1221).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.montecarlo import effective_sizes

FloatArray = npt.NDArray[np.float64]
Counts = npt.NDArray[np.integer]

RESAMPLES: Final = 400
"""Of the bootstrap: the error itself is right to 4 %."""
RESAMPLING_SEED: Final = 0
"""Same futures, same error."""


def denoise(shares: FloatArray, replicates: int) -> FloatArray:
    """Shares of `replicates` futures, drawn together until they spread as the probabilities behind them do.

    Parameters
    ----------
    shares
        Dims (draw, any others).
    """
    mean = shares.mean(axis=0)
    factor = _factor(shares.var(axis=0), (shares * (1 - shares)).mean(axis=0), replicates)
    return np.asarray(np.clip(mean + factor * (shares - mean), 0.0, 1.0))


def share_quantiles(counts: Counts, replicates: int, levels: Sequence[float]) -> FloatArray:
    """Quantiles over draws of a probability; dims (level, event).

    Parameters
    ----------
    counts
        Dims (draw, event): how many of a draw's `replicates` futures have the event.
    """
    return _quantiles(_histograms(counts, replicates), levels).T


def noise_share(counts: Counts, replicates: int) -> float:
    """Part of the variance of one event's shares that is the noise of their futures, 0 to 1; dims of `counts`: (draw)."""
    shares = counts / replicates
    return 1.0 - float(_factor(shares.var(), (shares * (1.0 - shares)).mean(), replicates)) ** 2


def share_quantile_errors(counts: Counts, replicates: int, chains: int, levels: Sequence[float]) -> FloatArray:
    """Monte Carlo standard errors of the quantiles of one event, dims (level): from finitely many draws and futures.

    The bootstrap takes whole draws, with the noise of their futures, and shrinks anew each time. NaN for fewer than 4
    draws a chain.

    Parameters
    ----------
    counts
        Dims (draw), chains end to end.
    """
    each = len(counts) // chains
    if each < 4:
        return np.full(len(levels), np.nan)
    rng = np.random.default_rng(RESAMPLING_SEED)
    (histogram,) = _histograms(counts[:, None], replicates)
    again = rng.multinomial(len(counts), histogram / len(counts), size=RESAMPLES)
    independent = _quantiles(again, levels).std(axis=0, ddof=1)
    ends = np.quantile(counts, levels, method="inverted_cdf")
    below = (counts[None] <= ends[:, None]).astype(float).reshape(len(levels), chains, each)
    return np.asarray(independent * np.sqrt(len(counts) / effective_sizes(below)))


def _histograms(counts: Counts, replicates: int) -> npt.NDArray[np.int64]:
    """How many draws have each count; dims (event, count from 0 to `replicates`)."""
    events = counts.shape[1]
    places = counts.astype(np.int64) + np.arange(events) * (replicates + 1)
    return np.bincount(places.ravel(), minlength=events * (replicates + 1)).reshape(events, replicates + 1)


def _quantiles(histograms: npt.NDArray[np.int64], levels: Sequence[float]) -> FloatArray:
    """Quantiles of shrunken shares, dims (histogram, level).

    A count stands for the shares up to half a future away: quantiles do not jump from count to count.
    """
    replicates = histograms.shape[1] - 1
    shares = np.arange(replicates + 1) / replicates
    weights = histograms / histograms.sum(axis=1, keepdims=True)
    mean = weights @ shares
    factor = _factor(weights @ shares**2 - mean**2, weights @ (shares * (1.0 - shares)), replicates)
    edges = (np.arange(replicates + 2) - 0.5) / replicates
    below = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1)], axis=1)
    raw = np.stack([np.interp(levels, row, edges) for row in below])
    return np.asarray(np.clip(mean[:, None] + factor[:, None] * (raw - mean[:, None]), 0.0, 1.0))


def _factor(total: npt.ArrayLike, binomial: npt.ArrayLike, replicates: int) -> FloatArray:
    """How far shares are drawn towards their mean: 0 wholly, 1 not at all.

    Parameters
    ----------
    total
        Variance of the shares over draws.
    binomial
        Mean of share (1 - share).
    """
    variance = np.asarray(total, dtype=float)
    if replicates < 2:
        return np.zeros_like(variance)
    own = np.maximum(variance - np.asarray(binomial) / (replicates - 1), 0.0)
    return np.asarray(np.sqrt(np.divide(own, variance, out=np.zeros_like(own), where=variance > 0)))
