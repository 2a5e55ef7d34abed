"""The model's log density written down a second time, in plain loops over scipy distributions.

It shares no code with `forecast.model.graph`; it reads DESIGN's formulas case by case and cell by cell.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from forecast.model.arrays import ModelArrays


def unpack(point: np.ndarray, arrays: ModelArrays) -> dict[str, np.ndarray]:
    """Latent variables of a flat unconstrained point, in the order of the program's free variables."""
    n = arrays.lengths
    sizes = {
        "mu_z": n["outcome"],
        "tau_z": n["outcome"],
        "sigma_z": n["outcome"],
        "beta_z": n["covariate"],
        "level_z": n["level"],
        "frailty_z": n["frailty"],
        "trend_z": n["outcome"],
        "wiggle_z": n["outcome"],
        "step_z": n["step"],
        "new_class_z": n["outcome"],
        "present_z": n["outcome"],
    }
    assert sum(sizes.values()) == len(point)
    ends = np.cumsum(list(sizes.values()))
    return dict(zip(sizes, np.split(point, ends[:-1]), strict=True))


def log_density(point: np.ndarray, a: ModelArrays) -> float:
    """Log density on the unconstrained scale, less the constants of the data (binomial coefficients, log factorials)."""
    z = unpack(point, a)
    total = 0.0
    for name, values in z.items():
        if name in {"tau_z", "sigma_z", "wiggle_z"}:
            total += float(stats.halfnorm.logpdf(np.exp(values)).sum() + values.sum())  # log Jacobian of exp
        else:
            total += float(stats.norm.logpdf(values).sum())
    mu = a["mu_loc"] + a["mu_scale"] * z["mu_z"]
    tau, sigma = a["tau_scale"] * np.exp(z["tau_z"]), a["sigma_scale"] * np.exp(z["sigma_z"])
    beta = a["beta_scale"] * z["beta_z"]
    level = np.array([mu[j] + tau[j] * z["level_z"][k] for k, j in enumerate(a["level_outcome"])])
    trend, wiggle = a["trend_scale"] * z["trend_z"], a["wiggle_scale"] * np.exp(z["wiggle_z"])
    g = np.array(
        [
            trend[j] * a["band_log_age"][b] + wiggle[j] * float(a["walk"][b] @ z["step_z"])
            for b, j in enumerate(a["band_outcome"])
        ]
    )

    def case_level(u: int) -> float:
        k = a["unit_level"][u]
        own = a["unit_frailty"][u]
        frailty = z["frailty_z"][own - 1] if own else 0.0
        return float(level[k] + a["unit_covariates"][u] @ beta + sigma[a["level_outcome"][k]] * frailty)

    for u, yes, n in zip(a["trial_unit"], a["trial_yes"], a["trial_n"], strict=True):
        p = 1 / (1 + np.exp(-case_level(u)))
        total += float(yes * np.log(p) + (n - yes) * np.log1p(-p))
    for u, b, events, exposure in zip(
        a["cell_unit"], a["cell_band"], a["cell_events"], a["cell_exposure"], strict=True
    ):
        rate = np.exp(case_level(u) + g[b])
        total += float(events * np.log(rate) - exposure * rate)
    theta = present_levels(z, a, mu, tau, sigma, beta, level)
    for j, b, exposure in zip(a["history_outcome"], a["history_band"], a["history_exposure"], strict=True):
        total -= float(exposure * np.exp(theta[j] + g[b]))
    return total


def present_levels(
    z: dict[str, np.ndarray],
    a: ModelArrays,
    mu: np.ndarray,
    tau: np.ndarray,
    sigma: np.ndarray,
    beta: np.ndarray,
    level: np.ndarray,
) -> np.ndarray:
    """The present case's level of every outcome."""
    return np.array(
        [
            sum(w * x for w, x in zip(a["present_weights"][j], level, strict=True))
            + a["present_new"][j] * (mu[j] + tau[j] * z["new_class_z"][j])
            + float(a["present_covariates"][j] @ beta)
            + sigma[j] * z["present_z"][j]
            for j in range(a.lengths["outcome"])
        ]
    )
