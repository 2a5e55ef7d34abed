"""How the hazard of an outcome changes with age: g_b = trend_j log(t_b / t_ref) + wiggle_j (W z)_b over its bands b.

W is the centred random walk over bands as a map of its standard normal steps; trend = scale z, wiggle = scale |z|.
"""

from __future__ import annotations

from typing import Any

from forecast.kernel.compiling import block


@block
def forward(x: Any, v: Any) -> None:
    """Trends, wiggles and shapes."""
    for j in range(x.mu_loc.size):
        v.trend[j] = x.trend_scale[j] * v.trend_z[j]
        v.wiggle[j] = x.wiggle_scale[j] * v.wiggle_z[j]
    walk, walked, step_z = x.walk, v.walked, v.step_z
    for b in range(walked.size):
        j, sum_ = x.band_outcome[b], 0.0
        for s in range(step_z.size):
            sum_ += walk[b, s] * step_z[s]
        walked[b] = sum_
        v.log_hazard_shape[b] = v.trend[j] * x.band_log_age[b] + v.wiggle[j] * sum_


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From the shapes."""
    walk, step_adjoint = x.walk, a.step_z
    for b in range(x.band_outcome.size):
        j, adjoint = x.band_outcome[b], a.log_hazard_shape[b]
        a.trend[j] += adjoint * x.band_log_age[b]
        a.wiggle[j] += adjoint * v.walked[b]
        scaled = adjoint * v.wiggle[j]
        for s in range(step_adjoint.size):
            step_adjoint[s] += scaled * walk[b, s]
    for j in range(x.mu_loc.size):
        a.trend_z[j] += a.trend[j] * x.trend_scale[j]
        a.wiggle_z[j] += a.wiggle[j] * x.wiggle_scale[j]
