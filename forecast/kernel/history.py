"""What the present case has shown: quiet time, events that occurred, binary outcomes that resolved.

    events l - exposure exp(l),  l = level + g_b + sum of e s_tf - e^2 / 2 + links,  e = gamma_jf
    yes m - log(1 + exp(m)),     m = level + links

The level is the mean hazard under the stationary law of the factors, whose mean of exp(e s) is exp(e^2 / 2). Time before
the first past period (place 0) has no factor. The links are those whose causes had occurred, on levels without them, each
with the share of its effect that is there by then.
Counting process: Andersen and Gill (1982), doi:10.1214/aos/1176345976. The sums go to options of memberships
(`forecast.kernel.membership`), and from there the shares come back.
"""

from __future__ import annotations

from math import exp
from typing import Any

from forecast.kernel.compiling import block
from forecast.kernel.elementary import logistic, softplus


@block
def forward(x: Any, v: Any) -> None:
    """Log likelihood of what was shown, by variant."""
    push(x, v)
    factors, effect, state = x.persistence_loc.size, v.effect, v.state
    for variant in range(x.variant_outcome.size):
        v.shown[variant] = 0.0
    for h in range(x.history_exposure.size):
        variant, t = x.history_variant[h], x.history_period[h] - 1
        log_rate = v.present_level[variant] + v.log_hazard_shape[x.history_band[h]] + v.history_push[h]
        if t >= 0:
            j = x.variant_outcome[variant]
            for f in range(factors):
                log_rate += effect[j, f] * (state[t, f] - 0.5 * effect[j, f])
        v.history_expected[h] = x.history_exposure[h] * exp(log_rate)
        v.shown[variant] += x.history_events[h] * log_rate - v.history_expected[h]
    for n in range(x.verdict_yes.size):
        v.verdict_log_odds[n] = v.present_level[x.verdict_variant[n]] + v.verdict_push[n]
        v.shown[x.verdict_variant[n]] += x.verdict_yes[n] * v.verdict_log_odds[n] - softplus(v.verdict_log_odds[n])


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """To levels, shapes, effects, states and links."""
    factors = x.persistence_loc.size
    effect, state, effect_adjoint, state_adjoint = v.effect, v.state, a.effect, a.state
    for h in range(x.history_exposure.size):
        variant, t = x.history_variant[h], x.history_period[h] - 1
        adjoint = a.shown[variant] * (x.history_events[h] - v.history_expected[h])
        a.present_level[variant] += adjoint
        a.log_hazard_shape[x.history_band[h]] += adjoint
        a.history_push[h] = adjoint
        if t >= 0:
            j = x.variant_outcome[variant]
            for f in range(factors):
                effect_adjoint[j, f] += adjoint * (state[t, f] - effect[j, f])
                state_adjoint[t, f] += adjoint * effect[j, f]
    for n in range(x.verdict_yes.size):
        variant = x.verdict_variant[n]
        a.verdict_push[n] = a.shown[variant] * (x.verdict_yes[n] - logistic(v.verdict_log_odds[n]))
        a.present_level[variant] += a.verdict_push[n]
    for p in range(x.press_link.size):
        if x.press_history[p] > 0:
            a.delta[x.press_link[p]] += x.press_share[p] * a.history_push[x.press_history[p] - 1]
        if x.press_verdict[p] > 0:
            a.delta[x.press_link[p]] += x.press_share[p] * a.verdict_push[x.press_verdict[p] - 1]


@block
def push(x: Any, v: Any) -> None:
    """What links add."""
    for h in range(x.history_exposure.size):
        v.history_push[h] = 0.0
    for n in range(x.verdict_yes.size):
        v.verdict_push[n] = 0.0
    for p in range(x.press_link.size):
        if x.press_history[p] > 0:
            v.history_push[x.press_history[p] - 1] += x.press_share[p] * v.delta[x.press_link[p]]
        if x.press_verdict[p] > 0:
            v.verdict_push[x.press_verdict[p] - 1] += x.press_share[p] * v.delta[x.press_link[p]]
