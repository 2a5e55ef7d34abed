"""Counts of the indicators as draws predict them: those that were observed once more, and the next one of each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.futures.counted import given_so_far
from forecast.futures.counts import mix
from forecast.futures.paths import negative_binomial
from forecast.model.encoding.encode import EncodedStudy
from forecast.summary.draw_reader import DrawReader
from forecast.summary.replicates import past_waves
from forecast.summary.streams import read_courses, read_mixtures

FloatArray = npt.NDArray[np.float64]

OBSERVATION: Final = "observation"
"""One count of one indicator, labelled ``indicator@first day of the period``."""


def predict_next_counts(encoded: EncodedStudy, posterior: xr.Dataset, rng: np.random.Generator) -> xr.DataArray:
    """Count of each indicator over the whole of the period after the last complete one; (chain, draw, indicator).

    What has been counted of it already stays counted.
    """
    drive = np.zeros((posterior.sizes[CHAIN], posterior.sizes[DRAW], 1 + len(encoded.factors)))
    upcoming = encoded.study.calendar.last_complete_period()[1] + timedelta(days=1)
    if encoded.factors:
        persistence = posterior["persistence"].transpose(CHAIN, DRAW, "factor").values
        state = posterior["state"].isel(past_period=-1).transpose(CHAIN, DRAW, "factor").values
        noise = rng.standard_normal(state.shape)
        has_state = encoded.past_periods[-1] == upcoming
        drive[:, :, 1:] = state if has_state else persistence * state + np.sqrt(1.0 - persistence**2) * noise
    of_indicator = np.arange(len(encoded.indicators))
    own = drive[:, :, encoded.arrays["indicator_factor"]]
    course, read = _next_courses(encoded, posterior, upcoming, rng), DrawReader(posterior, None)
    ahead = _draw_counts(encoded, posterior, of_indicator, own, course, rng)
    for place, indicator in enumerate(encoded.indicators):
        seen = next((o for o in encoded.signals.observations[indicator] if o.period == upcoming), None)
        if seen is not None:
            log_mean, loading, dispersion = (
                posterior[name].sel(indicator=indicator).transpose(CHAIN, DRAW).values
                for name in ("log_mean", "loading", "dispersion")
            )
            mean = np.exp(np.minimum(log_mean + loading * own[:, :, place] + course[:, :, place], 300.0))
            mixtures = read_mixtures(encoded, read, [indicator])
            mixture = None if mixtures is None else mixtures.of(0, np.arange(read.draws))
            ahead[:, :, place] = given_so_far(mean, dispersion, seen.value, seen.exposure, rng, mixture)
    return ahead


def _next_courses(encoded: EncodedStudy, posterior: xr.Dataset, upcoming: date, rng: np.random.Generator) -> FloatArray:
    """What seasons, drifts and breaks add to the log means in the first period that was not complete; dims (chain, draw,
    indicator)."""
    shape = posterior.sizes[CHAIN], posterior.sizes[DRAW], len(encoded.indicators)
    courses = read_courses(encoded, DrawReader(posterior, None), encoded.indicators, [upcoming])
    if courses is None:
        return np.zeros(shape)
    owner, begun = np.arange(shape[0] * shape[1]), int(encoded.past_periods[-1] == upcoming)
    return np.stack([courses.course(s, owner, begun, rng)[0] for s in range(shape[2])], axis=1).reshape(shape)


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
