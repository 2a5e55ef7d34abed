"""When counts reach a number or stay below it: in one period, in each of a run of periods, or in all of a window together.

Within a period what is left to be counted is spread evenly, so the k-th of n is at the k-th of n uniform places, a beta
variable with the parameters k and n - k + 1, or between two others that are known a beta share of the way (David and Nagaraja 2003, Order Statistics, section 2.1,
doi:10.1002/0471722162). So `at_least` is reached on a day, and a date inside a period has the part before it. That a period
stays at `at_most` is known at its end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecast.futures.counted import CountPaths, count_paths
from forecast.futures.paths import factor_states
from forecast.futures.present import BoolArray, FloatArray, IntArray, PresentCase

AT_ONCE = 1e-9
"""Periods after the as-of date: when occurs what has occurred already, without anyone knowing."""


@dataclass(frozen=True)
class _Question:
    """One threshold outcome, and the counts of its window."""

    number: float
    is_least: bool
    run: int
    """0 for a total."""
    counts: FloatArray
    """Dims (period, future)."""
    known: FloatArray
    share: FloatArray
    edges: FloatArray
    """Of the window's periods, in periods from the as-of date: one more than these."""
    until: float
    """The last moment that counts."""
    moments: Moments
    """Of these counts."""
    first: int
    """Place of the window's first period among all."""


class Moments:
    """Moments of single ones of a period's counts, the same for every outcome that looks at these counts."""

    def __init__(self) -> None:
        self._placed: list[tuple[IntArray, FloatArray, FloatArray]] = []
        """Period, number and place of what was asked for, in every future."""

    def place(
        self,
        futures: IntArray,
        period: IntArray,
        number: FloatArray,
        count: FloatArray,
        total: int,
        rng: np.random.Generator,
    ) -> FloatArray:
        """Places in (0, 1) of the number-th of `count` uniform ones, given those that were placed before.

        Parameters
        ----------
        futures
            Which of `total` futures the other arrays are of.
        """
        low, high = np.zeros(futures.size), count + 1.0
        before, after = np.zeros(futures.size), np.ones(futures.size)
        for of, numbers, places in self._placed:
            same, other, at = of[futures] == period, numbers[futures], places[futures]
            below, above = same & (other <= number) & (other > low), same & (other >= number) & (other < high)
            low, before = np.where(below, other, low), np.where(below, at, before)
            high, after = np.where(above, other, high), np.where(above, at, after)
        found = before.copy()
        is_new = number > low
        share = rng.beta((number - low)[is_new], (high - number)[is_new])
        found[is_new] += (after - before)[is_new] * share
        kept = np.full(total, -1, dtype=np.int64), np.zeros(total), np.zeros(total)
        for values, own in zip(kept, (period, number, found), strict=True):
            values[futures] = own
        self._placed.append(kept)
        return found


def threshold_times(
    present: PresentCase, owner: IntArray, states: FloatArray, rng: np.random.Generator
) -> dict[int, FloatArray]:
    """When each threshold outcome occurs, by place of outcome; infinite beyond the horizon. Outcomes on one indicator look
    at the same counts."""
    thresholds, periods = present.thresholds, present.streams.periods
    paths = [count_paths(present, stream, owner, states, rng) for stream in range(present.streams.log_mean.shape[1])]
    moments: dict[tuple[int, ...], Moments] = {}
    result = {}
    for outcome in np.flatnonzero(thresholds.streams.any(axis=1)):
        looked_at = tuple(np.flatnonzero(thresholds.streams[outcome]).tolist())
        path = _summed([paths[stream] for stream in looked_at])
        first, last = int(thresholds.first[outcome]), int(thresholds.last[outcome])
        inside = slice(first, last + 1)
        question = _Question(
            float(thresholds.number[outcome]),
            bool(thresholds.is_least[outcome]),
            int(thresholds.run[outcome]),
            path.counts[inside],
            path.known[inside],
            np.broadcast_to(path.share[inside], path.counts[inside].shape),
            periods.edges[first : last + 2],
            float(present.resolves[outcome]),
            moments.setdefault(looked_at, Moments()),
            first,
        )
        times = _reached(question, rng) if question.is_least else _kept_below(question, rng)
        times = np.maximum(times, AT_ONCE)
        result[int(outcome)] = np.where(times <= present.horizon, times, np.inf)
    return result


