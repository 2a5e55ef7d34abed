"""The present case: theta_j = weighted class levels + the rest of a new class + x_j' beta + sigma_j (L z)_j.

A new class has the level mu_j + tau_j z.
"""

from __future__ import annotations

from typing import Any

from forecast.kernel.compiling import block


@block
def forward(x: Any, v: Any) -> None:
    """Levels of the present case."""
    weights, covariates, cholesky, present_z = x.present_weights, x.present_covariates, v.cholesky, v.present_z
    for j in range(x.mu_loc.size):
        new = v.mu[j] + v.tau[j] * v.new_class_z[j]
        theta = x.present_new[j] * new
        for c in range(weights.shape[1]):
            theta += weights[j, c] * v.class_level[c]
        for p in range(covariates.shape[1]):
            theta += covariates[j, p] * v.beta[p]
        residual = 0.0
        for k in range(j + 1):
            residual += cholesky[j, k] * present_z[k]
        v.new_class_level[j], v.residual[j] = new, residual
        v.theta[j] = theta + v.sigma[j] * residual


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From theta."""
    weights, covariates, cholesky, present_z = x.present_weights, x.present_covariates, v.cholesky, v.present_z
    for j in range(x.mu_loc.size):
        theta = a.theta[j]
        new = theta * x.present_new[j]
        a.mu[j] += new
        a.tau[j] += new * v.new_class_z[j]
        a.new_class_z[j] += new * v.tau[j]
        for c in range(weights.shape[1]):
            a.class_level[c] += theta * weights[j, c]
        for p in range(covariates.shape[1]):
            a.beta[p] += theta * covariates[j, p]
        a.sigma[j] += theta * v.residual[j]
        scaled = theta * v.sigma[j]
        for k in range(j + 1):
            a.present_z[k] += scaled * cholesky[j, k]
            a.cholesky[j, k] += scaled * present_z[k]
