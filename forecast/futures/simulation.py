"""Simulated event histories: when each outcome happens in each future, with competing outcomes excluding one another.

Every outcome has its own unit-exponential threshold and happens when its cumulative hazard reaches it; of competing
outcomes only the first one happens. Same seed and draws, same futures. tests/futures/test_simulation.py holds the
counts against the exact cumulative incidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import FUTURE, OUTCOME
from forecast.futures.hazards import PresentCase

FloatArray = npt.NDArray[np.float64]

MAX_DRAWS = 4000
"""Posterior draws that are rolled forward; more are thinned evenly along each chain."""


@dataclass(frozen=True)
class Futures:
    """Simulated futures, grouped by the posterior draw that they come from."""

    outcomes: tuple[str, ...]
    draws: npt.NDArray[np.int64]
    """Per simulated draw: its place among all posterior draws, chains end to end."""
    chains: int
    times: FloatArray
    """Dims (draw, replicate, outcome): periods from the as-of date; infinite when not by the horizon."""
    horizon: int

    @property
    def count(self) -> int:
        """Number of futures."""
        return int(self.times.shape[0] * self.times.shape[1])

    def to_dataset(self, draws_per_chain: int) -> xr.Dataset:
        """`event_period` (dims future, outcome; horizon + 1 means not by the horizon) and `event_time` (periods)."""
        times = self.times.reshape(-1, len(self.outcomes))
        period = np.where(np.isfinite(times), np.maximum(np.ceil(times), 1), self.horizon + 1).astype(np.int32)
        source = np.repeat(self.draws, self.times.shape[1])
        return xr.Dataset(
            {
                "event_period": ((FUTURE, OUTCOME), period),
                "event_time": ((FUTURE, OUTCOME), times),
                "source_chain": (FUTURE, (source // draws_per_chain).astype(np.int32)),
                "source_draw": (FUTURE, (source % draws_per_chain).astype(np.int32)),
            },
            coords={OUTCOME: list(self.outcomes), FUTURE: np.arange(times.shape[0])},
            attrs={"horizon_periods": self.horizon},
        )


def thin_draws(chains: int, draws_per_chain: int, most: int) -> npt.NDArray[np.int64]:
    """Evenly spaced draws of every chain, at most `most` in all, as places among all draws, chains end to end."""
    kept = np.linspace(0, draws_per_chain - 1, min(draws_per_chain, max(1, most // chains))).astype(np.int64)
    return np.concatenate([chain * draws_per_chain + kept for chain in range(chains)])


def simulate_futures(
    present: PresentCase, *, replicates: int, seed: int, draws: npt.NDArray[np.int64] | None = None
) -> Futures:
    """`replicates` futures for every draw of the present case.

    Binary outcomes resolve at their resolution date.

    Parameters
    ----------
    draws
        Where the draws of the present case lie among all posterior draws, chains end to end; None if it has them all.
    """
    draws = np.arange(present.draws) if draws is None else draws
    rng = np.random.default_rng(seed)
    n, outcomes, horizon = present.rates.shape
    times = np.full((n, replicates, outcomes), np.inf)
    for position in range(outcomes):
        if present.is_binary[position]:
            happens = rng.random((n, replicates)) < present.yes[:, position, None]
            times[:, :, position] = np.where(happens, present.resolves[position], np.inf)
        else:
            threshold = rng.standard_exponential((n, replicates))
            times[:, :, position] = _first_passage(present.rates[:, position, :], threshold)
    _apply_competition(times, present.groups)
    return Futures(present.outcomes, draws, present.chains, times, horizon)


def _first_passage(rates: FloatArray, threshold: FloatArray) -> FloatArray:
    """When the cumulative hazard reaches the threshold; dims (draw, replicate), infinite if not by the horizon."""
    n, horizon = rates.shape
    reached = np.cumsum(rates, axis=1)
    period = np.empty(threshold.shape, dtype=np.int64)
    for row in range(n):
        period[row] = np.searchsorted(reached[row], threshold[row], side="left")
    inside = period < horizon
    index = np.minimum(period, horizon - 1)
    rate = np.take_along_axis(rates, index, axis=1)
    start = np.take_along_axis(reached, index, axis=1) - rate
    fraction = np.divide(threshold - start, rate, out=np.zeros_like(threshold), where=rate > 0)
    return np.where(inside, index + np.clip(fraction, np.finfo(float).tiny, 1.0), np.inf)


def _apply_competition(times: FloatArray, groups: npt.NDArray[np.int64]) -> None:
    """Keep only the first event of each competing group, in place."""
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        if len(members) < 2:
            continue
        own = times[:, :, members]
        first = own == own.min(axis=2, keepdims=True)
        times[:, :, members] = np.where(first, own, np.inf)
