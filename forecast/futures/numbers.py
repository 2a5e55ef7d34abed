"""Quantities of the future: numbers drawn for every future.

Given a draw, a quantity lies at a place w of its scale: of grade k with its weight, Normal(level_k, spread^2)
(`forecast.model.graph.quantities`). Light: NumPy alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecast.study.document.quantity_scale import QuantityScale

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

STREAM = 11
"""Of random numbers, beside those of events."""


@dataclass(frozen=True)
class Numbers:
    """What each draw says about quantities."""

    names: tuple[str, ...]
    scales: tuple[QuantityScale, ...]
    quantity: IntArray
    """Per grade: place of its quantity."""
    weight: FloatArray
    """Per grade; those of a quantity add up to 1."""
    level: FloatArray
    """Dims (draw, grade)."""
    spread: FloatArray
    """Dims (draw, quantity)."""

    def select(self, draws: IntArray) -> Numbers:
        """The same for some of the draws."""
        return replace(self, level=self.level[draws], spread=self.spread[draws])

    def draw(self, replicates: int, seed: int) -> dict[str, FloatArray]:
        """Numbers by quantity, dims (draw, replicate)."""
        rng, found = np.random.default_rng([seed, STREAM]), {}
        draws = len(self.level)
        for place, name in enumerate(self.names):
            own = np.flatnonzero(self.quantity == place)
            ends = np.cumsum(self.weight[own])
            chosen = np.searchsorted(ends / ends[-1], rng.random((draws, replicates)), side="right")
            grade = own[np.minimum(chosen, len(own) - 1)]
            w = self.level[np.arange(draws)[:, None], grade] + self.spread[:, place, None] * rng.standard_normal(
                (draws, replicates)
            )
            found[name] = self.scales[place].numbers(w)
        return found
