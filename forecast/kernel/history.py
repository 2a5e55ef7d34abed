"""The present case has had no event so far: log density -exposure exp(theta_j + g_b + sum of gamma_jf s_tf).

Time before the first past period (place 0) has no factor.
"""

from __future__ import annotations

from math import exp
from typing import Any

from forecast.kernel.compiling import block


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of the history; adds to the adjoints of theta, shapes, effects and states."""
    logp, factors = 0.0, x.persistence_loc.size
    effect, state, effect_adjoint, state_adjoint = v.effect, v.state, a.effect, a.state
    for h in range(x.history_exposure.size):
        j, b, t = x.history_outcome[h], x.history_band[h], x.history_period[h] - 1
        log_rate = v.theta[j] + v.log_hazard_shape[b]
        if t >= 0:
            for f in range(factors):
                log_rate += effect[j, f] * state[t, f]
        expected = x.history_exposure[h] * exp(log_rate)
        logp -= expected
        a.theta[j] -= expected
        a.log_hazard_shape[b] -= expected
        if t >= 0:
            for f in range(factors):
                effect_adjoint[j, f] -= expected * state[t, f]
                state_adjoint[t, f] -= expected * effect[j, f]
    return logp
