"""Age bands of an event outcome: how time at risk is split over them and what shape the hazard may take.

Ages count periods from the origin of a spell. Band b covers (start_b, start_{b+1}]; the last one is open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AgeBands:
    """Starts of the bands, in periods; the first is 0."""

    starts: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def representative_ages(self) -> FloatArray:
        """The age that stands for each band: its middle; for the open last band its start plus half the width before.

        A single band has no shape; its age is 1.
        """
        starts = np.asarray(self.starts, dtype=float)
        if len(starts) == 1:
            return np.ones(1)
        widths = np.diff(starts)
        return starts + np.append(widths, widths[-1]) / 2

    @property
    def log_ages(self) -> FloatArray:
        """log(t_b / t_ref), where t_ref is the geometric mean of the t_b: the trend then sums to zero over bands, and
        the level of an outcome is the mean log rate of its bands."""
        logs = np.log(self.representative_ages)
        return np.asarray(logs - logs.mean())

    @property
    def walk(self) -> FloatArray:
        """Bands by steps: the centred random walk over bands as a linear map of its standard normal steps."""
        n = len(self.starts)
        sums = np.tril(np.ones((n, n)))[:, 1:]
        return np.asarray(sums - sums.mean(axis=0, keepdims=True))

    def exposure(self, entry: float, leave: float) -> FloatArray:
        """Time spent in each band between two ages, in periods."""
        starts = np.asarray(self.starts, dtype=float)
        ends = np.append(starts[1:], np.inf)
        return np.asarray(np.clip(np.minimum(leave, ends) - np.maximum(entry, starts), 0.0, None))

    def band_from(self, age: float) -> int:
        """The band that an age names, as the label of a row of counts; an edge names the band that begins there."""
        return int(np.searchsorted(np.asarray(self.starts), age, side="right")) - 1

    def band_of(self, age: float) -> int:
        """The band in which something that happens at this age falls; an age on an edge belongs to the band that ends there."""
        return max(int(np.searchsorted(np.asarray(self.starts), age, side="left")) - 1, 0)
