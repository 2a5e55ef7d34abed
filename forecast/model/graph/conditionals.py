"""Questions that suppose a cause to have occurred by their date: P(effect by t | cause by t).

The level of the effect is its marginal: its hazard is r / M where the cause has not occurred and r E / M where it has,
with E = exp(delta) and M the mean of 1 and E among those still at risk, so that the mean of both is r. Among them the
shares p (cause pending), u (it occurred) and x (one of its rivals did) follow a chain, leg by leg: half of the thinning
by the hazards of the effect's group, what the cause's group does, and the other half (Strang 1968,
doi:10.1137/0705041). M takes u at the middle of the leg. The effect may come before the cause: it then counts with the
probability that the cause still occurs by the date. The loop is in `forecast.model.graph.chain`.

A binary effect has the log odds w + delta, with w the root of (1 - u) logistic(w) + u logistic(w + delta) =
logistic(theta), u = P(cause by t).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt

from forecast.model.constants import LEAST_MASS, MAX_LOG_RATE, TINY
from forecast.model.graph.chain import chain
from forecast.model.graph.signals import Signals, log_drift


def conditional_log_odds(x: dict[str, Any], theta: Any, shape: Any, signals: Signals, delta: Any) -> tuple[Any, Any]:
    """Log odds of each conditional question about an event, and log odds behind each one about a binary outcome.

    Both have dims (condition); factors are not yet in the second.
    """
    leg, outcome, length = x["stake_leg"], x["stake_outcome"], x["stake_length"]
    log_rate = theta[outcome] + shape[x["stake_band"]] + log_drift(signals, outcome, x["leg_step"][leg])
    hazard = length * pt.exp(pt.minimum(log_rate, MAX_LOG_RATE))
    padded_delta = pt.concatenate([pt.zeros(1), delta])
    effect, agent, own = 1.0 - x["stake_side"], x["stake_side"], x["stake_own"]
    table, column = pt.zeros((x["leg_step"].shape[0], x["mu_loc"].shape[0])), pt.zeros_like(x["leg_step"])
    resolves = x["leg_jump"] * pt.softplus(theta[x["condition_cause"]][x["leg_condition"]])
    found = chain(
        x["leg_condition"],
        x["condition_is_certain"],
        x["leg_jump"],
        table[leg, outcome].inc(effect * own),
        table[leg, outcome].inc(effect * hazard),
        pt.ones_like(table)[leg, outcome].set(pt.exp(padded_delta[x["stake_link"]])),
        column[leg].inc(agent * own * hazard) + resolves,
        column[leg].inc(agent * (1.0 - own) * hazard),
    )
    joint, rest, supposed = found[0], found[1], found[2]
    least = TINY * (joint + rest) + LEAST_MASS
    event = pt.log(joint + least) - pt.log(rest + least)
    question = x["condition_question"]
    level = theta[x["question_outcome"][question]]
    return event, _binary_level(level, padded_delta[x["question_link"][question]], supposed)


def _binary_level(theta: Any, delta: Any, supposed: Any) -> Any:
    """Log odds of a binary effect where the cause has occurred: the larger root of a quadratic in the odds."""
    ratio, level = pt.exp(delta), pt.sigmoid(theta)
    linear = 1.0 - supposed + supposed * ratio - level * (1.0 + ratio)
    root = pt.sqrt(linear**2 + 4.0 * ratio * pt.sigmoid(-theta) * level)
    small = np.log(2.0) - pt.softplus(-theta) - pt.log(root + abs(linear))
    large = pt.log(root + abs(linear)) - np.log(2.0) - delta + pt.softplus(theta)
    return pt.switch(linear > 0.0, small, large) + delta
