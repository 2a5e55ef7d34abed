"""Power-scaling: how probabilities answer when one part of the prior, or the data, counts a little more or less.

A part's density is raised to 0.8 and to 1.25, and the draws are weighed accordingly. Of hierarchical priors only the
top is scaled: a level's own deviation from its class follows from the spread that is.

References
----------
Kallioinen, Paananen, Burkner and Vehtari (2024), Statistics and Computing 34(57), doi:10.1007/s11222-023-10366-5; its
definition of the sensitivity, over the cumulative Jensen-Shannon distance of Nguyen and Vreeken (2015),
doi:10.1007/978-3-319-23525-7_11, is taken from ArviZ.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from arviz_stats.base import array_stats

from forecast.answer import PowerScaling
from forecast.explain.density import log_densities, sampled_points, without_data
from forecast.explain.expert_likelihood import ExpertLikelihood
from forecast.explain.runs import Fit, Runs
from forecast.explain.weights import smooth_weights
from forecast.model.arrays import ModelArrays

FloatArray = npt.NDArray[np.float64]

POWERS: Final = (0.8, 1.25)

SIGNALS: Final = "factors and their indicators"

PARTS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "spread of classes and cases": (("tau_z", "tau_scale"), ("sigma_z", "sigma_scale")),
    "change of risk with age": (("trend_z", "trend_scale"), ("wiggle_z", "wiggle_scale")),
    "covariates": (("beta_z", "beta_scale"),),
    SIGNALS: (
        ("persistence_z", "persistence_scale"),
        ("loading_z", "loading_scale"),
        ("dispersion_z", "dispersion_scale"),
        ("pattern_z", "pattern_scale"),
        ("spike_share_z", "spike_share_most"),
        ("spike_size_z", "spike_size_scale"),
        ("idle_share_z", "idle_share_most"),
    ),
    "effects of factors": (("gamma_z", "effect_scale"),),
    "links": (("delta_z", "link_scale"),),
    "experts": (
        ("shared_bias_z", "shared_bias_scale"),
        ("choice_lean_z", "shared_bias_scale"),
        ("bias_sd_z", "bias_scale"),
        ("slope_mean_z", "slope_mean_scale"),
        ("slope_sd_z", "slope_scale"),
        ("noise_spread_z", "noise_spread_scale"),
        ("noise_mean_z", "noise_scale"),
        ("common_sd_z", "common_scale"),
        ("exam_base_z", "exam_base_scale"),
        ("exam_spread_z", "exam_spread_scale"),
    ),
}
"""Unit-scale variables of each part, with the array that says how much each of them moves: not at all where it is 0."""

CORRELATION, DATA = "residual correlation", "data"


def scale_powers(runs: Runs, fit: Fit) -> tuple[PowerScaling, ...]:
    """Sensitivity of every outcome to every part that the study has, and to the data."""
    found = []
    for component, density in component_densities(runs, fit).items():
        runs.going_on()
        low, high = (smooth_weights((power - 1.0) * density, fit.chains) for power in POWERS)
        known = [weights.pareto_k for weights in (low, high) if weights.pareto_k is not None]
        for place, outcome in enumerate(fit.encoded.study.parts):
            found.append(
                PowerScaling(
                    component=component,
                    outcome=outcome.id,
                    sensitivity=_sensitivity(fit.spread_probabilities[:, place], low.values, high.values, fit.chains),
                    pareto_k=max(known, default=None),
                )
            )
    return tuple(found)


def _sensitivity(values: FloatArray, low: FloatArray, high: FloatArray, chains: int) -> float:
    """Cumulative Jensen-Shannon distance per doubling of the power; 0 for a constant."""
    if np.ptp(values) < 1e-12:
        return 0.0
    chained = [array.reshape(chains, -1) for array in (values, low, high)]
    return float(array_stats.power_scale_sense(*chained, *POWERS))


def component_densities(runs: Runs, fit: Fit) -> dict[str, FloatArray]:
    """Log density of every part under every draw up to a constant, dims (draw); empty parts are left out."""
    arrays = fit.encoded.arrays
    sd = np.asarray(arrays["mu_scale"], dtype=float)
    found = {
        f"level of {outcome}": -0.5 * fit.values("mu_z")[:, place] ** 2
        for place, outcome in enumerate(fit.encoded.outcomes)
        if sd[place] > 0
    }
    for part, variables in PARTS.items():
        used = [fit.values(name)[:, _moves(arrays, array)].reshape(fit.draws, -1) for name, array in variables]
        if part == SIGNALS:
            # Not `log_mean_z`, which holds what the factors add over the observed periods.
            loc, scale = (np.asarray(arrays[f"log_mean_{name}"], dtype=float) for name in ("loc", "scale"))
            used.append((fit.values("log_mean") - loc) / scale)
        if sum(values.shape[1] for values in used):
            found[part] = np.asarray(-0.5 * sum((values**2).sum(axis=1) for values in used))
    if arrays.lengths["pair"]:
        found[CORRELATION] = _correlation_density(fit)
    data = data_log_likelihood(runs, fit)
    if np.ptp(data) > 0:
        found[DATA] = data
    return found


def _moves(arrays: ModelArrays, scale: str) -> npt.NDArray[np.bool_]:
    """Which variables move anything: those with a scale above 0, of options that share their spreads the first."""
    moving = np.asarray(arrays[scale]) != 0
    if scale in ("tau_scale", "sigma_scale"):
        moving &= np.asarray(arrays["spread_outcome"]) == np.arange(len(moving))
    return np.asarray(moving, dtype=bool)


def _correlation_density(fit: Fit) -> FloatArray:
    """LKJ(eta) raised to a power is det(R)^(power (eta - 1)), det(R) the product of 1 - p^2 over partial correlations p."""
    eta = fit.encoded.study.dependence.eta if fit.encoded.study.dependence else 1.0
    partial = np.tanh(fit.values("partial_z"))
    return np.asarray((eta - 1.0) * np.log1p(-(partial**2)).sum(axis=1))


def data_log_likelihood(runs: Runs, fit: Fit) -> FloatArray:
    """Log likelihood of all evidence under every draw up to a constant: the log density less that without the data."""
    points = sampled_points(fit)
    arrays = fit.encoded.arrays
    evidence = log_densities(runs, arrays, points) - log_densities(runs, without_data(arrays), points)
    return np.asarray(evidence + ExpertLikelihood(fit, runs.program, runs.going_on).answers.sum(axis=1))