def threshold_hazards(present: PresentCase, seed: int) -> FloatArray:
    """Hazard of each threshold outcome in each period, over all draws, from one future of each; dims (outcome, horizon)."""
    owner = np.arange(present.draws)
    states, counts = (np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(2))
    times = threshold_times(present, owner, factor_states(present, owner, states), counts)
    found = np.zeros((len(present.outcomes), present.horizon))
    ends = np.arange(1, present.horizon + 1)
    for outcome, when in times.items():
        pending = 1.0 - np.searchsorted(np.sort(when), [0.0, *ends], side="right") / present.draws
        found[outcome] = -np.diff(np.log(np.maximum(pending, 0.5 / present.draws)))
    return found


def _summed(paths: list[CountPaths]) -> CountPaths:
    total = paths[0]
    for path in paths[1:]:
        total = total.plus(path)
    return total


def _reached(asked: _Question, rng: np.random.Generator) -> FloatArray:
    """When the number is reached."""
    needed = np.ceil(asked.number)
    if asked.run == 0:
        total = np.cumsum(asked.counts, axis=0)
        place, found = _first(total >= needed)
        before = np.take_along_axis(total - asked.counts, place[None], axis=0)[0]
    else:
        place, found = _first(_runs(asked.counts >= needed, asked.run))
        before = np.zeros(place.size)
    futures = np.flatnonzero(found)
    times = np.full(place.size, np.inf)
    place, missing = place[futures], (needed - before[futures]) - asked.known[place[futures]]
    rest = asked.counts[place, futures] - asked.known[place]
    within = np.zeros(futures.size)
    to_come = missing > 0.0
    within[to_come] = asked.moments.place(
        futures[to_come], place[to_come] + asked.first, missing[to_come], rest[to_come], found.size, rng
    )
    within = asked.share[place, futures] * to_come + (1.0 - asked.share[place, futures]) * within
    times[futures] = asked.edges[place] + within * (asked.edges[place + 1] - asked.edges[place])
    return times


def _kept_below(asked: _Question, rng: np.random.Generator) -> FloatArray:
    """When a period, a run or the window ends that has stayed at the number or below."""
    if asked.run == 0:
        return np.where(_total_until(asked, rng) <= asked.number, asked.until, np.inf)
    place, found = _first(_runs(asked.counts <= asked.number, asked.run))
    return np.where(found, asked.edges[place + 1], np.inf)


def _total_until(asked: _Question, rng: np.random.Generator) -> FloatArray:
    """Total of the window; of its last period the part before the last moment that counts."""
    total = asked.counts[:-1].sum(axis=0)
    cut = (asked.until - asked.edges[-2]) / (asked.edges[-1] - asked.edges[-2])
    share, known, last = asked.share[-1], asked.known[-1], asked.counts[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(share < 1.0, np.clip((cut - share) / (1.0 - share), 0.0, 1.0), 0.0)
    return np.asarray(total + known + rng.binomial((last - known).astype(np.int64), left))


def _runs(meets: BoolArray, length: int) -> BoolArray:
    """Whether each period ends a row of so many that all meet the condition; dims (period, future)."""
    if length <= 1:
        return meets
    row, result = np.zeros(meets.shape[1], dtype=np.int64), np.zeros_like(meets)
    for place, now in enumerate(meets):
        row = (row + 1) * now
        result[place] = row >= length
    return result


def _first(meets: BoolArray) -> tuple[IntArray, BoolArray]:
    """The first period in which something holds, 0 if in none, and whether there is one; dims (future)."""
    return meets.argmax(axis=0), meets.any(axis=0)
