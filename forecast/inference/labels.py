"""The study's own labels on everything that was sampled, by name; blocks that a study does not have are left out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import CHAIN, DRAW, POSTERIOR, SAMPLE_STATS
from forecast.kernel.layout import NAMED
from forecast.model.encoding.encoded import EncodedStudy

LATENT_SUFFIX = "_z"
"""Ending of the deviations behind the named quantities."""


def label_posterior(tree: xr.DataTree, encoded: EncodedStudy) -> tuple[xr.Dataset, xr.Dataset]:
    """Posterior (dims chain, draw and the study's labelled dims) and sample statistics (dims chain, draw).

    The latent standard normals keep their names; variables of length zero are dropped.
    """
    posterior = tree[POSTERIOR].to_dataset()
    # The definition's own free variables, beside the deviations that they stand for.
    posterior = posterior.drop_vars([name for name in posterior.data_vars if str(name) not in NAMED])
    posterior = posterior.drop_dims([dim for dim, size in posterior.sizes.items() if size == 0])
    lengths = encoded.arrays.lengths
    coords = {dim: encoded.coords.get(dim, list(range(lengths[dim]))) for dim in posterior.dims if dim in lengths}
    posterior = posterior.drop_vars(coords, errors="ignore").assign_coords(coords)
    stats = tree[SAMPLE_STATS].to_dataset()
    return posterior, stats


def split_latent(posterior: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """The latent standard normals, and the named quantities that are made from them."""
    latent = [name for name in posterior.data_vars if str(name).endswith(LATENT_SUFFIX)]
    return posterior[latent], posterior[[name for name in posterior.data_vars if name not in latent]]


def label_quantities(
    values: Mapping[str, npt.NDArray[np.float64]], dims: Mapping[str, tuple[str, ...]], encoded: EncodedStudy
) -> xr.Dataset:
    """Quantities that are no draws of a sampler, dims (draw, ...), as one chain with the study's labels."""
    kept = {name: array for name, array in values.items() if array.size}
    variables = {name: ((CHAIN, DRAW, *dims[name]), array[None]) for name, array in kept.items()}
    lengths = encoded.arrays.lengths
    used = {dim for name in kept for dim in dims[name]}
    coords = {dim: encoded.coords.get(dim, list(range(lengths[dim]))) for dim in sorted(used)}
    draws = len(next(iter(kept.values())))
    return xr.Dataset(variables, coords={CHAIN: [0], DRAW: np.arange(draws), **coords})
