"""What the figures are drawn from: a forecast's document, answer and draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.answer import Answer
from forecast.dims import CHAIN, DRAW, POSTERIOR, SAMPLE_STATS
from forecast.explain.runs import Fit
from forecast.figures.style import Figure
from forecast.futures.simulation import MAX_DRAWS, thin_draws
from forecast.inference.diagnostics import scalars
from forecast.model.encoding.encode import encode_study
from forecast.model.encoding.encoded import EncodedStudy
from forecast.study import Study
from forecast.summary.archive import LATENT

FloatArray = npt.NDArray[np.float64]
Draw = Callable[[], Figure]
"""Draws one figure; one that fails takes no other with it."""

WORST: Final = 4
"""Parameters that the figures of the sampler show: those of the smallest effective sample size."""


@dataclass(frozen=True)
class Material:
    """A forecast as it is stored."""

    study: Study
    answer: Answer
    tree: xr.DataTree
    """Its ``draws.nc``."""

    @cached_property
    def encoded(self) -> EncodedStudy:
        """The document's arrays, for what the draws do not hold: single cases."""
        return encode_study(self.study)

    @cached_property
    def posterior(self) -> xr.Dataset:
        """Named quantities, dims (chain, draw, ...)."""
        return self.tree[POSTERIOR].to_dataset()

    @cached_property
    def latent(self) -> xr.Dataset:
        """The variables that were sampled, dims (chain, draw, ...)."""
        return self.tree[LATENT].to_dataset() if LATENT in self.tree else xr.Dataset()

    @cached_property
    def stats(self) -> xr.Dataset:
        """Sample statistics, dims (chain, draw)."""
        return self.tree[SAMPLE_STATS].to_dataset()

    @cached_property
    def fit(self) -> Fit:
        """At most `MAX_DRAWS` draws as explanations take them."""
        merged = self.posterior.merge(self.latent)
        chains, draws = merged.sizes[CHAIN], merged.sizes[DRAW]
        each = thin_draws(1, draws, max(1, MAX_DRAWS // chains))
        return Fit(self.encoded, merged.isel({DRAW: each}), self.answer.provenance.seed)

    def group(self, name: str) -> xr.Dataset | None:
        """A group of the file; None where it is missing or empty."""
        if name not in self.tree:
            return None
        found = self.tree[name].to_dataset()
        return found if found.data_vars else None

    @cached_property
    def worst(self) -> dict[str, FloatArray]:
        """Draws, dims (chain, draw), of the parameters that were hardest to sample, by name."""
        known = sorted(
            (found for found in self.answer.diagnostics.parameters if found.ess_bulk is not None),
            key=lambda found: found.ess_bulk or 0.0,
        )
        return self.draws_of([found.name for found in known], WORST)

    def draws_of(self, names: Iterable[str], most: int) -> dict[str, FloatArray]:
        """Draws, dims (chain, draw), of the first so many of these parameters that vary."""
        every = dict(scalars(self.posterior)) | dict(scalars(self.latent))
        found: dict[str, FloatArray] = {}
        for name in names:
            draws = every.get(name)
            if len(found) < most and draws is not None and np.isfinite(draws).all() and np.ptp(draws) > 0:
                found |= {} if any(_is_same(draws, other) for other in found.values()) else {name: draws}
        return found


def _is_same(one: FloatArray, other: FloatArray) -> bool:
    """Whether one parameter is another on another scale."""
    return bool(abs(np.corrcoef(one.reshape(-1), other.reshape(-1))[0, 1]) > 1.0 - 1e-9)


def chained(draws: dict[str, FloatArray]) -> xr.Dataset:
    """Scalars as ArviZ takes them, each a variable with dims (chain, draw)."""
    chains, length = next(iter(draws.values())).shape
    coords = {CHAIN: np.arange(chains), DRAW: np.arange(length)}
    return xr.Dataset({name: ((CHAIN, DRAW), values) for name, values in draws.items()}, coords=coords)
