"""Scenario probabilities: the expression tree evaluated over simulated futures, with Monte Carlo error and spread.

A bare outcome id means that the outcome resolves yes: it has occurred by its own resolution date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from arviz_stats.base import array_stats

from forecast.answer import Interval
from forecast.futures.simulation import Futures
from forecast.study import And, Before, By, Calendar, Expression, Not, Occurs, Or

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

INTERVAL_LEVEL = 0.9


@dataclass(frozen=True)
class Estimate:
    """A probability counted over futures."""

    probability: float
    mcse: float
    effective_draws: float
    """p (1 - p) / mcse^2."""


def evaluate(
    expression: Expression, futures: Futures, *, resolves: Mapping[str, float], calendar: Calendar
) -> BoolArray:
    """Whether the expression is true, in each future; dims (draw, replicate).

    Parameters
    ----------
    resolves
        Periods from the as-of date to each outcome's resolution date.
    """
    column = {outcome: futures.times[:, :, position] for position, outcome in enumerate(futures.outcomes)}

    def visit(node: Expression) -> BoolArray:
        match node:
            case Occurs(outcome):
                return column[outcome] <= resolves[outcome]
            case By(outcome, when):
                limit = when if isinstance(when, int | float) else calendar.periods_until(when)
                return column[outcome] <= limit
            case Before(first, second):
                return column[first] < column[second]
            case And(items):
                return np.all([visit(item) for item in items], axis=0)
            case Or(items):
                return np.any([visit(item) for item in items], axis=0)
            case Not(item):
                return np.logical_not(visit(item))

    return visit(expression)


def estimate(happened: BoolArray, chains: int) -> Estimate:
    """Probability with its Monte Carlo standard error; dims of `happened` are (draw, replicate), chains end to end.

    The error is that of the mean over draws of each draw's share, which carries both the autocorrelation of the
    chains and the binomial noise of the futures. A count of none or all still has an error: that of half a future.
    """
    n = happened.size
    probability = float(happened.mean())
    shares = happened.mean(axis=1).reshape(chains, -1)
    smoothed = (happened.sum() + 0.5) / (n + 1.0)
    floor = float(np.sqrt(smoothed * (1.0 - smoothed) / n))
    measured = 0.0
    if shares.max() > shares.min():
        measured = float(array_stats.mcse(shares, chain_axis=0, draw_axis=1, method="mean"))
    mcse = max(floor, measured) if np.isfinite(measured) else floor
    return Estimate(probability, mcse, float(smoothed * (1.0 - smoothed) / mcse**2))


def spread(values: FloatArray, level: float = INTERVAL_LEVEL) -> Interval:
    """Equal-tailed interval of a quantity over draws."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(level=level, low=float(low), high=float(high))


def probability_spread(happened: BoolArray, level: float = INTERVAL_LEVEL) -> Interval:
    """Posterior spread of a probability known for each draw only by a share of its futures.

    The shares spread more than the probabilities behind them, by the binomial variance p (1 - p) / n; they are drawn
    towards their mean until their variance is the unbiased estimate of the probabilities' own (method of moments,
    as in empirical Bayes: Efron and Morris 1975, doi:10.1080/01621459.1975.10479864).
    """
    replicates = happened.shape[1]
    shares = happened.mean(axis=1)
    mean, total = float(shares.mean()), float(shares.var())
    if total <= 0 or replicates < 2:
        return Interval(level=level, low=mean, high=mean)
    binomial = float((shares * (1 - shares)).mean()) / (replicates - 1)
    factor = np.sqrt(max(0.0, total - binomial) / total)
    return spread(np.clip(mean + factor * (shares - mean), 0.0, 1.0), level)
