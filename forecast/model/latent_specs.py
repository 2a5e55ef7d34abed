"""Names, dims and laws of the latent variables that the program samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class LatentSpec:
    """One free variable of the model; a normal or half-normal one has unit scale."""

    dims: tuple[str, ...]
    law: Literal["normal", "half_normal", "partial_correlation", "log_mean", "partly_centred"] = "normal"
    """`partial_correlation` is the inverse hyperbolic tangent of a beta variable on (-1, 1); `log_mean` and
    `partly_centred` are normal, with means and scales that depend on others (`forecast.model.graph.signals`, `experts`)."""


def _normal(*dims: str) -> LatentSpec:
    return LatentSpec(dims)


def _half(*dims: str) -> LatentSpec:
    return LatentSpec(dims, "half_normal")


LATENTS: Final[Mapping[str, LatentSpec]] = {
    "mu_z": LatentSpec(("outcome",), "partly_centred"),
    "tau_z": _half("outcome"),
    "sigma_z": _half("outcome"),
    "beta_z": _normal("covariate"),
    "level_z": _normal("level"),
    "partial_z": LatentSpec(("pair",), "partial_correlation"),
    "frailty_z": _normal("frailty"),
    "trend_z": _normal("outcome"),
    "wiggle_z": _half("outcome"),
    "step_z": _normal("step"),
    "new_class_z": _normal("outcome"),
    "membership_z": _normal("membership"),
    "present_z": _normal("outcome"),
    "persistence_z": _normal("factor"),
    "state_z": _normal("past_period", "factor"),
    "loading_z": _half("indicator"),
    "dispersion_z": _half("indicator"),
    "log_mean_z": LatentSpec(("indicator",), "log_mean"),
    "pattern_z": _half("pattern"),
    "wave_z": _normal("wave"),
    "spike_share_z": _half("mixture"),
    "spike_size_z": _half("mixture"),
    "idle_share_z": _half("mixture"),
    "gamma_z": _normal("effect"),
    "delta_z": _normal("link"),
    "shared_bias_z": _normal("kind"),
    "bias_sd_z": _half("kind"),
    "bias_z": LatentSpec(("expert",), "partly_centred"),
    "slope_mean_z": _normal("kind"),
    "slope_sd_z": _half("kind"),
    "slope_z": LatentSpec(("expert",), "partly_centred"),
    "noise_spread_z": _half("kind"),
    "noise_z": LatentSpec(("expert",), "partly_centred"),
    "noise_mean_z": _half("kind"),
    "common_sd_z": _half("panel"),
    "common_z": _normal("topic"),
    "choice_common_z": _normal("choice"),
    "choice_lean_z": _normal("kind", "choice"),
    "inclination_z": _normal("inclination"),
    "exam_base_z": _normal("exam"),
    "exam_spread_z": _half("exam"),
    "exercise_z": LatentSpec(("exercise",), "partly_centred"),
    "truth_z": _normal("answer"),
    "quantity_centre_z": _normal("quantity"),
    "quantity_within_z": _normal("quantity"),
    "grade_z": _normal("grade"),
    "estimator_z": _normal("estimator"),
}
"""In the order in which the sampler sees them."""
