"""Where chains start: places that are known as deviations, in the variables that the sampler is given.

Only how soon chains settle depends on this, not what they find (`forecast.model.graph.experts`, `signals` define the
variables). tests/inference/test_starts.py takes the way there and the kernel's way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from forecast.inference.deviations import FloatArray
from forecast.model.arrays import ModelArrays
from forecast.model.constants import TINY
from forecast.model.latent_specs import LATENTS

SPREAD: Final = 1.0
"""Chains start uniformly within this distance of the prior's centre, in its standard deviations."""
NEAR: Final = 0.02
"""How far from there log means and waves begin, of how far variables begin from 0; in prior scales."""

TURNED: Final = {"slope_z": "expert", "bias_z": "expert", "mu_z": "outcome"}
"""Given to the sampler in other axes (a reflection, its own inverse)."""


def near_the_prior(rng: np.random.Generator, arrays: ModelArrays) -> FloatArray:
    """A place to start from, dims (parameter).

    Near the centre of the sampler's own variables a level may lie two standard deviations from that of its prior. There, if
    it is a log rate, everything occurs at once, and statements that contradict this hold a chain no less than others would.
    """
    return np.asarray(as_sampled(rng.uniform(-SPREAD, SPREAD, (1, arrays.parameters)), arrays)[0])


def as_sampled(points: FloatArray, arrays: ModelArrays) -> FloatArray:
    """Points of the program of the deviations in the variables of a study's own; both have dims (draw, parameter)."""
    sizes = [int(np.prod([arrays.lengths[dim] for dim in spec.dims])) for spec in LATENTS.values()]
    values = dict(zip(LATENTS, np.split(points, np.cumsum(sizes)[:-1], axis=1), strict=True))
    found = {
        **values,
        "log_mean_z": values["log_mean_z"] + _mean_drive(values, arrays),
        **_Experts(values, arrays).said(),
    }
    return np.ascontiguousarray(np.concatenate([found[name] for name in LATENTS], axis=1))


def near_counts(point: FloatArray, data: Mapping[str, npt.NDArray[Any]]) -> FloatArray:
    """The point with the log means of indicators that have a mixture near the middle of their counts, and flat courses.

    From far below, all counts would be spikes: a mode of its own, with next to no mass, that chains do not leave.

    Parameters
    ----------
    data
        What the kernel reads (`forecast.kernel.data`).
    """
    mixed = np.flatnonzero(data["indicator_mixture"])
    found = point.copy()
    first = int(data["latent_start"][list(LATENTS).index("log_mean_z")])
    for place in mixed.tolist():
        own = slice(data["count_start"][place], data["count_start"][place + 1])
        whole = data["count_value"][own] / np.exp(data["count_log_exposure"][own])
        if not whole.size:
            continue
        middle = (np.log(np.median(whole) + 0.5) - data["log_mean_loc"][place]) / data["log_mean_scale"][place]
        found[first + place] = middle + NEAR * point[first + place]
    waves = np.isin(data["pattern_indicator"][data["wave_pattern"]], mixed)
    start = int(data["latent_start"][list(LATENTS).index("wave_z")])
    found[start : start + len(waves)] *= np.where(waves, NEAR, 1.0)
    return found


class _Experts:
    """What experts say depends on: their own variables, levels and the questions of track records."""

    def __init__(self, values: Mapping[str, FloatArray], arrays: ModelArrays) -> None:
        self._values = values
        self._a: dict[str, npt.NDArray[Any]] = {name: np.asarray(arrays[name]) for name in arrays}

    def said(self) -> dict[str, FloatArray]:
        """Partly centred variables by name."""
        found = {}
        for name, mean, scale in (*self._of_experts(), *self._of_questions()):
            how_far = np.asarray(self._a[f"{name.removesuffix('_z')}_centring"], dtype=float)
            deviation = self._turned(name) if name in TURNED else self._values[name]
            found[name] = how_far * mean + scale**how_far * deviation
        return found

    def _of_experts(self) -> list[tuple[str, FloatArray | float, FloatArray]]:
        kinds = self._a["expert_kind"]
        slope = np.exp(self._scaled("slope_mean_z", "slope_mean_scale")[:, kinds])
        noise = np.log(self._spread("noise_mean_z", "noise_scale"))[:, kinds]
        return [
            ("slope_z", 0.0, self._spread("slope_sd_z", "slope_scale")[:, kinds]),
            ("bias_z", 0.0, slope * self._spread("bias_sd_z", "bias_scale")[:, kinds]),
            ("noise_z", noise, self._spread("noise_spread_z", "noise_spread_scale")[:, kinds]),
        ]

    def _of_questions(self) -> list[tuple[str, FloatArray, FloatArray]]:
        a, kinds, values = self._a, self._a["expert_kind"], self._values
        log_slope = (
            self._scaled("slope_mean_z", "slope_mean_scale")[:, kinds]
            + self._spread("slope_sd_z", "slope_scale")[:, kinds] * values["slope_z"]
        )
        offset = (
            self._scaled("shared_bias_z", "shared_bias_scale")[:, kinds]
            + self._spread("bias_sd_z", "bias_scale")[:, kinds] * values["bias_z"]
        )
        common_sd = self._spread("common_sd_z", "common_scale")
        common = np.pad(common_sd[:, a["topic_panel"]] * values["common_z"], ((0, 0), (1, 0)))[:, a["outcome_topic"]]
        covariates = self._scaled("beta_z", "beta_scale") @ a["present_covariates"].T
        exam = a["exercise_exam"]
        error = common_sd[:, a["exam_panel"]][:, exam]
        truth = self._spread("exam_spread_z", "exam_spread_scale")[:, exam]
        asked = (
            ("mu_z", "outcome_voices", a["mu_loc"] + covariates + common, a["mu_scale"] + TINY),
            (
                "exercise_z",
                "exercise_voices",
                self._scaled("exam_base_z", "exam_base_scale")[:, exam],
                np.sqrt(truth**2 + TINY + error**2),
            ),
        )
        found = []
        for name, voices, mean, scale in asked:
            slope = np.exp(log_slope @ a[voices].T)
            found.append((name, slope * (mean + offset @ a[voices].T), slope * scale))
        return found

    def _scaled(self, name: str, scale: str) -> FloatArray:
        return np.asarray(self._a[scale] * self._values[name])

    def _spread(self, name: str, scale: str) -> FloatArray:
        return np.asarray(self._a[scale] * np.exp(self._values[name]))

    def _turned(self, name: str) -> FloatArray:
        of = TURNED[name]
        along, leaders = self._a[f"{of}_reflection"], self._a[f"{of}_leader"]
        same = np.equal.outer(leaders, leaders)
        return np.asarray(self._values[name] - (self._values[name] * along) @ same * along)


def _mean_drive(values: Mapping[str, FloatArray], arrays: ModelArrays) -> FloatArray:
    """What factors and courses add to the log mean of each indicator over its observed periods, in prior scales."""
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
    sd = a["pattern_scale"] * np.exp(values["pattern_z"])
    height = sd[:, a["wave_pattern"]] * values["wave_z"]
    # Of a motif over the observed periods of the indicator of each wave.
    of_wave = a["pattern_indicator"][a["wave_pattern"]]
    mean = (a["motif_course"][a["wave_motif"]] * a["observed_share"][of_wave]).sum(axis=1)
    course = (height * mean) @ np.equal.outer(of_wave, np.arange(arrays.lengths["indicator"])).astype(float)
    return np.asarray((a["loading_scale"] * np.exp(values["loading_z"]) * drive + course) / a["log_mean_scale"])
