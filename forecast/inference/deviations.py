"""The model's free variables in two forms: as the sampler sees them, and as independent deviations of the prior.

A study's arrays decide how the sampler's variables are centred and turned (`forecast.model.experts`); the deviations
have the same law whatever the study: standard normal, or the logarithm of a half-normal, or a partial correlation.
So draws of one study become draws of another by way of the deviations. Dims are (draw, size) throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from forecast.model.arrays import ModelArrays
from forecast.model.constants import TINY
from forecast.model.specs import LATENTS

FloatArray = npt.NDArray[np.float64]
Deviations = dict[str, FloatArray]

TURNED: Final = ("slope_z", "bias_z")
"""Given to the sampler in other axes (a reflection, its own inverse)."""


def draw_deviations(rng: np.random.Generator, draws: int, arrays: ModelArrays) -> Deviations:
    """Independent draws from the prior, by latent variable."""
    values: Deviations = {}
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
    return values


def join_latents(values: Mapping[str, FloatArray]) -> FloatArray:
    """Latent variables as they are stored, each with dims (draw, ...), as the sampler saw them; dims (draw, parameter).

    What a study does not have may be left out. Half-normal variables are stored as they are and sampled as logarithms.
    """
    parts = [
        np.log(values[name]) if spec.law == "half_normal" else values[name]
        for name, spec in LATENTS.items()
        if name in values
    ]
    flat = [np.asarray(part, dtype=float).reshape(len(part), -1) for part in parts]
    return np.ascontiguousarray(np.concatenate(flat, axis=1))


def to_points(deviations: Mapping[str, FloatArray], arrays: ModelArrays) -> tuple[FloatArray, FloatArray]:
    """Deviations as the sampler sees them, dims (draw, parameter), and the log of the Jacobian determinant, dims (draw)."""
    values = {name: deviations[name].copy() for name in LATENTS}
    values["log_mean_z"] += _mean_drive(values, arrays)
    log_jacobian = _Opinions(values, arrays).centre()
    return np.concatenate(list(values.values()), axis=1), log_jacobian


def from_points(points: FloatArray, arrays: ModelArrays) -> tuple[Deviations, FloatArray]:
    """The deviations of points, dims (draw, parameter), and the log Jacobian determinant of the way back to them."""
    values: Deviations = {}
    offset = 0
    for name, latent in LATENTS.items():
        size = int(np.prod([arrays.lengths[dim] for dim in latent.dims]))
        values[name] = points[:, offset : offset + size].copy()
        offset += size
    values["log_mean_z"] -= _mean_drive(values, arrays)
    return values, _Opinions(values, arrays).standardise()


class _Opinions:
    """Deviations of experts, levels and questions, changed in place from one form into the other."""

    def __init__(self, values: Deviations, arrays: ModelArrays) -> None:
        self._values = values
        self._a: dict[str, npt.NDArray[Any]] = {name: np.asarray(arrays[name]) for name in arrays}
        self._log_jacobian = np.zeros(len(values["mu_z"]))

    def centre(self) -> FloatArray:
        """Into what the sampler sees; the log Jacobian determinant."""
        log_slope, offset = self._spoken()
        for name in TURNED:
            self._values[name] = self._turned(name)
        for name, mean, scale in (*self._of_experts(), *self._of_questions(log_slope, offset)):
            how_far = self._how_far(name)
            self._values[name] = how_far * mean + scale**how_far * self._values[name]
        return self._log_jacobian

    def standardise(self) -> FloatArray:
        """Back into deviations; the log Jacobian determinant of `centre`."""
        for name, mean, scale in self._of_experts():
            self._uncentre(name, mean, scale)
        for name in TURNED:
            self._values[name] = self._turned(name)
        for name, mean, scale in self._of_questions(*self._spoken()):
            self._uncentre(name, mean, scale)
        return self._log_jacobian

    def _uncentre(self, name: str, mean: FloatArray | float, scale: FloatArray) -> None:
        how_far = self._how_far(name)
        self._values[name] = (self._values[name] - how_far * mean) / scale**how_far

    def _of_experts(self) -> list[tuple[str, FloatArray | float, FloatArray]]:
        """Mean and scale of each expert's slope, bias and noise, which depend on what all experts have in common."""
        kinds = self._a["expert_kind"]
        slope = np.exp(self._scaled("slope_mean_z", "slope_mean_scale")[:, kinds])
        noise = np.log(self._spread("noise_mean_z", "noise_scale"))[:, kinds]
        found: list[tuple[str, FloatArray | float, FloatArray]] = [
            ("slope_z", 0.0, self._spread("slope_sd_z", "slope_scale")[:, kinds]),
            ("bias_z", 0.0, slope * self._spread("bias_sd_z", "bias_scale")[:, kinds]),
            ("noise_z", noise, self._spread("noise_spread_z", "noise_spread_scale")[:, kinds]),
        ]
        for name, _, scale in found:
            self._count(name, scale)
        return found

    def _of_questions(self, log_slope: FloatArray, offset: FloatArray) -> list[tuple[str, FloatArray, FloatArray]]:
        """Mean and scale of each level and exercise as experts would speak of it."""
        a, found = self._a, []
        common_sd = self._spread("common_sd_z", "common_scale")
        common = common_sd[:, a["topic_panel"]] * self._values["common_z"]
        common = np.pad(common, ((0, 0), (1, 0)))[:, a["outcome_topic"]]
        covariates = self._scaled("beta_z", "beta_scale") @ a["present_covariates"].T
        exam = a["exercise_exam"]
        error = common_sd[:, a["exam_panel"]][:, exam]
        truth = self._spread("exam_spread_z", "exam_spread_scale")[:, exam]
        for name, voices, mean, scale in (
            ("mu_z", "outcome_voices", a["mu_loc"] + covariates + common, a["mu_scale"] + TINY),
            (
                "exercise_z",
                "exercise_voices",
                self._scaled("exam_base_z", "exam_base_scale")[:, exam],
                np.sqrt(truth**2 + TINY + error**2),
            ),
        ):
            slope = np.exp(log_slope @ a[voices].T)
            spoken = name, slope * (mean + offset @ a[voices].T), slope * scale
            self._count(name, spoken[2])
            found.append(spoken)
        return found

    def _spoken(self) -> tuple[FloatArray, FloatArray]:
        """Log slope and bias of every expert, from deviations."""
        kinds, values = self._a["expert_kind"], self._values
        log_slope = (
            self._scaled("slope_mean_z", "slope_mean_scale")[:, kinds]
            + self._spread("slope_sd_z", "slope_scale")[:, kinds] * values["slope_z"]
        )
        offset = (
            self._scaled("shared_bias_z", "shared_bias_scale")[:, kinds]
            + self._spread("bias_sd_z", "bias_scale")[:, kinds] * values["bias_z"]
        )
        return log_slope, offset

    def _count(self, name: str, scale: FloatArray) -> None:
        self._log_jacobian = self._log_jacobian + (self._how_far(name) * np.log(scale)).sum(axis=1)

    def _how_far(self, name: str) -> FloatArray:
        return np.asarray(self._a[f"{name.removesuffix('_z')}_centring"], dtype=float)

    def _scaled(self, name: str, scale: str) -> FloatArray:
        return np.asarray(self._a[scale] * self._values[name])

    def _spread(self, name: str, scale: str) -> FloatArray:
        return np.asarray(self._a[scale] * np.exp(self._values[name]))

    def _turned(self, name: str) -> FloatArray:
        along, leaders = self._a["expert_reflection"], self._a["expert_leader"]
        same = np.equal.outer(leaders, leaders)
        return np.asarray(self._values[name] - (self._values[name] * along) @ same * along)


def _mean_drive(values: Deviations, arrays: ModelArrays) -> FloatArray:
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
