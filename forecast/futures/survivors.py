"""What moves the hazards of outcomes among those still at risk of them: causes that may have occurred, and factors.

Both are thinned by the hazards of the effects' group: who is at higher risk leaves first. `forecast.futures.offsets` says what for.
Light: NumPy alone.

References
----------
Selection among survivors: Vaupel, Manton and Stallard (1979), Demography 16(3), doi:10.2307/2061224. Splitting: Strang (1968),
doi:10.1137/0705041. Gaussian moment closure: Kuehn (2016), doi:10.1007/978-3-319-28028-8_13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from forecast.futures.present import FloatArray

MAX_LOG: Final = 50.0
"""Largest effect of one link, in the logarithm, that is told from larger ones here."""


@dataclass
class CauseGroup:
    """Outcomes that exclude one another, of which some act on one group of effects; arrays have the dim (draw)."""

    group: int
    acting: list[int]
    """Places of the outcomes that act."""
    hazards: FloatArray
    """Dims (cause, draw, horizon): expected events in each period among those in whom none of the group occurred."""
    others: FloatArray
    """Dims (draw, horizon): the same of the members that do not act."""
    dates: FloatArray
    """Dims (cause, horizon): when in the period a cause occurs that does so on one date, from 0 to 1; else not a number."""
    ratios: FloatArray
    """Dims (cause, effect, draw): exp(delta)."""
    occurred: FloatArray
    """Dims (cause, draw): among those at risk of the effects."""
    pending: FloatArray
    """Dims (draw)."""
    is_of_draws: bool = True
    """Whether each draw's own hazards are what is expected, and not those of an earlier day."""
    scale: FloatArray | None = None
    """Of the hazards in this period, dims (cause, draw)."""

    @property
    def masses(self) -> tuple[Any, ...]:
        """What changes from part to part."""
        return self.pending, self.occurred

    @masses.setter
    def masses(self, found: tuple[Any, ...]) -> None:
        self.pending, self.occurred = found

    def raised(self) -> FloatArray:
        """Mean of what the causes that have occurred multiply hazards with, dims (effect, draw)."""
        return np.asarray(1.0 + np.einsum("kd,ked->ed", self.occurred, self.ratios - 1.0))

    def multiplier(self, period: int, part: int, parts: int) -> FloatArray:
        """Mean of what the causes multiply hazards with in a part of a period, dims (effect, draw)."""
        turned, total, share = self._turned(period, part, parts)
        within = self.occurred + share[:, None] * self.pending * turned / np.maximum(total, 1e-300)
        return np.asarray(1.0 + np.einsum("kd,ked->ed", within, self.ratios - 1.0))

    def advance(self, period: int, part: int, parts: int, rates: FloatArray) -> None:
        """To the next part: half of the thinning, what occurs, and the other half.

        `rates` are the hazards of the effects in the part where no cause has occurred, dims (effect, draw).
        """
        none = np.exp(-0.5 * rates.sum(axis=0))
        acting = np.exp(-0.5 * np.einsum("ed,ked->kd", rates, self.ratios))
        gone = np.maximum(1.0 - self.pending - self.occurred.sum(axis=0), 0.0) * none
        pending, occurred = self.pending * none, self.occurred * acting
        turned, total, _ = self._turned(period, part, parts)
        per_unit = pending * turned / np.maximum(total, 1e-300)  # one row for each cause
        leaving = pending * -np.expm1(-total)
        occurred = (occurred + per_unit) * acting
        gone = (gone + leaving - per_unit.sum(axis=0)) * none
        pending = (pending - leaving) * none
        left = np.maximum(pending + gone + occurred.sum(axis=0), 1e-300)
        self.pending, self.occurred = pending / left, occurred / left

    def _turned(self, period: int, part: int, parts: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Share that turns in a part of a period to each cause times the total hazard; that hazard; the share of the part
        in which a cause that occurs in it acts, on average."""
        date = self.dates[:, period] * parts
        has_date = ~np.isnan(date)
        is_here = np.maximum(np.ceil(np.nan_to_num(date)), 1.0) == part + 1
        weight = np.where(has_date, is_here.astype(float), 1.0 / parts)
        own = self.hazards[:, :, period] * weight[:, None]
        if self.scale is not None:
            own = own * self.scale
        total = own.sum(axis=0) + self.others[:, period] / parts
        share = np.where(has_date, np.clip(part + 1 - np.nan_to_num(date), 0.0, 1.0), 0.5)
        return own * -np.expm1(-total), total, share


@dataclass
class FactorLaw:
    """A factor among those at risk: normal, from its stationary law on; arrays have the dim (draw)."""

    gamma: FloatArray
    """Dims (effect, draw)."""
    persistence: FloatArray
    mean: FloatArray
    variance: FloatArray

    def multiplier(self) -> FloatArray:
        """Mean of exp(gamma s), dims (effect, draw)."""
        return np.asarray(np.exp(np.minimum(self.gamma * self.mean + 0.5 * self.gamma**2 * self.variance, MAX_LOG)))

    def thin(self, rates: FloatArray) -> None:
        """By the hazards of some time, dims (effect, draw), each the mean over the law."""
        slope, curvature = (rates * self.gamma).sum(axis=0), (rates * self.gamma**2).sum(axis=0)
        kept = 1.0 / (1.0 + self.variance * curvature)
        self.mean = self.mean - self.variance * kept * slope
        self.variance = self.variance * kept

    def advance(self) -> None:
        """To the next period."""
        self.mean = self.persistence * self.mean
        self.variance = self.persistence**2 * self.variance + 1.0 - self.persistence**2
