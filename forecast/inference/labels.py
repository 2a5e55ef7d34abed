"""The study's own labels on everything that was sampled, by name; blocks that a study does not have are left out."""

from __future__ import annotations

import xarray as xr

from forecast.dims import POSTERIOR, SAMPLE_STATS
from forecast.model.encode import EncodedStudy

LATENT_SUFFIX = "_z"
"""Ending of the standard normal variables behind the named quantities."""


def label_posterior(tree: xr.DataTree, encoded: EncodedStudy) -> tuple[xr.Dataset, xr.Dataset]:
    """Posterior (dims chain, draw and the study's labelled dims) and sample statistics (dims chain, draw).

    The latent standard normals keep their names; variables of length zero are dropped.
    """
    posterior = tree[POSTERIOR].to_dataset()
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
