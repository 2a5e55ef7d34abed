"""The free variables of the model, made from their specs."""

from __future__ import annotations

from typing import Any

import pymc as pm

from forecast.model.specs import LATENTS


def latent(name: str) -> Any:
    """The free variable of this name inside the model that is being built, on its unit scale.

    Those whose prior depends on other variables are flat here: their prior is added where they are used.
    """
    spec = LATENTS[name]
    match spec.law:
        case "normal":
            return pm.Normal(name, dims=spec.dims)
        case "half_normal":
            return pm.HalfNormal(name, 1.0, dims=spec.dims)
        case "partial_correlation" | "log_mean" | "partly_centred":
            return pm.Flat(name, dims=spec.dims)
