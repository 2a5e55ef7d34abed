"""Factors over the past periods, how they move outcomes, and links between outcomes.

    s_1 = z_1,   s_t = rho s_(t-1) + sqrt(1 - rho^2) z_t,   rho = logistic(location + scale z)
    gamma = location + scale z, the effect of a factor on an outcome;   delta = location + scale z, that of a link

A stationary first-order autoregression of unit variance: Hamilton (1994), Time Series Analysis, section 3.4.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import logistic


@block
def forward(x: Any, v: Any) -> None:
    """Persistence, states, effects and links."""
    state, state_z = v.state, v.state_z
    for f in range(x.persistence_loc.size):
        rho = logistic(x.persistence_loc[f] + x.persistence_scale[f] * v.persistence_z[f])
        scale = sqrt(1.0 - rho * rho)
        v.persistence[f], v.log_persistence[f], v.innovation_scale[f] = rho, log(rho), scale
        before = 0.0
        for t in range(x.is_first.size):
            first = x.is_first[t]
            before = rho * before + state_z[t, f] * (first + (1.0 - first) * scale)
            state[t, f] = before
    effect = v.effect
    for j in range(effect.shape[0]):
        for f in range(effect.shape[1]):
            effect[j, f] = 0.0
    for e in range(x.effect_loc.size):
        v.gamma[e] = x.effect_loc[e] + x.effect_scale[e] * v.gamma_z[e]
        effect[x.effect_outcome[e], x.effect_factor[e]] = v.gamma[e]
    for n in range(x.link_loc.size):
        v.delta[n] = x.link_loc[n] + x.link_scale[n] * v.delta_z[n]


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From states, persistence, effects and links; the recurrence run backwards is its adjoint."""
    for n in range(x.link_loc.size):
        a.delta_z[n] += a.delta[n] * x.link_scale[n]
    for e in range(x.effect_loc.size):
        a.gamma_z[e] += a.effect[x.effect_outcome[e], x.effect_factor[e]] * x.effect_scale[e]
    state, state_z, state_adjoint, z_adjoint = v.state, v.state_z, a.state, a.state_z
    for f in range(x.persistence_loc.size):
        rho, scale, rho_adjoint, later = v.persistence[f], v.innovation_scale[f], a.persistence[f], 0.0
        for t in range(x.is_first.size - 1, -1, -1):
            rest = 1.0 - x.is_first[t]
            own = state_adjoint[t, f] + later
            z_adjoint[t, f] += own * (1.0 - rest + rest * scale)
            rho_adjoint -= own * state_z[t, f] * rest * rho / scale
            if t > 0:
                rho_adjoint += own * state[t - 1, f]
            later = rho * own
        a.persistence_z[f] += rho_adjoint * rho * (1.0 - rho) * x.persistence_scale[f]
