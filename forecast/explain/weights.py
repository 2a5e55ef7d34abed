"""Importance weights with smoothed tails: draws of one posterior, used for another.

References
----------
Vehtari, Simpson, Gelman, Yao and Gabry (2024), Journal of Machine Learning Research 25(72), arXiv:1507.02646.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from arviz_stats.base import array_stats

from forecast.answer.thresholds import MAX_PARETO_K
from forecast.montecarlo import effective_sizes

FloatArray = npt.NDArray[np.float64]


FLAT: Final = 1e-9
"""Log ratios that differ by less are equal."""


@dataclass(frozen=True)
class Weights:
    """Weights of the draws, adding up to 1, dims (draw)."""

    values: FloatArray
    pareto_k: float | None
    """Pareto k; None where many equal ratios bound them, or where no tail can be fitted."""
    reliable: bool


def smooth_weights(log_ratios: FloatArray, chains: int) -> Weights:
    """Weights in proportion to exp(log_ratios), the largest replaced by quantiles of a generalised Pareto law.

    Parameters
    ----------
    log_ratios
        Log of target over proposal density up to a constant; dims (draw), chains end to end.
    """
    count = len(log_ratios)
    if not np.isfinite(log_ratios).all():
        usable = np.where(np.isfinite(log_ratios), log_ratios, -np.inf)
        return Weights(_normalised(usable) if np.isfinite(usable).any() else np.full(count, 1.0 / count), None, False)
    raw = np.exp(log_ratios - log_ratios.max())
    if np.ptp(log_ratios) < FLAT:
        return Weights(np.full(count, 1.0 / count), None, True)
    efficiency = float(np.clip(effective_sizes(raw.reshape(1, chains, -1))[0] / count, 0.01, 1.0))
    tail = min(0.2 * count, 3.0 * np.sqrt(count / efficiency))
    if np.ptp(np.sort(log_ratios)[-int(tail) - 1 :]) < FLAT:
        return Weights(raw / raw.sum(), None, True)
    smoothed, found = array_stats.psislw(-log_ratios, r_eff=efficiency)
    k = float(found)
    if not np.isfinite(k):
        return Weights(raw / raw.sum(), None, False)
    return Weights(_normalised(np.asarray(smoothed, dtype=float)), k, k <= MAX_PARETO_K)


def _normalised(log_weights: FloatArray) -> FloatArray:
    weights = np.exp(log_weights - log_weights.max())
    return np.asarray(weights / weights.sum())
