"""Prior draws of the model's free variables, on the scale that the sampler sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from forecast.model.arrays import ModelArrays
from forecast.model.constants import TINY
from forecast.model.specs import LATENTS

FloatArray = npt.NDArray[np.float64]


def draw_latents(rng: np.random.Generator, draws: int, arrays: ModelArrays) -> FloatArray:
    """Independent draws from the prior, dims (draw, parameter), in the order of `LATENTS`."""
    values: dict[str, FloatArray] = {}
    for name, latent in LATENTS.items():
        size = int(np.prod([arrays.lengths[dim] for dim in latent.dims]))
        match latent.law:
            case "normal" | "log_mean" | "partly_centred":
                values[name] = rng.standard_normal((draws, size))
            case "half_normal":
                values[name] = np.log(np.abs(rng.standard_normal((draws, size))))
            case "partial_correlation":
                shape = np.asarray(arrays["pair_shape"], dtype=float)
                values[name] = np.arctanh(2.0 * rng.beta(shape, shape, (draws, size)) - 1.0)
    a: dict[str, npt.NDArray[Any]] = {name: np.asarray(arrays[name]) for name in arrays}
    values["log_mean_z"] += _mean_drive(values, arrays)
    _centre_opinions(values, a)
    return np.concatenate(list(values.values()), axis=1)


def _centre_opinions(values: dict[str, FloatArray], a: Mapping[str, npt.NDArray[Any]]) -> None:
    """Standard normal deviations of experts, levels and questions as the sampler sees them (`forecast.model.experts`)."""

    def scaled(name: str, scale: str) -> FloatArray:
        return np.asarray(a[scale] * values[name])

    def spread(name: str, scale: str) -> FloatArray:
        return np.asarray(a[scale] * np.exp(values[name]))

    def turned(name: str) -> FloatArray:
        along, leaders = a["expert_reflection"], a["expert_leader"]
        same = np.equal.outer(leaders, leaders)
        return np.asarray(values[name] - (values[name] * along) @ same * along)

    def centre(name: str, mean: FloatArray | float, scale: FloatArray) -> None:
        how_far = a[f"{name.removesuffix('_z')}_centring"]
        values[name] = how_far * mean + scale**how_far * values[name]

    of = a["expert_kind"]
    mean_log_slope = scaled("slope_mean_z", "slope_mean_scale")[:, of]
    slope_sd = spread("slope_sd_z", "slope_scale")[:, of]
    bias_sd = spread("bias_sd_z", "bias_scale")[:, of]
    log_slope = mean_log_slope + slope_sd * turned("slope_z")
    offset = scaled("shared_bias_z", "shared_bias_scale")[:, of] + bias_sd * turned("bias_z")
    centre("slope_z", 0.0, slope_sd)
    centre("bias_z", 0.0, np.exp(mean_log_slope) * bias_sd)
    log_noise = np.log(spread("noise_mean_z", "noise_scale"))[:, of]
    centre("noise_z", log_noise, spread("noise_spread_z", "noise_spread_scale")[:, of])

    def centre_said(name: str, voices: str, mean: FloatArray, scale: FloatArray) -> None:
        slope = np.exp(log_slope @ a[voices].T)
        centre(name, slope * (mean + offset @ a[voices].T), slope * scale)

    common_sd = spread("common_sd_z", "common_scale")
    common = common_sd[:, a["topic_panel"]] * values["common_z"]
    common = np.pad(common, ((0, 0), (1, 0)))[:, a["outcome_topic"]]
    covariates = scaled("beta_z", "beta_scale") @ a["present_covariates"].T
    centre_said("mu_z", "outcome_voices", a["mu_loc"] + covariates + common, a["mu_scale"] + TINY)
    exam = a["exercise_exam"]
    error = common_sd[:, a["exam_panel"]][:, exam]
    scale = np.sqrt(spread("exam_spread_z", "exam_spread_scale")[:, exam] ** 2 + TINY + error**2)
    centre_said("exercise_z", "exercise_voices", scaled("exam_base_z", "exam_base_scale")[:, exam], scale)


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
