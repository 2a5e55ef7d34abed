"""The posterior of the event model with one class and a constant rate, by numerical integration, without any sampling."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def integrate_log_normal(
    events: FloatArray, exposure: FloatArray, *, mu_mean: float, mu_sd: float, sigma_scale: float
) -> FloatArray:
    """Posterior mean of each case's rate; dims: case.

    events ~ Poisson(exposure rate), log rate ~ Normal(mu, sigma), mu ~ Normal(mu_mean, mu_sd), sigma ~
    HalfNormal(sigma_scale). A grid over mu, sigma and each case's log rate; halving its steps changes no mean of the
    ten pumps by more than 0.0001.
    """
    mu, sigma = np.meshgrid(mu_mean + np.linspace(-5.0, 5.0, 101), np.linspace(0.02, 6.0, 120), indexing="ij")
    log_rate = np.linspace(-11.0, 3.0, 701)
    log_density = -0.5 * ((mu - mu_mean) / mu_sd) ** 2 - 0.5 * (sigma / sigma_scale) ** 2
    log_mixing = -0.5 * ((log_rate - mu[..., None]) / sigma[..., None]) ** 2 - np.log(sigma[..., None])
    case_means = []
    for count, time in zip(events, exposure, strict=True):
        log_terms = log_mixing + count * log_rate - time * np.exp(log_rate)
        peak = log_terms.max(axis=-1, keepdims=True)
        terms = np.exp(log_terms - peak)
        total = terms.sum(axis=-1)
        log_density = log_density + peak[..., 0] + np.log(total)
        case_means.append((terms * np.exp(log_rate)).sum(axis=-1) / total)
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    return np.array([(density * mean).sum() for mean in case_means])
