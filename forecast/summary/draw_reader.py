"""Draws of a dataset with dims chain and draw, by the labels of their other dims."""

from __future__ import annotations

import numpy as np
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.futures.present import FloatArray, IntArray


class DrawReader:
    """Variables of a dataset as arrays of dims (draw, label); one that is absent has no labels."""

    def __init__(self, posterior: xr.Dataset, draws: IntArray | None) -> None:
        self._posterior = posterior
        self._kept = slice(None) if draws is None else draws
        total = posterior.sizes[CHAIN] * posterior.sizes[DRAW]
        self.draws = total if draws is None else len(draws)

    def values(self, name: str, dim: str, labels: list[str] | tuple[str, ...]) -> FloatArray:
        if not labels:
            return np.zeros((self.draws, 0))
        return self._flat(self._posterior[name], dim, labels)

    def last_state(self, factors: tuple[str, ...]) -> FloatArray:
        """State at the last past period: the last one complete at the as-of date, or the running one if it was counted."""
        if not factors:
            return np.zeros((self.draws, 0))
        return self._flat(self._posterior["state"].isel(past_period=-1), "factor", factors)

    def states(self, factors: tuple[str, ...]) -> FloatArray:
        """States in all past periods, dims (draw, past period, factor)."""
        if not factors:
            return np.zeros((self.draws, 0, 0))
        found = self._posterior["state"].transpose(CHAIN, DRAW, "past_period", "factor").sel(factor=list(factors))
        return np.asarray(found.values.reshape(-1, *found.shape[2:])[self._kept], dtype=float)

    def _flat(self, variable: xr.DataArray, dim: str, labels: list[str] | tuple[str, ...]) -> FloatArray:
        ordered = variable.transpose(CHAIN, DRAW, dim)
        found = ordered[dim].values.tolist()
        values = ordered.values.reshape(-1, ordered.sizes[dim])[self._kept]
        return np.asarray(values[:, [found.index(label) for label in labels]], dtype=float)
