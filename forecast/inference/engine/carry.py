"""Draws of one study carried over to another, as a proposal for its posterior.

What both studies have keeps its deviations from the prior, by label; what only the later one has (the state of a factor
in a new month, a new expert) is drawn from the prior. The proposal's density is then known, and importance weights
follow: with posterior draws of the earlier study, only the likelihood of what is new enters them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.inference.deviations import (
    FloatArray,
    draw_deviations,
    join,
    join_latents,
)
from forecast.inference.engine.loaded_study import LoadedStudy
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.latent_specs import LATENTS


class NotCarriedError(ValueError):
    """The later study has no place for something that the earlier one sampled."""


@dataclass(frozen=True)
class Carried:
    """The same draws as deviations of the earlier and of the later study, chains end to end; dims (draw, parameter)."""

    before: FloatArray
    after: FloatArray
    log_proposal: FloatArray
    """Log density of the newly drawn variables, to be subtracted from the ratio of the log densities; dims (draw)."""


def carry_draws(before: EncodedStudy, latent: xr.Dataset, after: EncodedStudy, rng: np.random.Generator) -> Carried:
    """Draws of one study's latent variables, dims (chain, draw, ...) as in ``draws.nc``, as draws of another.

    Raises
    ------
    NotCarriedError
        When a label of the earlier study is missing in the later one: its draws would have to be integrated out.
    """
    old_points = _points(latent, before)
    old = _by_latent(old_points, before)
    new = draw_deviations(rng, len(old_points), after.arrays)
    log_proposal = np.zeros(len(old_points))
    for name, spec in LATENTS.items():
        there, here = _labels(before, spec.dims), _labels(after, spec.dims)
        places = {label: place for place, label in enumerate(here)}
        if len(places) != len(here):
            raise NotCarriedError(f"{name.removesuffix('_z')} has a label twice")
        missing = [label for label in there if label not in places]
        if missing:
            raise NotCarriedError(f"{name.removesuffix('_z')} of {missing[0]} is no longer part of the study")
        fresh = np.ones(len(here), dtype=bool)
        fresh[[places[label] for label in there]] = False
        if fresh.any() and spec.law == "partial_correlation":
            raise NotCarriedError("outcomes are correlated that were not before")
        log_proposal += _log_prior(new[name][:, fresh], half=spec.law == "half_normal")
        new[name][:, [places[label] for label in there]] = old[name]
    return Carried(old_points, join(new), log_proposal)


def log_densities(loaded: LoadedStudy, points: FloatArray, threads: int) -> FloatArray:
    """Log density of each point, dims (draw); compiled code runs without Python's lock."""
    with ThreadPoolExecutor(threads) as pool:
        return np.concatenate(list(pool.map(loaded.log_densities, np.array_split(points, threads))))


def resample(weights: FloatArray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Places of `count` draws taken in proportion to their weights, in their own order.

    Systematic resampling: Douc, Cappé and Moulines (2005), doi:10.1109/ISPA.2005.195385. Copies of a draw are adjacent,
    so diagnostics of chains see them as autocorrelation.
    """
    marks = (np.arange(count) + rng.uniform()) / count
    return np.minimum(np.searchsorted(np.cumsum(weights), marks), len(weights) - 1)


def _log_prior(values: FloatArray, *, half: bool) -> FloatArray:
    """Log prior density of deviations up to a constant, dims (draw); `half` are logarithms of half-normal ones."""
    return np.asarray((values - 0.5 * np.exp(2.0 * values) if half else -0.5 * values**2).sum(axis=1))


def _points(latent: xr.Dataset, encoded: EncodedStudy) -> FloatArray:
    """Dims (draw, parameter), by the study's labels."""
    values = {}
    for name, spec in LATENTS.items():
        if name in latent:
            found = latent[name].sel({dim: encoded.coords[dim] for dim in spec.dims}).transpose(CHAIN, DRAW, *spec.dims)
            values[name] = found.values.reshape(latent.sizes[CHAIN] * latent.sizes[DRAW], -1)
    return join_latents(values)


def _by_latent(points: FloatArray, encoded: EncodedStudy) -> dict[str, FloatArray]:
    """Cut at the latent variables; dims (draw, size)."""
    sizes = [int(np.prod([encoded.arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    return dict(zip(LATENTS, np.split(points, np.cumsum(sizes)[:-1], axis=1), strict=True))


def _labels(encoded: EncodedStudy, dims: Sequence[str]) -> list[tuple[str, ...]]:
    coords: Mapping[str, list[str]] = encoded.coords
    labels: list[tuple[str, ...]] = [()]
    for dim in dims:
        labels = [(*label, str(own)) for label in labels for own in coords[dim]]
    return labels
