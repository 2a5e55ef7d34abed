"""The 90 % interval of a probability, and the Monte Carlo error of each of its ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from arviz_stats.base import array_stats

from forecast.answer import Interval, IntervalError
from forecast.futures.scenarios import INTERVAL_LEVEL, BoolArray, spread
from forecast.futures.shares import share_quantile_errors, share_quantiles

FloatArray = npt.NDArray[np.float64]

ENDS: Final = ((1 - INTERVAL_LEVEL) / 2, (1 + INTERVAL_LEVEL) / 2)
"""Levels of the two ends."""
FEWEST_DRAWS: Final = 4
"""Of each chain, for an error to be told."""


@dataclass(frozen=True)
class Ends:
    """An interval with the errors of its ends."""

    interval: Interval
    median: float
    mcse: IntervalError | None
    """None where chains are too short for one."""

    @property
    def largest_mcse(self) -> float:
        """The larger of the two errors; 0 without any."""
        return 0.0 if self.mcse is None else max(self.mcse.low, self.mcse.high)


def exact_ends(values: FloatArray, chains: int) -> Ends:
    """Of a probability that is exact for each draw; dims (draw), chains end to end."""
    interval, median = spread(values), float(np.median(values))
    if values.size // chains < FEWEST_DRAWS:
        return Ends(interval, median, None)
    if np.ptp(values) <= np.finfo(float).eps:
        return Ends(interval, median, IntervalError(low=0.0, high=0.0))
    by_chain = values.reshape(chains, -1)
    errors = [array_stats.mcse(by_chain, chain_axis=0, draw_axis=1, method="quantile", prob=level) for level in ENDS]
    return Ends(interval, median, _errors(np.asarray(errors, dtype=float)))


def counted_ends(happened: BoolArray, chains: int) -> Ends:
    """Of a probability of which each draw has a share of its futures; dims (draw, replicate), chains end to end."""
    counts, replicates = happened.sum(axis=1), happened.shape[1]
    low, median, high = share_quantiles(counts[:, None], replicates, (ENDS[0], 0.5, ENDS[1]))[:, 0]
    errors = share_quantile_errors(counts, replicates, chains, ENDS)
    interval = Interval(level=INTERVAL_LEVEL, low=float(low), high=float(high))
    return Ends(interval, float(median), _errors(errors))


def _errors(found: FloatArray) -> IntervalError | None:
    return IntervalError(low=float(found[0]), high=float(found[1])) if np.isfinite(found).all() else None
