"""Experts as instruments: bias, slope and noise of each, and the errors that all share.

The sampled variables are those that the statements determine. Statements determine the experts' average on each
question, and how each expert differs from the others. They hardly determine how that average divides into truth, shared
error and bias. So levels and questions are sampled on the scale of the experts' statements (`said_by`). The deviations
of a group of experts are reflected so that one coordinate is their mean and the others are contrasts (`turned`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pymc as pm
import pytensor.tensor as pt

from forecast.model.constants import NOISE_FLOOR
from forecast.model.graph.latents import deviation, latent


@dataclass(frozen=True)
class Experts:
    """Offset, log slope and noise have dims (expert), the common error (topic), its sd (panel)."""

    offset: Any
    """Shared and own bias."""
    bias_sd: Any
    """Dims (kind)."""
    log_slope: Any
    slope: Any
    noise: Any
    common_sd: Any
    common: Any


def add_experts(x: dict[str, Any]) -> Experts:
    """Pooled over the experts of a kind, on the log odds."""
    of = x["expert_kind"]
    shared = pm.Deterministic("shared_bias", x["shared_bias_scale"] * latent("shared_bias_z"), dims="kind")
    mean_log_slope = (x["slope_mean_scale"] * latent("slope_mean_z"))[of]
    slope_sd = (x["slope_scale"] * latent("slope_sd_z"))[of]
    own_slope = deviation("slope_z", turned(partly_centred("slope_z", 0.0, slope_sd, x["slope_centring"]), "expert", x))
    log_slope = mean_log_slope + slope_sd * own_slope
    slope = pm.Deterministic("slope", pt.exp(log_slope), dims="expert")
    bias_sd = pm.Deterministic("bias_sd", x["bias_scale"] * latent("bias_sd_z"), dims="kind")
    along = partly_centred("bias_z", 0.0, pt.exp(mean_log_slope) * bias_sd[of], x["bias_centring"])
    own_bias = deviation("bias_z", turned(along, "expert", x))
    bias = pm.Deterministic("bias", bias_sd[of] * own_bias, dims="expert")
    spread = (x["noise_spread_scale"] * latent("noise_spread_z"))[of]
    mean_log_noise = pt.log(x["noise_scale"] * latent("noise_mean_z"))[of]
    own_noise = deviation("noise_z", partly_centred("noise_z", mean_log_noise, spread, x["noise_centring"]))
    log_noise = mean_log_noise + spread * own_noise
    noise = pm.Deterministic("noise", pt.sqrt(NOISE_FLOOR**2 + pt.exp(2.0 * log_noise)), dims="expert")
    common_sd = pm.Deterministic("common_sd", x["common_scale"] * latent("common_sd_z"), dims="panel")
    common = common_sd[x["topic_panel"]] * latent("common_z")
    return Experts(shared[of] + bias, bias_sd, log_slope, slope, noise, common_sd, common)


def partly_centred(name: str, mean: Any, scale: Any, centring: Any) -> Any:
    """Standard normal deviations behind a variable that is centred as far as asked, from 0 (not) to 1 (wholly).

    The variable is centring * mean + scale ** centring * deviation, whose prior is added here. Any mean and any
    positive scale leave the model as it is; they are chosen so that the variable is the more what the data determine,
    the more data there are (Gorinova, Moore and Hoffman 2020, arXiv:1906.03028).
    """
    standard = (latent(name) - centring * mean) * scale**-centring
    pm.Potential(f"{name}_prior", -(centring * pt.log(scale) + 0.5 * standard**2).sum())
    return standard


def turned(deviations: Any, of: str, x: dict[str, Any]) -> Any:
    """Deviations of experts or outcomes from those that are sampled: a reflection within each group, so still standard normal.

    It maps the group's first coordinate to what all its members have in common; see
    `forecast.model.encoding.expert_shares.reflection`.
    """
    along, leader = x[f"{of}_reflection"], x[f"{of}_leader"]
    sums = pt.zeros_like(along)[leader].inc(along * deviations)
    return deviations - along * sums[leader]


def said_by(shares: Any, centre: Any, scale: Any, experts: Experts) -> tuple[Any, Any]:
    """Mean and scale of the experts' statements on a quantity with this centre and scale on the log odds.

    `shares` has dims (quantity, expert): the share of each expert in the statements.
    """
    slope = pt.exp(shares @ experts.log_slope)
    return slope * (centre + shares @ experts.offset), slope * scale
