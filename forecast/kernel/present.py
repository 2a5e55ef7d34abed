"""The present case, as one option has it: weighted class levels + the rest of a new class + x_j' beta + sigma_j (L z)_j
+ change_j.

A new class has the level mu_j + tau_j z. The change is the one that is stated of a binary outcome.
"""

from __future__ import annotations

from typing import Any

from forecast.kernel.compiling import block


@block
def forward(x: Any, v: Any) -> None:
    """Levels of the present case."""
    weights, covariates, cholesky, present_z = x.present_weights, x.present_covariates, v.cholesky, v.present_z
    for j in range(x.mu_loc.size):
        own, residual = 0.0, 0.0
        for p in range(covariates.shape[1]):
            own += covariates[j, p] * v.beta[p]
        for k in range(j + 1):
            residual += cholesky[j, k] * present_z[k]
        v.new_class_level[j], v.residual[j] = v.mu[j] + v.tau[j] * v.new_class_z[j], residual
        v.present_own[j] = own + v.sigma[j] * residual + x.present_change[j]
    for variant in range(x.variant_outcome.size):
        j = x.variant_outcome[variant]
        level = x.present_new[variant] * v.new_class_level[j]
        for c in range(weights.shape[1]):
            level += weights[variant, c] * v.class_level[c]
        v.present_level[variant] = level + v.present_own[j]


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From the levels."""
    weights, covariates, cholesky, present_z = x.present_weights, x.present_covariates, v.cholesky, v.present_z
    for variant in range(x.variant_outcome.size):
        j, by_level = x.variant_outcome[variant], a.present_level[variant]
        new = by_level * x.present_new[variant]
        a.mu[j] += new
        a.tau[j] += new * v.new_class_z[j]
        a.new_class_z[j] += new * v.tau[j]
        for c in range(weights.shape[1]):
            a.class_level[c] += by_level * weights[variant, c]
        a.present_own[j] += by_level
    for j in range(x.mu_loc.size):
        by_own = a.present_own[j]
        for p in range(covariates.shape[1]):
            a.beta[p] += by_own * covariates[j, p]
        a.sigma[j] += by_own * v.residual[j]
        scaled = by_own * v.sigma[j]
        for k in range(j + 1):
            a.present_z[k] += scaled * cholesky[j, k]
            a.cholesky[j, k] += scaled * present_z[k]
