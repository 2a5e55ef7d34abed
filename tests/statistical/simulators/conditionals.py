"""Conditional judgments: what is true of outcomes that act on one another, by a differential equation of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from forecast.model.arrays import ModelArrays
from forecast.model.encoding.encode import encode_study
from tests.documents import binary_outcome, event_outcome, make_study
from tests.statistical.simulators.block import Arrays, Block, Truth
from tests.statistical.simulators.opinions import log_odds, stated

AHEAD, AT = 24, 12
"""Months to the date of events, and to that of the binary outcome."""
STEPS = 2
"""Of a month."""
Masses = np.ndarray
"""Of those who have neither exit nor conversion, exit, or conversion, without war and then with it; then the same three
of those in whom war occurred on the first day."""


def conditionals_block() -> Block:
    """Exit and war make one another likelier, conversion excludes exit, and war acts on an agreement.

    Three experts judge all four, exit given war and war given exit, the agreement given war, and exit given war at once.
    """
    asked: list[dict[str, Any]] = [
        {"outcome": "exit"},
        {"outcome": "conversion"},
        {"outcome": "war"},
        {"outcome": "agreement"},
        {"outcome": "exit", "given": "war"},
        {"outcome": "war", "given": "exit"},
        {"outcome": "agreement", "given": "war"},
        {"outcome": "exit", "given": "war", "given_at": "once"},
    ]
    rows = [
        {"by": "2022-01-01", **row, "expert": name, "probability": 0.5, "on": "2020-01-01"}
        for name in "xyz"
        for row in asked
    ]
    for row in rows:
        if row["outcome"] == "agreement":
            row["by"] = "2021-01-01"
    prior = {"distribution": "normal(-3.5, 0.7)"}
    study = make_study(
        event_outcome(id="exit", competes="end", prior=prior),
        event_outcome(id="conversion", competes="end", prior=prior),
        event_outcome(id="war", prior=prior),
        binary_outcome(resolution={"criteria": "It is signed.", "by": "2021-01-01"}),
        links=[
            {"cause": cause, "effect_on": effect, "log_ratio": "normal(0.5, 1)", "rationale": "Drawn."}
            for cause, effect in (("war", "exit"), ("exit", "war"), ("war", "agreement"))
        ],
        judgments={"rows": rows},
    )
    quantities = ("theta", "delta", "shared_bias", "slope", "noise", "common_sd")
    return Block("conditionals", encode_study(study).arrays, simulate_conditionals, quantities)


def simulate_conditionals(
    rng: np.random.Generator, truth: Truth, a: ModelArrays, *, keeps_marginals: bool = True
) -> Arrays:
    """What experts say of marginals, which links leave where they are, and of the worlds that links make."""
    rates, pushes = np.exp(truth["theta"][:3]), np.exp(truth["delta"][:2])
    exit_rate, rival_rate, war_rate = rates
    ended = -np.expm1(-AHEAD * (exit_rate + rival_rate)) / (exit_rate + rival_rate)
    half, whole = masses(rates, pushes, keeps_marginals=keeps_marginals)
    odds = [
        log_odds(exit_rate * ended),
        log_odds(rival_rate * ended),
        log_odds(-np.expm1(-AHEAD * war_rate)),
        float(truth["theta"][3]),
        log_odds(whole[4] / whole[3:6].sum()),
        log_odds(whole[4] / (whole[1] + whole[4])),
        with_cause(float(truth["theta"][3]), float(truth["delta"][2]), float(half[3:6].sum())),
        log_odds(whole[7] / whole[6:].sum()),
    ]
    return stated(rng, np.array(odds), truth, a)


def masses(rates: np.ndarray, pushes: np.ndarray, *, keeps_marginals: bool) -> tuple[Masses, Masses]:
    """At the date of the binary outcome and at that of events, by the fourth-order Runge-Kutta method."""
    law, found = [1.0, *[0.0] * 5, 1.0, 0.0, 0.0], []
    at, pushed = [float(rate) for rate in rates], [float(push) for push in pushes]
    length = 1 / STEPS
    for step in range(1, AHEAD * STEPS + 1):
        one = _change(law, at, pushed, keeps_marginals)
        two = _change(_along(law, one, length / 2), at, pushed, keeps_marginals)
        three = _change(_along(law, two, length / 2), at, pushed, keeps_marginals)
        four = _change(_along(law, three, length), at, pushed, keeps_marginals)
        mean = [(p + 2 * q + 2 * r + s) / 6 for p, q, r, s in zip(one, two, three, four, strict=True)]
        law = _along(law, mean, length)
        if step in (AT * STEPS, AHEAD * STEPS):
            found.append(np.array(law))
    return found[0], found[1]


def _along(law: list[float], change: list[float], length: float) -> list[float]:
    return [mass + length * slope for mass, slope in zip(law, change, strict=True)]


def _change(law: list[float], rates: list[float], pushes: list[float], keeps_marginals: bool) -> list[float]:
    """Hazards are divided by the mean of what links make of them among those at risk."""
    none, left, turned, none_war, _, _, at_once, _, _ = law
    (exit_rate, rival_rate, war_rate), (by_war, by_exit) = rates, pushes
    if keeps_marginals:
        exit_rate /= (none + by_war * none_war) / (none + none_war)
        war_rate /= (none + by_exit * left + turned) / (none + left + turned)
    leaves, turns, fights = exit_rate * none, rival_rate * none, war_rate * none
    fights_left, fights_turned = war_rate * by_exit * left, war_rate * turned
    leaves_war, turns_war = exit_rate * by_war * none_war, rival_rate * none_war
    leaves_once, turns_once = exit_rate * by_war * at_once, rival_rate * at_once
    return [
        -leaves - turns - fights, leaves - fights_left, turns - fights_turned,
        fights - leaves_war - turns_war, fights_left + leaves_war, fights_turned + turns_war,
        -leaves_once - turns_once, leaves_once, turns_once,
    ]  # fmt: skip


def with_cause(level: float, effect: float, chance: float) -> float:
    """Log odds with a cause that has this chance, where those of the mean probability are the level."""
    low, high, aim = level - abs(effect), level + abs(effect), special.expit(level)
    for _ in range(60):
        middle = (low + high) / 2
        mean = (1 - chance) / (1 + np.exp(-middle)) + chance / (1 + np.exp(-middle - effect))
        low, high = (low, middle) if mean > aim else (middle, high)
    return low + effect
