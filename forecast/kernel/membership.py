"""Which class the present case belongs to: sum of w H over the options of a membership, and their shares.

H is the likelihood of what was shown, over all variants of an option; variants of no option add theirs as it is. By the log
likelihood of an option: its share, and for the log shares s of all options of its membership, a_o - s_o sum of a. The option
that a draw has is the one in whose part of (0, 1), with parts as long as the shares, the normal cdf of z lies. Definition and
sources: `forecast.model.graph.membership`.
"""

from __future__ import annotations

from math import erf, exp, log, sqrt
from typing import Any

from forecast.kernel.compiling import block


@block
def forward(x: Any, v: Any) -> None:
    """Shares, and the levels of the drawn options."""
    for option in range(x.option_membership.size):
        v.option_log[option] = x.option_log_weight[option]
    for variant in range(x.variant_outcome.size):
        if x.variant_option[variant] > 0:
            v.option_log[x.variant_option[variant] - 1] += v.shown[variant]
    for m in range(v.membership_total.size):
        largest, total = -1e300, 0.0
        for option in range(x.membership_first[m], stop(x, m)):
            largest = max(largest, v.option_log[option])
        for option in range(x.membership_first[m], stop(x, m)):
            total += exp(v.option_log[option] - largest)
        v.membership_total[m] = largest + log(total)
        choose(x, v, m)
    for variant in range(x.variant_outcome.size):
        option = x.variant_option[variant]
        if option == 0 or v.option_chosen[option - 1] > 0.0:
            v.theta[x.variant_outcome[variant]] = v.present_level[variant]


@block
def stop(x: Any, m: int) -> int:
    """Where the options of a membership end."""
    found: int = x.membership_first[m + 1] if m + 1 < x.membership_first.size else x.option_membership.size
    return found


@block
def choose(x: Any, v: Any, m: int) -> None:
    """Shares of the options of one membership, and which of them a draw has."""
    place, before = 0.5 * (1.0 + erf(v.membership_z[m] / sqrt(2.0))), 0.0
    for option in range(x.membership_first[m], stop(x, m)):
        v.option_log_share[option] = v.option_log[option] - v.membership_total[m]
        v.option_share[option] = exp(v.option_log_share[option])
        is_last = option == stop(x, m) - 1
        v.option_chosen[option] = (
            1.0 if before <= place and (is_last or place < before + v.option_share[option]) else 0.0
        )
        before += v.option_share[option]


@block
def likelihood(x: Any, v: Any) -> float:
    """Log likelihood of what was shown."""
    logp = 0.0
    for variant in range(x.variant_outcome.size):
        if x.variant_option[variant] == 0:
            logp += v.shown[variant]
    for m in range(v.membership_total.size):
        logp += v.membership_total[m]
    return logp


@block
def backward(x: Any, v: Any, a: Any) -> None:
    """From the likelihood and the log shares to what was shown."""
    for m in range(v.membership_total.size):
        a.membership_total[m] = 1.0
    for option in range(x.option_membership.size):
        a.membership_total[x.option_membership[option]] -= a.option_log_share[option]
    for option in range(x.option_membership.size):
        by_total = a.membership_total[x.option_membership[option]]
        a.option_log[option] = a.option_log_share[option] + v.option_share[option] * by_total
    for variant in range(x.variant_outcome.size):
        option = x.variant_option[variant]
        a.shown[variant] = 1.0 if option == 0 else a.option_log[option - 1]
