"""Questions that suppose what other outcomes do by their date: P(effect by t | cause by t), or | a and not b.

A chain has a mass for each world: which of its outcomes have occurred. They come in contests, whose outcomes exclude one
another. The levels are marginals: with r the hazard of an outcome, its hazard in a world is r W / M, with W the product
of exp(delta) of the links that act there and M the mean of W among the worlds in which nothing of its contest has
occurred. So the mean of its hazards is r, whatever links lead to it, from it and in circles. In a turn something happens
to one contest, and worlds that have more of it lose less to it. M is that at the middle of the turn: once through half of it
with the M of its start. In a leg the contests have half of their time in turn, and the other half in reverse (Strang 1968,
doi:10.1137/0705041). A binary outcome occurs on its date, with the log odds w + log W, and w such that the mean
of the probabilities among the worlds is logistic(theta). Then

    P(effect | condition) = mass of worlds with the effect in which the condition is so / mass of worlds in which it is so.

An outcome may come before what is supposed. The loop is in `forecast.model.graph.chain`.
"""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt

from forecast.model.constants import LEAST_MASS, MAX_LOG_RATE, TINY
from forecast.model.graph.chain import STRUCTURE, chain
from forecast.model.graph.signals import Signals, log_drift


def conditional_odds(x: dict[str, Any], level: Any, shape: Any, signals: Signals, delta: Any) -> tuple[Any, Any]:
    """Log probabilities of condition and effect, and of the condition alone; dims (condition).

    Factors are not yet in those about binary outcomes.
    """
    outcome = x["variant_outcome"][x["stake_variant"]]
    log_rate = level[x["stake_variant"]] + shape[x["stake_band"]] + log_drift(signals, outcome, x["stake_step"])
    hazard = x["stake_length"] * pt.exp(pt.minimum(log_rate, MAX_LOG_RATE))
    push = pt.zeros(x["move_from"].shape)[x["pull_move"]].inc(delta[x["pull_link"]])
    found = chain(*(x[name] for name in STRUCTURE), hazard, push, level)
    joint, rest = found[0], found[1]
    least = TINY * (joint + rest) + LEAST_MASS
    return pt.log(joint + least), pt.log(rest + least)
