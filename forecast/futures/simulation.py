"""Simulated event histories: when each outcome happens in each future.

Same seed and draws, same futures, whatever the number of threads. tests/futures/test_simulation.py holds the counts
against closed forms and against a slow simulation written another way. Light: NumPy alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from forecast.futures.occurrence import occurrence_times
from forecast.futures.offsets import marginal_offsets
from forecast.futures.present import FloatArray, IntArray, PresentCase
from forecast.study.checks.size import FUTURE_DRAWS

MAX_DRAWS = FUTURE_DRAWS
"""Posterior draws that are rolled forward; more are thinned evenly along each chain."""
THREADS = 2
"""NumPy lets go of the interpreter inside long loops."""
BLOCK_FUTURES = 2048
"""Futures of one block at most: large enough that Python's own time hardly counts, small enough for the cache."""
BLOCK_CELLS = 2_000_000
"""Numbers that a block holds at most: 16 MB."""


@dataclass(frozen=True)
class Futures:
    """Simulated futures, grouped by the posterior draw that they come from."""

    outcomes: tuple[str, ...]
    draws: IntArray
    """Per simulated draw: its place among all posterior draws, chains end to end."""
    chains: int
    times: FloatArray
    """Dims (draw, replicate, outcome): periods from the as-of date; infinite when not by the horizon."""
    horizon: int
    values: Mapping[str, FloatArray] = field(default_factory=dict)
    """Number of each quantity, dims (draw, replicate)."""

    @property
    def count(self) -> int:
        """Number of futures."""
        return int(self.times.shape[0] * self.times.shape[1])


def thin_draws(chains: int, draws_per_chain: int, most: int) -> IntArray:
    """Evenly spaced draws of every chain, at most `most` in all, as places among all draws, chains end to end."""
    kept = np.linspace(0, draws_per_chain - 1, min(draws_per_chain, max(1, most // chains))).astype(np.int64)
    return np.concatenate([chain * draws_per_chain + kept for chain in range(chains)])


def simulate_futures(
    present: PresentCase,
    *,
    replicates: int,
    seed: int,
    draws: IntArray | None = None,
    forced: Mapping[str, float] | None = None,
    known: Futures | None = None,
    threads: int = THREADS,
) -> Futures:
    """`replicates` futures for every draw of the present case.

    Parameters
    ----------
    draws
        Where the draws of the present case lie among all posterior draws, chains end to end; None if it has them all.
    forced
        Interventions: outcome -> when it is made to occur, in periods, infinite for never. What causes it is cut,
        what it competes with cannot happen if it occurs, and everything downstream follows. Runs of the same seed
        with and without share their random numbers.
    known
        The futures of the same present case, replicates and seed with nothing forced, if they are at hand: what the
        forced outcomes cannot reach is taken from them.
    """
    draws = np.arange(present.draws) if draws is None else draws
    settled = {int(place): float(present.settled[place]) for place in np.flatnonzero(~np.isnan(present.settled))}
    places = settled | {present.outcomes.index(outcome): time for outcome, time in (forced or {}).items()}
    size = _draws_per_block(present, replicates)
    starts = range(0, present.draws, size)
    seeds = np.random.SeedSequence(seed).spawn(len(starts))
    times = np.empty((present.draws, replicates, len(present.outcomes)))
    offsets = marginal_offsets(present) if present.offsets is None else present.offsets
    present = replace(present, offsets=offsets)

    def fill(start: int, block_seed: np.random.SeedSequence) -> None:
        block = np.arange(start, min(start + size, present.draws))
        before = None if known is None else known.times[block]
        times[block] = occurrence_times(present.select(block), replicates, block_seed, places, before)

    if threads > 1 and len(starts) > 1:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, starts, seeds))
    else:
        for start, block_seed in zip(starts, seeds, strict=True):
            fill(start, block_seed)
    values = {} if present.numbers is None else present.numbers.draw(replicates, seed)
    return Futures(present.outcomes, draws, present.chains, times, present.horizon, values)


def _draws_per_block(present: PresentCase, replicates: int) -> int:
    """How many draws share one random stream; a property of the study alone, so that results are."""
    held: int = present.factors.state.shape[1] + len(set(present.links.effect_on.tolist())) + 2
    counts: int = 2 * present.streams.log_mean.shape[1] * present.streams.periods.count
    futures = min(BLOCK_FUTURES, BLOCK_CELLS // (present.horizon * held + counts))
    return max(1, futures // replicates)
