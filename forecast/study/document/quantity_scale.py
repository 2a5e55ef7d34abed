"""The scale of a quantity: the curve that takes a standard normal variable to a number with the stated quantiles.

On the quantity's own scale, linear or logarithmic, a number lies at

    u(w) = m + s (exp(g w) - 1) / g       (m + s w where g is 0)

with m, s and g such that w = -z, 0, z give low, median and high. Beyond `STRAIGHT_BEYOND` standard deviations the curve goes on
along its tangent, so that every number has its place. A shifted log-normal law or its mirror image, as for levels: Johnson (1949),
Biometrika 36, doi:10.1093/biomet/36.1-2.149, the system S_L.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

STRAIGHT_BEYOND: Final = 4.0
"""Standard deviations from the median; one number in 16,000 lies further out."""
_STRAIGHT: Final = 1e-6
"""Skew below which the curve is a straight line."""
_LARGEST_LOG: Final = 600.0
"""Numbers go no further; the next ones are not finite."""


@dataclass(frozen=True)
class QuantityScale:
    """The curve of one quantity."""

    middle: float
    slope: float
    skew: float
    is_log: bool

    @classmethod
    def through(cls, low: float, median: float, high: float, level: float, *, is_log: bool) -> QuantityScale:
        """The curve through three quantiles, the outer ones so far apart that `level` lies between them."""
        if is_log:
            low, median, high = math.log(low), math.log(median), math.log(high)
        place = NormalDist().inv_cdf(0.5 + level / 2.0)
        skew = math.log((high - median) / (median - low)) / place
        if abs(skew) < _STRAIGHT:
            return cls(median, (high - low) / (2.0 * place), 0.0, is_log)
        return cls(median, (high - median) * skew / math.expm1(skew * place), skew, is_log)

    def numbers(self, places: npt.ArrayLike) -> FloatArray:
        """The numbers at places of the standard normal variable; any dims."""
        w = np.asarray(places, dtype=float)
        found = self.middle + self._bent(w)
        return np.exp(np.clip(found, -_LARGEST_LOG, _LARGEST_LOG)) if self.is_log else found

    def places(self, numbers: npt.ArrayLike) -> FloatArray:
        """The places of numbers; any dims. On a logarithmic scale those of 0 and below are minus infinity."""
        found = np.asarray(numbers, dtype=float)
        if self.is_log:
            with np.errstate(divide="ignore", invalid="ignore"):
                found = np.where(found > 0.0, np.log(found), -np.inf)
        beyond = (found - self.middle) / self.slope
        if self.skew == 0.0:
            return np.asarray(beyond)
        low, high = -STRAIGHT_BEYOND, STRAIGHT_BEYOND
        ends = self._bent(np.array([low, high])) / self.slope
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.log1p(self.skew * beyond) / self.skew
        below = low + (beyond - ends[0]) / math.exp(self.skew * low)
        above = high + (beyond - ends[1]) / math.exp(self.skew * high)
        return np.where(beyond < ends[0], below, np.where(beyond > ends[1], above, inside))

    def _bent(self, w: FloatArray) -> FloatArray:
        if self.skew == 0.0:
            return self.slope * w
        inside = np.clip(w, -STRAIGHT_BEYOND, STRAIGHT_BEYOND)
        return self.slope * (np.expm1(self.skew * inside) / self.skew + (w - inside) * np.exp(self.skew * inside))
