"""The present case as every posterior draw sees it: all that a simulation of its futures needs, in plain arrays.

Light: NumPy alone, so that the web process can roll a stored forecast forward again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

EVENT, BINARY, THRESHOLD = "event", "binary", "threshold"
MAX_RATE = 1e6
"""Largest expected number of events of one future period; larger values make no difference, and sums stay finite."""


@dataclass(frozen=True)
class Factors:
    """Latent states at the last past period, how they persist, and what they move."""

    state: FloatArray
    """Dims (draw, factor); stationary mean 0, variance 1."""
    persistence: FloatArray
    """Dims (draw, factor): correlation between one period and the next."""
    gamma: FloatArray
    """Dims (draw, effect): change of the log rate or log odds per standard deviation."""
    effect_outcome: IntArray
    """Per effect: place of the outcome."""
    effect_factor: IntArray
    """Per effect: place of the factor."""

    def select(self, draws: IntArray) -> Factors:
        return replace(self, state=self.state[draws], persistence=self.persistence[draws], gamma=self.gamma[draws])

    @classmethod
    def none(cls, draws: int) -> Factors:
        """No factor."""
        empty = np.zeros((draws, 0))
        return cls(empty, empty, empty, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class Links:
    """What an outcome does to another from the moment it occurs."""

    cause: IntArray
    effect_on: IntArray
    """Both per link: places of the outcomes."""
    delta: FloatArray
    """Dims (draw, link): change of the log rate or log odds."""

    def select(self, draws: IntArray) -> Links:
        return replace(self, delta=self.delta[draws])

    @classmethod
    def none(cls, draws: int) -> Links:
        """No link."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros((draws, 0)))


@dataclass(frozen=True)
class Streams:
    """Indicators that threshold outcomes look at; a count is negative binomial, see `forecast.model.graph.signals`."""

    log_mean: FloatArray
    loading: FloatArray
    dispersion: FloatArray
    """All three of dims (draw, stream)."""
    factor: IntArray
    """Per stream: place of its factor, -1 for none."""
    of_outcome: IntArray
    """Per outcome: place of its stream, -1 unless it is a threshold outcome."""
    at_least: FloatArray
    """Per outcome: the count to be reached in one period; 0 unless it is a threshold outcome."""
    ends: FloatArray
    """Per future count: periods from the as-of date to the last day of the natural period that it counts."""

    def select(self, draws: IntArray) -> Streams:
        return replace(
            self, log_mean=self.log_mean[draws], loading=self.loading[draws], dispersion=self.dispersion[draws]
        )

    @classmethod
    def none(cls, draws: int, outcomes: int) -> Streams:
        """No threshold outcome."""
        empty = np.zeros((draws, 0))
        nothing = np.full(outcomes, -1, dtype=np.int64)
        return cls(empty, empty, empty, np.zeros(0, dtype=np.int64), nothing, np.zeros(outcomes), np.zeros(0))


@dataclass(frozen=True)
class PresentCase:
    """What each posterior draw says about the future; draws of all chains in one row, chain by chain."""

    outcomes: tuple[str, ...]
    """All of the study, in its order."""
    kinds: tuple[str, ...]
    """Per outcome: event, binary or threshold."""
    groups: IntArray
    """Per outcome: outcomes of one group exclude one another."""
    resolves: FloatArray
    """Per outcome: periods from the as-of date to its resolution date (or the horizon)."""
    level: FloatArray
    """Dims (draw, outcome): log rate per period or log odds; 0 for threshold outcomes."""
    shape: FloatArray
    """Dims (draw, band): log hazard shape of the age bands that the present case goes through."""
    band_outcome: IntArray
    """Per band: place of its event outcome."""
    time_in_band: FloatArray
    """Dims (horizon, band): share of each future period that is spent in the band."""
    factors: Factors
    links: Links
    streams: Streams
    settled: FloatArray
    """Per outcome: not a number while it is open; 0 or just before, in their order, for what is known to have happened;
    infinite for what is known not to happen."""
    chains: int

    @property
    def draws(self) -> int:
        """Draws over all chains."""
        return int(self.level.shape[0])

    @property
    def horizon(self) -> int:
        """Future periods."""
        return int(self.time_in_band.shape[0])

    @property
    def is_event(self) -> BoolArray:
        """Per outcome."""
        return np.array([kind == EVENT for kind in self.kinds], dtype=bool)

    @property
    def is_binary(self) -> BoolArray:
        """Per outcome."""
        return np.array([kind == BINARY for kind in self.kinds], dtype=bool)

    def select(self, draws: IntArray) -> PresentCase:
        """The same for some of the draws."""
        return replace(
            self,
            level=self.level[draws],
            shape=self.shape[draws],
            factors=self.factors.select(draws),
            links=self.links.select(draws),
            streams=self.streams.select(draws),
        )

    def own_rates(self, outcome: int) -> FloatArray:
        """Expected events of an event outcome per future period, factors at 0, nothing else having occurred.

        Returns
        -------
        Dims (draw, horizon): the rate averaged over the ages that each period covers.
        """
        own = np.flatnonzero(self.band_outcome == outcome)
        # Not @: a small product would wake the threads of BLAS, which on a busy machine take longer than the work.
        multiplier: FloatArray = np.einsum("db,hb->dh", _exp(self.shape[:, own]), self.time_in_band[:, own])
        return np.minimum(_exp(self.level[:, outcome])[:, None] * multiplier, MAX_RATE)

    @cached_property
    def rates(self) -> FloatArray:
        """`own_rates` of all outcomes, dims (draw, outcome, horizon); 0 for those that are not events."""
        result = np.zeros((self.draws, len(self.outcomes), self.horizon))
        for position in np.flatnonzero(self.is_event):
            result[:, position, :] = self.own_rates(int(position))
        return result

    @property
    def yes(self) -> FloatArray:
        """Probability of yes, factors at 0 and nothing else having occurred; dims (draw, outcome), 0 unless binary."""
        return np.where(self.is_binary, 1.0 / (1.0 + _exp(-self.level)), 0.0)

    @cached_property
    def closed(self) -> BoolArray:
        """Per outcome: whether its probability has a closed form for each draw.

        No factor and no other outcome moves it or one that it competes with, and it is not a threshold outcome.
        """
        moved = np.array([kind == THRESHOLD for kind in self.kinds], dtype=bool)
        moved[self.factors.effect_outcome] = True
        moved[self.links.effect_on] = True
        moved |= ~np.isnan(self.settled)
        return ~np.isin(self.groups, self.groups[moved])


def _exp(values: FloatArray) -> FloatArray:
    """Far beyond any rate that means something, but finite."""
    return np.asarray(np.exp(np.minimum(values, 300.0)))
