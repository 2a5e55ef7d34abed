"""Counts of one indicator drawn again, as they were observed, from posterior draws."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.futures.counts import mix
from forecast.futures.paths import negative_binomial
from forecast.model.encoding.encoded import EncodedStudy

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MAX_LOG_MEAN = 300.0
"""Far beyond any count that means something, but its exponential is finite."""

MIXTURE: Final = ("spike_share", "spike_size", "idle_share")


def past_waves(encoded: EncodedStudy, indicator: int) -> tuple[IntArray, FloatArray]:
    """Places of an indicator's waves, and the course of each over the past periods; dims (wave, past_period)."""
    a = encoded.arrays
    waves = np.flatnonzero(a["pattern_indicator"][a["wave_pattern"]] == indicator)
    return waves, np.asarray(a["motif_course"][a["wave_motif"][waves]], dtype=float)


class CountReplicates:
    """What draws say of the counts of every indicator; dims of its arrays begin with the draw, chains end to end."""

    def __init__(self, encoded: EncodedStudy, posterior: xr.Dataset) -> None:
        self._encoded = encoded
        self._posterior = posterior
        self.draws: int = posterior.sizes[CHAIN] * posterior.sizes[DRAW]

    def rows(self, indicator: int) -> IntArray:
        """Places of an indicator's counts along the dim `count`, in order of time."""
        return np.flatnonzero(self._encoded.arrays["count_indicator"] == indicator)

    def real(self, indicator: int) -> FloatArray:
        """The counts themselves."""
        return np.asarray(self._encoded.arrays["count_value"][self.rows(indicator)], dtype=float)

    def log_expected(self, indicator: int, periods: IntArray, draws: IntArray) -> FloatArray:
        """Log of the usual count of whole past periods, dims (draw, period)."""
        factor = int(self._encoded.arrays["indicator_factor"][indicator]) - 1
        level = self._flat("log_mean", "indicator")[draws, indicator][:, None] + np.zeros(len(periods))
        if factor >= 0:
            state = self._posterior["state"].isel(factor=factor).transpose(CHAIN, DRAW, "past_period").values
            state = state.reshape(self.draws, -1)[np.ix_(draws, periods)]
            level = level + self._flat("loading", "indicator")[draws, indicator][:, None] * state
        waves, course = past_waves(self._encoded, indicator)
        if len(waves):
            level = level + self._flat("wave_height", "wave")[np.ix_(draws, waves)] @ course[:, periods]
        return np.asarray(level)

    def draw(self, indicator: int, draws: IntArray, rng: np.random.Generator) -> FloatArray:
        """Counts of the observed periods with their exposures, dims (draw, count)."""
        rows = self.rows(indicator)
        periods = np.asarray(self._encoded.arrays["count_period"][rows], dtype=np.int64)
        level = self.log_expected(indicator, periods, draws)
        level += np.asarray(self._encoded.arrays["count_log_exposure"][rows], dtype=float)
        dispersion = self._flat("dispersion", "indicator")[draws, indicator][:, None]
        mean = np.exp(np.minimum(level, MAX_LOG_MEAN))
        mixture = int(self._encoded.arrays["indicator_mixture"][indicator]) - 1
        if mixture >= 0:
            own = [self._flat(name, "mixture")[draws, mixture][:, None] for name in MIXTURE]
            mean, dispersion = mix(mean, dispersion, own, rng)
        return negative_binomial(mean, dispersion, rng)

    def _flat(self, name: str, dim: str) -> FloatArray:
        values = self._posterior[name].transpose(CHAIN, DRAW, dim).values
        return np.asarray(values.reshape(self.draws, -1), dtype=float)
