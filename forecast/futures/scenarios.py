"""Scenario probabilities: the expression tree evaluated over simulated futures, with Monte Carlo error and spread.

A bare outcome id means that the outcome resolves yes: it has occurred by its own resolution date. Light: an answer and
a query on it are counted by the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from forecast.answer import Interval
from forecast.futures.present import DAY_BEFORE
from forecast.futures.simulation import Futures
from forecast.montecarlo import mcse_of_mean
from forecast.study import (
    And,
    Before,
    Between,
    Bound,
    By,
    Calendar,
    Compares,
    Expression,
    HowMany,
    Not,
    Occurs,
    Or,
    Timed,
    Within,
    times_between,
)

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

INTERVAL_LEVEL = 0.9
ROUNDING = 1e-9
"""Periods by which a difference of two times may be off."""
LEAST_EFFECTIVE_DRAWS = 200
"""Fewest effective draws for which a conditional probability is reported."""


@dataclass(frozen=True)
class Estimate:
    """A probability counted over futures."""

    probability: float
    mcse: float
    effective_draws: float
    """p (1 - p) / mcse^2; of a conditional probability, what the condition leaves of its own."""


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
            case And(items):
                return np.all([visit(item) for item in items], axis=0)
            case Or(items):
                return np.any([visit(item) for item in items], axis=0)
            case Not(item):
                return np.logical_not(visit(item))
            case HowMany(bound, number, items):
                true = np.sum([visit(item) for item in items], axis=0)
                compare = {Bound.AT_LEAST: np.greater_equal, Bound.AT_MOST: np.less_equal, Bound.EXACTLY: np.equal}
                return np.asarray(compare[bound](true, number))
            case Compares(quantity, comparison, number):
                values = futures.values[quantity]
                return np.asarray(values > number if comparison.is_upwards else values < number)
            case _:
                return _timed(node, column, resolves, calendar)

    return visit(expression)


def _timed(
    node: Timed, column: Mapping[str, FloatArray], resolves: Mapping[str, float], calendar: Calendar
) -> BoolArray:
    """Whether what an expression says of times alone is true."""
    match node:
        case Occurs(outcome):
            return column[outcome] <= resolves[outcome]
        case By(outcome, when):
            limit = when if isinstance(when, int | float) else calendar.periods_until(when)
            return column[outcome] <= limit
        case Between(outcome):
            start, end = times_between(node, calendar)
            times = _with_past_days(column[outcome], calendar)
            return (times > start) & (times <= end)
        case Before(first, second):
            return column[first] < column[second]
        case Within(later, earlier, periods):
            since = _with_past_days(column[earlier], calendar)
            gap = _with_past_days(column[later], calendar) - np.where(np.isfinite(since), since, 0.0)
            return np.isfinite(since) & (gap >= -ROUNDING) & (gap <= periods + ROUNDING)


def _with_past_days(times: FloatArray, calendar: Calendar) -> FloatArray:
    """Times in periods; what has happened lies at its own day, which futures hold in `DAY_BEFORE`."""
    past = times < 0.0
    if not past.any():
        return times
    result = times.copy()
    for found in np.unique(times[past]):
        day = calendar.as_of - timedelta(days=round(-found / DAY_BEFORE))
        result[times == found] = -calendar.periods_between(day, calendar.as_of)
    return result


def estimate(happened: BoolArray, chains: int) -> Estimate:
    """Probability with its Monte Carlo standard error; dims of `happened` are (draw, replicate), chains end to end.

    The error is that of the mean over draws of each draw's share, which carries both the autocorrelation of the
    chains and the binomial noise of the futures. A count of none or all still has an error: that of half a future.
    """
    (result,) = estimate_each(happened.sum(axis=1)[None], happened.shape[1], chains)
    return result


def estimate_each(counts: npt.NDArray[np.integer], replicates: int, chains: int) -> list[Estimate]:
    """The same for several events at once, from how many of a draw's futures have each; dims (event, draw)."""
    shares = counts / replicates
    measured = mcse_of_mean(shares.reshape(len(counts), chains, -1))
    return [
        _with_floor(float(share.mean()), float(count.sum()), count.size * replicates, float(error))
        for share, count, error in zip(shares, counts, measured, strict=True)
    ]


def _with_floor(probability: float, successes: float, n: float, measured: float) -> Estimate:
    """An estimate whose error is at least the binomial one of its `n` futures, half a success added."""
    smoothed = (successes + 0.5) / (n + 1.0)
    floor = float(np.sqrt(smoothed * (1.0 - smoothed) / n))
    mcse = max(floor, measured) if np.isfinite(measured) else floor
    return Estimate(probability, mcse, float(smoothed * (1.0 - smoothed) / mcse**2))


def draws_left(condition: Estimate) -> float:
    """Effective draws in which a condition holds: all of them if it always does."""
    return condition.effective_draws * condition.probability


def conditional_each(
    joint: npt.NDArray[np.integer], condition: npt.NDArray[np.integer], replicates: int, chains: int
) -> list[Estimate]:
    """Probabilities among the futures in which a condition holds, with their Monte Carlo standard errors.

    A ratio of two means; its error is, by the delta method, that of the mean of each draw's influence
    (a - ratio b) / mean b, with a and b the draw's shares of the joint event and of the condition (Cochran 1977,
    Sampling Techniques, section 2.11). `effective_draws` is what the condition leaves.

    Parameters
    ----------
    joint
        Dims (event, draw): how many of a draw's futures have the event and the condition.
    condition
        Dims (draw): how many have the condition; not all 0.
    """
    held = float(condition.sum())
    ratios = joint.sum(axis=1) / held
    influence = (joint - ratios[:, None] * condition) / (held / condition.size)
    measured = mcse_of_mean(influence.reshape(len(joint), chains, -1))
    (of_condition,) = estimate_each(condition[None], replicates, chains)
    left = draws_left(of_condition)
    results = []
    for ratio, count, error in zip(ratios, joint.sum(axis=1), measured, strict=True):
        with_floor = _with_floor(float(ratio), float(count), held, float(error))
        results.append(Estimate(with_floor.probability, with_floor.mcse, left))
    return results


def spread(values: FloatArray, level: float = INTERVAL_LEVEL) -> Interval:
    """Equal-tailed interval of a quantity over draws."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(level=level, low=float(low), high=float(high))
