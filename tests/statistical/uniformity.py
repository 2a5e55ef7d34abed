"""Whether ranks are uniform: a simultaneous test of their whole distribution.

References
----------
Säilynoja, Bürkner and Vehtari (2022), Statistics and Computing 32, doi:10.1007/s11222-022-10090-6: the least of the
pointwise binomial tails of the empirical distribution, against its own law under uniformity, by simulation.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import stats

SIMULATIONS = 50_000
"""So that the least p-value, 1 / 50,001, is below any threshold that is used here."""


def uniformity(ranks: np.ndarray, largest: int) -> float:
    """P-value of the hypothesis that ranks, dims (data set), are uniform on 0..largest."""
    counts = np.bincount(ranks, minlength=largest + 1)
    observed = _least_tail(counts[None, :], len(ranks))[0]
    null = _null(len(ranks), largest)
    return float((1 + np.searchsorted(null, observed * (1 + 1e-9), side="right")) / (1 + len(null)))


@cache
def _null(data_sets: int, largest: int) -> np.ndarray:
    """Sorted least tails of uniform ranks."""
    share = np.full(largest + 1, 1.0 / (largest + 1))
    counts = np.random.default_rng(20).multinomial(data_sets, share, size=SIMULATIONS)
    return np.sort(_least_tail(counts, data_sets))


def _least_tail(counts: np.ndarray, data_sets: int) -> np.ndarray:
    """Of each row of counts by rank, the least two-sided binomial tail over all ranks."""
    tails = _tails(data_sets, counts.shape[1] - 1)
    cumulative = np.cumsum(counts, axis=1)[:, :-1]
    return np.asarray(tails[np.arange(cumulative.shape[1]), cumulative].min(axis=1))


@cache
def _tails(data_sets: int, largest: int) -> np.ndarray:
    """Two-sided tail of so many ranks at or below each rank; dims (rank, count)."""
    law = stats.binom(data_sets, (np.arange(largest)[:, None] + 1) / (largest + 1))
    count = np.arange(data_sets + 1)[None, :]
    return np.asarray(np.minimum(2 * np.minimum(law.cdf(count), law.sf(count - 1)), 1.0))
