"""The part of the reference density that is about experts themselves, and about the variables that they are sampled in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from forecast.model.arrays import ModelArrays

LOG_ROOT_TAU = 0.5 * np.log(2 * np.pi)
"""The constant of a normal density, which the model leaves out."""


@dataclass(frozen=True)
class Panel:
    """Offset, slope and noise of each expert, and the common error of each topic with its sd."""

    offset: list[float]
    slope: list[float]
    noise: list[float]
    common: list[float]
    common_sd: np.ndarray


def panel_of(z: dict[str, np.ndarray], a: ModelArrays) -> tuple[Panel, float]:
    """The experts, and the log prior of their variables, each normal around a mean with a scale of its own."""
    count, kinds = a.lengths["expert"], a["expert_kind"]
    slope_sd, bias_sd = a["slope_scale"] * np.exp(z["slope_sd_z"]), a["bias_scale"] * np.exp(z["bias_sd_z"])
    mean_log_slope = a["slope_mean_scale"] * z["slope_mean_z"]
    mean_log_noise = np.log(a["noise_scale"] * np.exp(z["noise_mean_z"]))
    spread = a["noise_spread_scale"] * np.exp(z["noise_spread_z"])
    total = 0.0
    seen: dict[str, list[float]] = {"slope": [], "bias": [], "noise": []}
    for e in range(count):
        k = kinds[e]
        laws = {
            "slope": (0.0, slope_sd[k]),
            "bias": (0.0, np.exp(mean_log_slope[k]) * bias_sd[k]),
            "noise": (mean_log_noise[k], spread[k]),
        }
        for name, law in laws.items():
            deviation, prior = uncentred(z[f"{name}_z"][e], *law, a[f"{name}_centring"][e])
            seen[name].append(deviation)
            total += prior
    slopes, biases = reflected(seen["slope"], a), reflected(seen["bias"], a)
    shared = a["shared_bias_scale"] * z["shared_bias_z"]
    own = [np.exp(mean_log_noise[kinds[e]] + spread[kinds[e]] * seen["noise"][e]) for e in range(count)]
    common_sd = a["common_scale"] * np.exp(z["common_sd_z"])
    panel = Panel(
        [float(shared[kinds[e]] + bias_sd[kinds[e]] * biases[e]) for e in range(count)],
        [float(np.exp(mean_log_slope[kinds[e]] + slope_sd[kinds[e]] * slopes[e])) for e in range(count)],
        [float(np.hypot(0.1, noise)) for noise in own],
        [float(common_sd[a["topic_panel"][t]] * z["common_z"][t]) for t in range(a.lengths["topic"])],
        common_sd,
    )
    return panel, total


def uncentred(value: float, mean: float, scale: float, centring: float) -> tuple[float, float]:
    """Standard normal deviation behind a partly centred variable, and the variable's log prior."""
    law = stats.norm(centring * mean, scale**centring)
    return float((value - law.mean()) / law.std()), float(law.logpdf(value) + LOG_ROOT_TAU)


def reflected(values: list[float], a: ModelArrays) -> list[float]:
    """Group by group: the matrix I - h h' of the group's own vector."""
    result = np.array(values)
    for leader in set(a["expert_leader"].tolist()):
        members = [e for e in range(len(values)) if a["expert_leader"][e] == leader]
        h = np.asarray(a["expert_reflection"], dtype=float)[members]
        result[members] = (np.eye(len(members)) - np.outer(h, h)) @ result[members]
    return [float(value) for value in result]


def said(voices: np.ndarray, centre: float, scale: float, panel: Panel) -> tuple[float, float]:
    """Mean and scale of what a weighted average expert says: geometric mean of slopes, mean of offsets."""
    slope = np.prod([s**w for s, w in zip(panel.slope, voices, strict=True)])
    offset = sum(w * o for w, o in zip(voices, panel.offset, strict=True))
    return float(slope * (centre + offset)), float(slope * scale)


def skewed(deviation: float, skew: float) -> float:
    """Exponential up to the third power of e, then its tangent; the deviation itself without skew."""
    if not skew:
        return deviation
    if skew * deviation > 3:
        return float((np.exp(3) - 1 + np.exp(3) * (skew * deviation - 3)) / skew)
    return float(np.expm1(skew * deviation) / skew)


def levels_as_said(z: dict[str, np.ndarray], a: ModelArrays, panel: Panel) -> tuple[np.ndarray, float]:
    """Level of each outcome over the classes, and the log prior of the variables that they are sampled in."""
    beta = a["beta_scale"] * z["beta_z"]
    mu, total = np.zeros(a.lengths["outcome"]), 0.0
    deviations = np.zeros(len(mu))
    for j in range(len(mu)):
        topic = a["outcome_topic"][j]
        centre = a["mu_loc"][j] + a["present_covariates"][j] @ beta + (panel.common[topic - 1] if topic else 0.0)
        mean, scale = said(a["outcome_voices"][j], centre, a["mu_scale"][j], panel)
        deviations[j], prior = uncentred(z["mu_z"][j], mean, scale, a["mu_centring"][j])
        total += prior
    for leader in set(a["outcome_leader"].tolist()):
        members = np.flatnonzero(a["outcome_leader"] == leader)
        h = np.asarray(a["outcome_reflection"], dtype=float)[members]
        deviations[members] = (np.eye(len(h)) - np.outer(h, h)) @ deviations[members]
    for j, deviation in enumerate(deviations):
        along = skewed(float(deviation), float(a["mu_skew"][j]))
        mu[j] = a["mu_loc"][j] + a["mu_scale"][j] * along
    return mu, total
