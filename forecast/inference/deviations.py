"""The model's free variables as independent deviations from the prior, whatever variables the sampler is given.

A study's arrays decide how the sampler's variables are centred and turned (`forecast.model.graph.experts`, `signals`). With
those arrays at zero the same program is the model in its plain deviations, which have the same law whatever the study:
standard normal, or the logarithm of a half-normal, or a partial correlation. Draws are stored as deviations; the prior
is drawn, and draws of one study are weighed as draws of another, in the program of the deviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.arrays import ModelArrays
from forecast.model.latent_specs import LATENTS

FloatArray = npt.NDArray[np.float64]
Deviations = dict[str, FloatArray]

COORDINATES: Final = (
    "mu_centring",
    "exercise_centring",
    "bias_centring",
    "slope_centring",
    "noise_centring",
    "expert_reflection",
    "outcome_reflection",
    "observed_share",
)
"""Arrays that say in which variables the model is sampled; zero leaves the deviations."""


def in_deviations(arrays: ModelArrays) -> ModelArrays:
    """The same model, sampled in its plain deviations."""
    plain = {name: np.zeros_like(arrays[name]) for name in COORDINATES}
    return ModelArrays({**arrays, **plain}, frailties=arrays.lengths["frailty"])


def draw_deviations(rng: np.random.Generator, draws: int, arrays: ModelArrays) -> Deviations:
    """Independent draws from the prior by latent variable, unconstrained; dims (draw, size)."""
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


def join(deviations: Mapping[str, FloatArray]) -> FloatArray:
    """Points of the program of the deviations, dims (draw, parameter)."""
    return np.ascontiguousarray(np.concatenate([deviations[name] for name in LATENTS], axis=1))


def join_latents(values: Mapping[str, FloatArray]) -> FloatArray:
    """The same from latent variables as they are stored, each with dims (draw, ...).

    What a study does not have may be left out. Half-normal variables are stored as they are, and as logarithms here.
    """
    parts = [
        np.log(values[name]) if spec.law == "half_normal" else values[name]
        for name, spec in LATENTS.items()
        if name in values
    ]
    flat = [np.asarray(part, dtype=float).reshape(len(part), -1) for part in parts]
    return np.ascontiguousarray(np.concatenate(flat, axis=1))
