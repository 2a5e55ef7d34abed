"""Counts of the indicators as they were observed, once more, as draws predict them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.futures.counts import mix
from forecast.futures.paths import negative_binomial
from forecast.model.encoding.encoded import EncodedStudy
from forecast.summary.draw_reader import DrawReader
from forecast.summary.replicates import past_waves
from forecast.summary.streams import read_mixtures

FloatArray = npt.NDArray[np.float64]

OBSERVATION: Final = "observation"
"""One count of one indicator, labelled ``indicator@first day of the period``."""


def _past_courses(encoded: EncodedStudy, posterior: xr.Dataset) -> FloatArray:
    """What seasons, drifts and breaks add to the log mean of each count; dims (chain, draw, count)."""
    arrays = encoded.arrays
    indicator, period = arrays["count_indicator"], arrays["count_period"]
    found = np.zeros((posterior.sizes[CHAIN], posterior.sizes[DRAW], len(indicator)))
    for place in range(len(encoded.indicators)):
        waves, course = past_waves(encoded, place)
        if len(waves):
            height = posterior["wave_height"].transpose(CHAIN, DRAW, "wave").values[:, :, waves]
            found[:, :, indicator == place] = height @ course[:, period[indicator == place]]
    return found


def predict_counts(
    encoded: EncodedStudy, posterior: xr.Dataset, rng: np.random.Generator
) -> tuple[xr.DataArray, xr.DataArray]:
    """Counts as they were observed: replicated (chain, draw, observation) and real (observation)."""
    arrays = encoded.arrays
    indicator, period = arrays["count_indicator"], arrays["count_period"]
    factor = arrays["indicator_factor"][indicator]
    drive = np.zeros((posterior.sizes[CHAIN], posterior.sizes[DRAW], len(indicator)))
    if encoded.factors:
        state = posterior["state"].transpose(CHAIN, DRAW, "past_period", "factor").values
        driven = factor > 0
        drive[:, :, driven] = state[:, :, period[driven], factor[driven] - 1]
    added = np.asarray(arrays["count_log_exposure"], dtype=float) + _past_courses(encoded, posterior)
    replicated = _draw_counts(encoded, posterior, indicator, drive, added, rng)
    names = [encoded.indicators[place] for place in indicator]
    periods = [encoded.past_periods[place].isoformat() for place in period]
    labels = {
        OBSERVATION: [f"{name}@{day}" for name, day in zip(names, periods, strict=True)],
        "indicator": (OBSERVATION, names),
        "past_period": (OBSERVATION, periods),
    }
    replicated = replicated.rename(indicator=OBSERVATION)
    # Beside `next_count` the name `indicator` is taken by its dim.
    replicated = replicated.assign_coords({name: label for name, label in labels.items() if name != "indicator"})
    real = xr.DataArray(arrays["count_value"].astype(np.int64), dims=(OBSERVATION,), coords=labels)
    return replicated, real


def _draw_counts(
    encoded: EncodedStudy,
    posterior: xr.Dataset,
    indicator: npt.NDArray[Any],
    drive: FloatArray,
    added: npt.ArrayLike,
    rng: np.random.Generator,
) -> xr.DataArray:
    """Counts of the model; dims (chain, draw, indicator), one for each entry of `indicator`.

    Parameters
    ----------
    added
        To the log mean, beside what a factor adds.
    """
    log_mean, loading, dispersion = (
        posterior[name].transpose(CHAIN, DRAW, "indicator").values[:, :, indicator]
        for name in ("log_mean", "loading", "dispersion")
    )
    mean = np.exp(np.minimum(np.asarray(added) + log_mean + loading * drive, 300.0))
    mixtures = read_mixtures(encoded, DrawReader(posterior, None), encoded.indicators)
    if mixtures is not None:
        of = (mixtures.spike_share, mixtures.spike_size, mixtures.idle_share)
        mean, dispersion = mix(mean, dispersion, [v[:, indicator].reshape(mean.shape) for v in of], rng)
    labels = {"indicator": [encoded.indicators[place] for place in indicator]}
    return xr.DataArray(negative_binomial(mean, dispersion, rng), dims=(CHAIN, DRAW, "indicator"), coords=labels)
