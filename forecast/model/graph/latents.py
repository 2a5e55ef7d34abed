"""The free variables of the model, made from their specs."""

from __future__ import annotations

from typing import Any, Final

import pymc as pm

from forecast.model.latent_specs import LATENTS

SAMPLED: Final = "_sampled"
"""Ending of the free variables that are not themselves the deviations whose names they have."""


def latent(name: str) -> Any:
    """The free variable of this name inside the model that is being built, on its unit scale.

    Where the prior depends on other variables the free variable is flat and has the ending `SAMPLED`: the prior, and
    the deviation of that name, are added where they are used (`deviation`).
    """
    spec = LATENTS[name]
    match spec.law:
        case "normal":
            return pm.Normal(name, dims=spec.dims)
        case "half_normal":
            return pm.HalfNormal(name, 1.0, dims=spec.dims)
        case "partial_correlation":
            return pm.Flat(name, dims=spec.dims)
        case "log_mean" | "partly_centred":
            return pm.Flat(name + SAMPLED, dims=spec.dims)


def deviation(name: str, value: Any) -> Any:
    """The standard normal deviation of this name, from a free variable with the ending `SAMPLED`."""
    return pm.Deterministic(name, value, dims=LATENTS[name].dims)
