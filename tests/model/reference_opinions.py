"""The part of the reference density that is about experts: judgments and track records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special, stats

from forecast.model.arrays import ModelArrays
from tests.model.reference_experts import Panel, uncentred
from tests.model.reference_experts import said as said_by

if TYPE_CHECKING:
    from tests.model.reference_density import Point

STUDENT = stats.t(4)
TINY = 1e-12
"""Probabilities closer than this to 0 or 1 are treated as equal to it: part of the model, not of how it is computed."""


def opinion_density(present: Point, panel: Panel, a: ModelArrays) -> float:
    """Log density of all that experts say, less constants of the data."""
    total = 0.0
    for q, e, said in zip(a["judgment_question"], a["judgment_expert"], a["judgment_log_odds"], strict=True):
        truth = judged_log_odds(q, present, a)
        total += said_density(said, truth + panel.common[a["question_topic"][q]], e, panel)
    return total + record_density(present.z, a, panel)


def said_density(said: float, centre: float, e: int, panel: Panel) -> float:
    """StudentT(4) around the recalibrated log odds, less its constant."""
    noise = panel.noise[e]
    residual = (said - panel.slope[e] * (centre + panel.offset[e])) / noise
    return float(STUDENT.logpdf(residual) - STUDENT.logpdf(0.0) - np.log(noise))


def judged_log_odds(q: int, present: Point, a: ModelArrays) -> float:
    """Questions that suppose a linked cause are chains; others speak of the outcome alone."""
    supposed = list(a["condition_question"]).index(q) if q in a["condition_question"] else None
    if a["question_is_binary"][q]:
        j = a["question_outcome"][q]
        if supposed is None:
            return moved(q, present.theta[j] + link_effect(a["question_link"][q], present), present, a)
        return moved(q, binary_given_cause(q, supposed, present, a), present, a)
    if supposed is None:
        return event_log_odds(q, present, a)
    joint, without, _ = cause_and_effect(supposed, present, a)
    least = TINY * (joint + without)
    return float(np.log(joint + least) - np.log(without + least))


def moved(q: int, level: float, present: Point, a: ModelArrays) -> float:
    """From the law of the factors' mean path: pair by pair of its periods, stationary and given the last state."""
    j, steps = a["question_outcome"][q], int(a["question_steps"][q])
    shift = stationary = known = 0.0
    for f, rho in enumerate(present.persistence):
        gamma = present.gamma[j, f]
        periods = np.arange(1, steps + 1)
        both = rho ** np.abs(periods[:, None] - periods)
        given = both - rho ** (periods[:, None] + periods)
        shift += gamma * np.mean(present.now[f] * rho**periods)
        stationary += gamma**2 * both.mean()
        known += gamma**2 * given.mean()
    return float((level * np.sqrt(1 + np.pi / 8 * stationary) + shift) / np.sqrt(1 + np.pi / 8 * known))


def log_drift(j: int, steps: float, present: Point) -> float:
    """Log of E exp(gamma s) given the last state, over the same under the stationary law."""
    drift = 0.0
    for f, rho in enumerate(present.persistence):
        gamma, mean, variance = present.gamma[j, f], present.now[f] * rho**steps, 1 - rho ** (2 * steps)
        drift += gamma * mean + gamma**2 * variance / 2 - gamma**2 / 2
    return float(drift)


def binary_given_cause(q: int, supposed: int, present: Point, a: ModelArrays) -> float:
    """Log odds with the cause, at which the mean over cause or no cause is the level's probability; by bisection."""
    theta = present.theta[a["question_outcome"][q]]
    _, _, cause = cause_and_effect(supposed, present, a)
    delta = link_effect(a["question_link"][q], present)

    def excess(without: float) -> float:
        mean = (1 - cause) * special.expit(without) + cause * special.expit(without + delta)
        return float(mean - special.expit(theta))

    return float(optimize.brentq(excess, theta - abs(delta) - 1, theta + abs(delta) + 1, xtol=1e-14)) + delta


