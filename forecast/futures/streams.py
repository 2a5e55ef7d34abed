"""Indicators as the simulation sees them: their counts in calendar periods, and what thresholds ask of these.

Light: NumPy alone, so that the web process can roll a stored forecast forward again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecast.futures.counts import Courses, Mixtures

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Periods:
    """Calendar periods whose counts thresholds look at, from the first of a window to the one that holds the horizon's end."""

    edges: FloatArray
    """Ends of the periods, and that before the first one, in periods from the as-of date; negative in the past."""
    begun: int
    """How many of them, the first ones, are over or have a state all the same; the next one has the state of the first future
    period."""
    state: FloatArray
    """Dims (draw, factor, period): states in the last of those that have begun; of the others everything was counted."""
    known: FloatArray
    """Dims (stream, period): what has been counted."""
    covered: FloatArray
    """Dims (stream, period): share of the period in which it was; not a number where it is unknown, so that what was counted
    is a lower bound."""

    @property
    def count(self) -> int:
        """How many they are."""
        return max(self.edges.size - 1, 0)

    def select(self, draws: IntArray) -> Periods:
        return replace(self, state=self.state[draws])


@dataclass(frozen=True)
class Streams:
    """Indicators that threshold outcomes look at; a count is negative binomial, see `forecast.model.graph.signals`."""

    log_mean: FloatArray
    loading: FloatArray
    dispersion: FloatArray
    """All three of dims (draw, stream)."""
    factor: IntArray
    """Per stream: place of its factor, -1 for none."""
    periods: Periods
    hazard: FloatArray
    """Dims (outcome, horizon): hazard of each threshold outcome in each period, over all draws; empty if none is a cause."""
    courses: Courses | None = None
    """None: no stream has a season, a drift or a break."""
    mixtures: Mixtures | None = None
    """None: no stream has spikes or idle periods."""

    def select(self, draws: IntArray) -> Streams:
        return replace(
            self,
            log_mean=self.log_mean[draws],
            loading=self.loading[draws],
            dispersion=self.dispersion[draws],
            periods=self.periods.select(draws),
            courses=None if self.courses is None else self.courses.select(draws),
            mixtures=None if self.mixtures is None else self.mixtures.select(draws),
        )

    @classmethod
    def none(cls, draws: int) -> Streams:
        """No threshold outcome."""
        empty, nothing = np.zeros((draws, 0)), np.zeros((0, 0))
        periods = Periods(np.zeros(0), 0, np.zeros((draws, 0, 0)), nothing, nothing)
        return cls(empty, empty, empty, np.zeros(0, dtype=np.int64), periods, nothing)


@dataclass(frozen=True)
class Thresholds:
    """What threshold outcomes ask of counts; all arrays have the dim outcome first."""

    streams: BoolArray
    """Dims (outcome, stream): whose counts are added; none for an outcome that is decided, or no threshold."""
    number: FloatArray
    """Count to be reached, or not to be exceeded."""
    is_least: BoolArray
    """Whether it is to be reached."""
    run: IntArray
    """Periods in a row that must; 0 for all periods of the window together."""
    first: IntArray
    last: IntArray
    """Places of the first and the last period of the window."""

    @classmethod
    def none(cls, outcomes: int) -> Thresholds:
        """No threshold outcome."""
        places = np.zeros(outcomes, dtype=np.int64)
        asked = np.zeros(outcomes, dtype=np.bool_)
        return cls(np.zeros((outcomes, 0), dtype=np.bool_), np.zeros(outcomes), asked, places, places, places)
