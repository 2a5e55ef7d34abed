"""Prior draws of the model's free variables, on the scale that the sampler sees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecast.model.arrays import ModelArrays
from forecast.model.opinions import TINY
from forecast.model.specs import LATENTS

FloatArray = npt.NDArray[np.float64]


def draw_latents(rng: np.random.Generator, draws: int, arrays: ModelArrays) -> FloatArray:
    """Independent draws from the prior, dims (draw, parameter), in the order of `LATENTS`."""
    values: dict[str, FloatArray] = {}
    for name, latent in LATENTS.items():
        size = int(np.prod([arrays.lengths[dim] for dim in latent.dims]))
        match latent.law:
            case "normal":
                values[name] = rng.standard_normal((draws, size))
            case "half_normal":
                values[name] = np.log(np.abs(rng.standard_normal((draws, size))))
            case "partial_correlation":
                shape = np.asarray(arrays["pair_shape"], dtype=float)
                values[name] = np.arctanh(2.0 * rng.beta(shape, shape, (draws, size)) - 1.0)
            case "log_mean":
                values[name] = rng.standard_normal((draws, size)) + _mean_drive(values, arrays)
            case "exercise":
                values[name] = _draw_exercises(rng.standard_normal((draws, size)), values, arrays)
    return np.concatenate(list(values.values()), axis=1)


def _draw_exercises(standard: FloatArray, values: dict[str, FloatArray], arrays: ModelArrays) -> FloatArray:
    """What is said on the questions of track records, from standard normal deviations; see `forecast.model.opinions`."""
    a = {name: np.asarray(arrays[name]) for name in arrays}
    of, kind, centring = a["exercise_exam"], a["exercise_kind"], a["exercise_centring"]
    base = (a["exam_base_scale"] * values["exam_base_z"])[:, of]
    spread = (a["exam_spread_scale"] * np.exp(values["exam_spread_z"]))[:, of]
    common = (a["common_scale"] * np.exp(values["common_sd_z"]))[:, a["exam_panel"]][:, of]
    shared = (a["shared_bias_scale"] * values["shared_bias_z"])[:, kind]
    slope = np.exp(a["slope_mean_scale"] * values["slope_mean_z"])[:, kind]
    scale = slope * np.sqrt(spread**2 + TINY + common**2)
    return np.asarray(centring * slope * (base + shared) + scale**centring * standard)


def _mean_drive(values: dict[str, FloatArray], arrays: ModelArrays) -> FloatArray:
    """What the factors add to the log mean of each indicator over its observed periods, in prior scales."""
    a = {name: np.asarray(arrays[name]) for name in arrays}
    draws, periods, factors = len(values["mu_z"]), arrays.lengths["past_period"], arrays.lengths["factor"]
    rho = 1.0 / (1.0 + np.exp(-(a["persistence_loc"] + a["persistence_scale"] * values["persistence_z"])))
    innovations = values["state_z"].reshape(draws, periods, factors)
    state = np.zeros((draws, periods, 1 + factors))
    before = np.zeros((draws, factors))
    for period in range(periods):
        scale = np.where(a["is_first"][period] > 0, 1.0, np.sqrt(1.0 - rho**2))
        before = rho * before + scale * innovations[:, period]
        state[:, period, 1:] = before
    drive = np.einsum("mt,dtm->dm", a["observed_share"], state[:, :, a["indicator_factor"]])
    return np.asarray(a["loading_scale"] * np.exp(values["loading_z"]) * drive / a["log_mean_scale"])