def cause_and_effect(supposed: int, present: Point, a: ModelArrays) -> tuple[float, float, float]:
    """Probability of effect and cause, of the cause alone, and of the cause, by the date; as matrices over seven states.

    The states: cause pending, occurred, excluded; effect already there with the cause pending, with the cause; the same
    two with a rival of the effect.
    """
    certain = a["condition_is_certain"][supposed]
    world = np.array([1 - certain, certain, 0.0, 0.0, 0.0, 0.0, 0.0])
    alone = np.array([1 - certain, certain])
    for leg in np.flatnonzero(a["leg_condition"] == supposed):
        stakes = np.flatnonzero(a["stake_leg"] == leg)
        hazard, ratio = {}, {}
        for s in stakes:
            j = a["stake_outcome"][s]
            log_rate = present.theta[j] + present.shape[a["stake_band"][s]] + log_drift(j, a["leg_step"][leg], present)
            hazard[s] = a["stake_length"][s] * np.exp(log_rate)
            ratio[s] = np.exp(link_effect(a["stake_link"][s], present))
        agents = [s for s in stakes if a["stake_side"][s]]
        cause = sum((hazard[s] for s in agents if a["stake_own"][s]), 0.0)
        other = sum((hazard[s] for s in agents if not a["stake_own"][s]), 0.0)
        jump = a["leg_jump"][leg]
        cause += jump * np.log1p(np.exp(present.theta[a["condition_cause"][supposed]]))
        turned = -np.expm1(-cause - other)
        to_cause, to_other = (turned * part / (cause + other) if turned else 0.0 for part in (cause, other))
        turn = np.eye(7)
        for pending, reached in ((0, 1), (3, 4), (5, 6)):
            turn[pending, pending], turn[pending, reached] = 1 - turned, to_cause
        turn[0, 2] = to_other
        at_risk = world[:3].sum()
        middle = (world[1] + (1 - jump) / 2 * world[0] * to_cause) / at_risk if at_risk else 0.0
        half = np.eye(7)
        for state, reached in ((0, 3), (1, 4), (2, None)):
            there = {s: ratio[s] if state == 1 else 1.0 for s in stakes if not a["stake_side"][s]}
            rates = {s: hazard[s] * size / (1 + middle * (ratio[s] - 1)) for s, size in there.items()}
            total, own = sum(rates.values()), sum(rate for s, rate in rates.items() if a["stake_own"][s])
            half[state, state] = np.exp(-total / 2)
            if reached is not None and total:
                half[state, reached] = own / total * -np.expm1(-total / 2)
                half[state, reached + 2] = (total - own) / total * -np.expm1(-total / 2)
        world = world @ half @ turn @ half
        alone = np.array([alone[0] * (1 - turned), alone[1] + alone[0] * to_cause])
    return float(world[4]), float(world[1] + world[6]), float(alone[1])


def event_log_odds(q: int, present: Point, a: ModelArrays) -> float:
    """Survive the segments one after the other; in each, the group's exits are shared by their hazards."""
    survival, own_incidence, other_incidence = 1.0, 0.0, 0.0
    for segment in range(a.lengths["segment"]):
        own = other = 0.0
        for p in range(a.lengths["part"]):
            if a["part_question"][p] != q or a["part_segment"][p] != segment:
                continue
            j = a["part_outcome"][p]
            drift = log_drift(j, a["segment_step"][q, segment], present)
            log_rate = present.theta[j] + present.shape[a["part_band"][p]] + drift
            hazard = a["part_length"][p] * np.exp(log_rate + link_effect(a["part_link"][p], present))
            own, other = own + hazard * a["part_own"][p], other + hazard * (1 - a["part_own"][p])
        if own + other > 0:
            ended = survival * -np.expm1(-own - other)
            own_incidence += ended * own / (own + other)
            other_incidence += ended * other / (own + other)
            survival *= np.exp(-own - other)
    return float(np.log(own_incidence + TINY) - np.log(survival + other_incidence + TINY))


def link_effect(place: int, present: Point) -> float:
    """Links are counted from 1; 0 is none."""
    return float(present.delta[place - 1]) if place else 0.0


def record_density(z: dict[str, np.ndarray], a: ModelArrays, panel: Panel) -> float:
    """Track records; `exercise_z` is partly on the scale of what is said, `truth_z` the truth given truth plus error."""
    total = 0.0
    for x in range(a.lengths["exercise"]):
        exam = a["exercise_exam"][x]
        base = a["exam_base_scale"][exam] * z["exam_base_z"][exam]
        spread = a["exam_spread_scale"][exam] * np.exp(z["exam_spread_z"][exam])
        error = panel.common_sd[a["exam_panel"][exam]]
        law = said_by(a["exercise_voices"][x], base, np.hypot(spread, error), panel)
        deviation, prior = uncentred(z["exercise_z"][x], *law, a["exercise_centring"][x])
        total += prior
        together = base + np.hypot(spread, error) * deviation
        for exercise, e, said in zip(a["record_exercise"], a["record_expert"], a["record_log_odds"], strict=True):
            if exercise == x:
                total += said_density(said, together, e, panel)
        weight = spread**2 / (spread**2 + error**2)
        truth = base + weight * (together - base) + np.sqrt(weight) * error * z["truth_z"][x]
        p = special.expit(truth)
        total += float(np.log(p) if a["exercise_yes"][x] else np.log1p(-p))
    return total
