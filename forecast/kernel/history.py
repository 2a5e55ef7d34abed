"""What the present case has shown: quiet time, events that occurred, binary outcomes that resolved.

    events l - exposure exp(l),  l = theta_j + g_b + sum of e s_tf - e^2 / 2 + links,  e = gamma_jf
    yes m - log(1 + exp(m)),     m = theta_j + links

The level is the mean hazard under the stationary law of the factors, whose mean of exp(e s) is exp(e^2 / 2). Time before
the first past period (place 0) has no factor. The links are those whose causes had occurred, on levels without them.
Counting process: Andersen and Gill (1982), doi:10.1214/aos/1176345976.
"""

from __future__ import annotations

from math import exp
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import logistic, softplus


@block
def likelihood(x: Any, v: Any, a: Any) -> float:
    """Log likelihood of the history; adds to the adjoints of theta, shapes, effects, states and links."""
    push(x, v)
    logp, factors = 0.0, x.persistence_loc.size
    effect, state, effect_adjoint, state_adjoint = v.effect, v.state, a.effect, a.state
    for h in range(x.history_exposure.size):
        j, b, t = x.history_outcome[h], x.history_band[h], x.history_period[h] - 1
        log_rate = v.theta[j] + v.log_hazard_shape[b] + v.history_push[h]
        if t >= 0:
            for f in range(factors):
                log_rate += effect[j, f] * (state[t, f] - 0.5 * effect[j, f])
        expected = x.history_exposure[h] * exp(log_rate)
        adjoint = x.history_events[h] - expected
        logp += x.history_events[h] * log_rate - expected
        a.theta[j] += adjoint
        a.log_hazard_shape[b] += adjoint
        a.history_push[h] = adjoint
        if t >= 0:
            for f in range(factors):
                effect_adjoint[j, f] += adjoint * (state[t, f] - effect[j, f])
                state_adjoint[t, f] += adjoint * effect[j, f]
    for n in range(x.verdict_yes.size):
        log_odds = v.theta[x.verdict_outcome[n]] + v.verdict_push[n]
        logp += x.verdict_yes[n] * log_odds - softplus(log_odds)
        a.verdict_push[n] = x.verdict_yes[n] - logistic(log_odds)
        a.theta[x.verdict_outcome[n]] += a.verdict_push[n]
    for p in range(x.press_link.size):
        if x.press_history[p] > 0:
            a.delta[x.press_link[p]] += a.history_push[x.press_history[p] - 1]
        if x.press_verdict[p] > 0:
            a.delta[x.press_link[p]] += a.verdict_push[x.press_verdict[p] - 1]
    return logp


@block
def push(x: Any, v: Any) -> None:
    """What links add."""
    for h in range(x.history_exposure.size):
        v.history_push[h] = 0.0
    for n in range(x.verdict_yes.size):
        v.verdict_push[n] = 0.0
    for p in range(x.press_link.size):
        if x.press_history[p] > 0:
            v.history_push[x.press_history[p] - 1] += v.delta[x.press_link[p]]
        if x.press_verdict[p] > 0:
            v.verdict_push[x.press_verdict[p] - 1] += v.delta[x.press_link[p]]
