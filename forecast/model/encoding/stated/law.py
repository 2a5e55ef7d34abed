"""The law of an outcome's level over classes: a normal, stretched on one side and shortened on the other.

    mu = mean + sd (exp(skew z) - 1) / skew,  z standard normal;  mu = mean + sd z at skew 0

Where skew z is above `STRAIGHT_FROM`, the tangent goes on. A shifted log-normal, or its mirror image: Johnson (1949), Biometrika 36, doi:10.1093/biomet/36.1-2.149, the system S_L.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.constants import STRAIGHT_FROM

FloatArray = npt.NDArray[np.float64]

MAX_SKEW: Final = 1.5
"""Of a law that is solved for: one side of a 90 % interval is then 12 times as long as the other."""


@dataclass(frozen=True)
class Law:
    """On the outcome's scale; a normal law at skew 0."""

    mean: float
    """The median, since the deviation 0 is there."""
    sd: float
    """Slope at the median; the standard deviation at skew 0."""
    skew: float = 0.0

    def at(self, deviation: FloatArray) -> FloatArray:
        """The level of a standard normal deviation."""
        if self.skew == 0.0:
            return np.asarray(self.mean + self.sd * deviation)
        along = self.skew * deviation
        bent = np.minimum(along, STRAIGHT_FROM)
        return np.asarray(self.mean + self.sd * (np.expm1(bent) + np.exp(bent) * (along - bent)) / self.skew)

    def deviation(self, level: FloatArray) -> FloatArray:
        """The deviation of a level; infinite beyond the end of the law."""
        along = (level - self.mean) / self.sd
        if self.skew == 0.0:
            return np.asarray(along)
        along = np.maximum(self.skew * along, -1.0)
        beyond = np.maximum(along - math.expm1(STRAIGHT_FROM), 0.0) / math.exp(STRAIGHT_FROM)
        with np.errstate(divide="ignore"):
            return np.asarray((np.log1p(np.minimum(along, math.expm1(STRAIGHT_FROM))) + beyond) / self.skew)

    def half_width(self, z: float) -> float:
        """Half the distance between the levels of z and -z, in units of z: the standard deviation at skew 0."""
        low, high = self.at(np.array([-z, z]))
        return float(high - low) / (2.0 * z)
