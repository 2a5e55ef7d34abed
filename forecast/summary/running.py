"""What half-finished chains say of each outcome: a running estimate, its error, and each chain by itself."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.model.encoding.encoded import EncodedStudy
from forecast.montecarlo import mcse_of_mean
from forecast.progress import RunningEstimate
from forecast.summary.posterior import ROLLED_FORWARD, resolution_probabilities

QUICK_DRAWS: Final = 200
QUICK_REPLICATES: Final = 10
"""Draws and futures per draw of a running estimate: a tenth of a second at most, an error of 0.01 from the futures."""
FEWEST_DRAWS: Final = 8
"""Of each chain, for an error to be told."""


def estimate_running(encoded: EncodedStudy, posterior: xr.Dataset, seed: int) -> dict[str, RunningEstimate]:
    """Running estimate of each outcome from as many draws of each chain, evenly spaced; exact for each draw where there
    is a closed form. Empty while a chain has no complete draw.

    Parameters
    ----------
    posterior
        Dims chain, draw and the program's, labelled or not; chains may still be ragged (NaN at their ends).
    """
    found = posterior[[name for name in ROLLED_FORWARD if name in posterior and posterior[name].size]]
    labels = {dim: encoded.coords[str(dim)] for dim in found.dims if dim in encoded.coords}
    found = found.drop_vars(found.coords).assign_coords(labels)
    shown = found[next(iter(found))].transpose(CHAIN, DRAW, ...).values
    complete = [np.flatnonzero(row) for row in np.isfinite(shown.reshape(*shown.shape[:2], -1)[:, :, 0])]
    each = min(QUICK_DRAWS // len(complete), *(len(places) for places in complete))
    if each < 1:
        return {}
    even = np.stack([places[np.linspace(0, len(places) - 1, each).astype(np.int64)] for places in complete])
    picked = found.isel(
        {CHAIN: xr.DataArray(np.arange(len(complete)), dims="c"), DRAW: xr.DataArray(even, dims=("c", "d"))}
    )
    flat = picked.stack(sample=("c", "d"), create_index=False).rename(sample=DRAW).expand_dims(CHAIN)
    probability = resolution_probabilities(encoded, flat, replicates=QUICK_REPLICATES, seed=seed)
    values = probability.T.reshape(-1, len(complete), each)
    errors = mcse_of_mean(values) if each >= FEWEST_DRAWS else np.full(len(values), np.nan)
    # No success so far has the error of half a success.
    futures = values[0].size * QUICK_REPLICATES
    half = (0.5 / (futures + 1.0)) * (1.0 - 0.5 / (futures + 1.0))
    errors = np.where(errors == 0.0, np.sqrt(half / futures), errors)
    return {
        outcome.id: RunningEstimate(
            float(own.mean()),
            float(error) if math.isfinite(error) else None,
            tuple(float(mean) for mean in own.mean(axis=1)),
        )
        for outcome, own, error in zip(encoded.study.parts, values, errors, strict=True)
    }
