"""What moves the counts of streams beside factors: seasons, drifts and breaks ahead; spikes and idle periods.

Arrays have the dims (period, future), of the periods that are counted (`forecast.futures.present.Periods`). The model:
`forecast.model.graph.signals`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SPIKE_DISPERSION: Final = float(np.sqrt(1.0 - 1e-3))
"""With the least variance of counts it makes a negative binomial of shape 1: spikes are geometric."""


@dataclass(frozen=True)
class Courses:
    """Known courses of log means in the periods that are counted, and how far they drift."""

    height: FloatArray
    """Dims (draw, wave)."""
    of_stream: IntArray
    """Per wave: place of its stream."""
    motif: FloatArray
    """Dims (wave, period): what a wave of height 1 adds."""
    wander: FloatArray
    """Dims (draw, stream): standard deviation of the drift over one period."""

    def select(self, draws: IntArray) -> Courses:
        """The same for some of the draws."""
        return replace(self, height=self.height[draws], wander=self.wander[draws])

    def course(self, stream: int, owner: IntArray, begun: int, rng: np.random.Generator) -> FloatArray:
        """What is added to the log mean of a stream, dims (period, future).

        After the periods that have begun, of which there are so many, the drift is a random walk from 0.
        """
        own = np.flatnonzero(self.of_stream == stream)
        # Not @: see `PresentCase.own_rates`.
        found = np.einsum("dw,wh->hd", self.height[:, own], self.motif[own])[:, owner]
        wander = self.wander[owner, stream]
        if wander.any():
            found[begun:] += wander * np.cumsum(rng.standard_normal(found[begun:].shape), axis=0)
        return np.asarray(found)


@dataclass(frozen=True)
class Mixtures:
    """Spikes and idle periods of streams; all of dims (draw, stream), shares of 0 where a stream has none."""

    spike_share: FloatArray
    spike_size: FloatArray
    """By how much the log mean of spikes is higher."""
    idle_share: FloatArray

    def select(self, draws: IntArray) -> Mixtures:
        """The same for some of the draws."""
        return Mixtures(self.spike_share[draws], self.spike_size[draws], self.idle_share[draws])

    def of(self, stream: int, owner: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Share of spikes, log ratio of their mean, and share of idle periods of a stream, dims (future)."""
        share, size, idle = (values[owner, stream] for values in (self.spike_share, self.spike_size, self.idle_share))
        return share, size, idle


def mix(
    mean: FloatArray, dispersion: FloatArray, mixture: Sequence[FloatArray], rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Mean and dispersion of counts, some of which are spikes, and some idle: their mean is 0.

    Parameters
    ----------
    mixture
        Share of spikes, log ratio of their mean, and share of idle periods; broadcast to `mean`, as is `dispersion`.
    """
    spike, size, idle = mixture
    if not (spike.any() or idle.any()):
        return mean, dispersion
    chance = rng.random(mean.shape)
    is_idle, is_spike = chance < idle, chance > 1.0 - (1.0 - idle) * spike
    moved = np.where(is_idle, 0.0, np.where(is_spike, mean * np.exp(np.minimum(size, 300.0)), mean))
    return moved, np.where(is_spike, SPIKE_DISPERSION, dispersion)
