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
        slope = 1.0 if a["question_is_sure"][q] else panel.slope[e]
        total += said_density(said, truth + panel.common[a["question_topic"][q]], slope, e, panel)
    return total + record_density(present.z, a, panel)


def said_density(said: float, centre: float, slope: float, e: int, panel: Panel) -> float:
    """StudentT(4) around the recalibrated log odds, less its constant."""
    noise = panel.noise[e]
    residual = (said - slope * (centre + panel.offset[e])) / noise
    return float(STUDENT.logpdf(residual) - STUDENT.logpdf(0.0) - np.log(noise))


def judged_log_odds(q: int, present: Point, a: ModelArrays) -> float:
    """Of the mean probability over the readings of a question, by the shares of the options that each supposes."""
    logs = []
    for r in np.flatnonzero(a["reading_question"] == q):
        weight = sum(present.log_share[o] for o in a["share_option"][a["share_reading"] == r])
        weight += sum(
            a["part_length"][p] * np.exp(part_log_rate(p, present, a)) * a["segment_in_shares"][q, a["part_segment"][p]]
            for p in np.flatnonzero(a["part_reading"] == r)
        )
        logs.append(weight + np.log(chances(int(r), q, present, a)) - ahead_log(int(r), q, present, a))
    yes, no = special.logsumexp(logs, axis=0)
    return float(yes - no)


def ahead_log(r: int, q: int, present: Point, a: ModelArrays) -> float:
    """Log of the chance that one of them happens in what is not in the shares; 0 where none has to."""
    if not a["question_is_sure"][q]:
        return 0.0
    expected = sum(
        a["part_length"][p]
        * np.exp(part_log_rate(p, present, a))
        * (1 - a["segment_in_shares"][q, a["part_segment"][p]])
        for p in np.flatnonzero(a["part_reading"] == r)
    )
    return float(np.log1p(-np.exp(-expected)))


def chances(r: int, q: int, present: Point, a: ModelArrays) -> tuple[float, float]:
    """Probabilities that a reading's outcome occurs and that it does not, both with what it supposes.

    Readings that suppose a linked cause are chains; others speak of the outcome alone.
    """
    supposed = list(a["condition_reading"]).index(r) if r in a["condition_reading"] else None
    if supposed is None and not a["question_is_binary"][q]:
        return event_chances(r, present, a)
    joint, rest = (0.0, 0.0) if supposed is None else given_cause(supposed, present, a)
    if not a["question_is_binary"][q]:
        return joint, rest
    whole, level = joint + rest, np.log(joint) - np.log(rest) if supposed is not None else 0.0
    if supposed is None:
        whole = 1.0
        level = present.level[a["reading_variant"][r]] + link_effect(a["question_link"][q], present)
    log_odds = moved(q, level, present, a)
    return whole * special.expit(log_odds), whole * special.expit(-log_odds)


def moved(q: int, level: float, present: Point, a: ModelArrays) -> float:
    """Log odds of a judged binary outcome."""
    return moved_by(present.gamma[a["question_outcome"][q]], int(a["question_steps"][q]), level, present)


def moved_by(effects: np.ndarray, steps: int, level: float, present: Point) -> float:
    """From the law of the factors' mean path: pair by pair of its periods, stationary and given the last state."""
    shift = stationary = known = 0.0
    for f, rho in enumerate(present.persistence):
        gamma = effects[f]
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


def given_cause(supposed: int, present: Point, a: ModelArrays) -> tuple[float, float]:
    """Probabilities of worlds with cause and effect, and with the cause alone, each a name in a dictionary of masses; turn by turn."""
    mass = dict(enumerate(a["condition_begins"][supposed]))
    for turn, contest in enumerate(a["turn_contest"]):
        if a["contest_condition"][contest] != supposed:
            continue
        moves = [int(m) for m in np.flatnonzero(a["move_contest"] == contest)]
        push = {m: sum(present.delta[a["pull_link"][a["pull_move"] == m]]) for m in moves}
        counts = {int(a["move_from"][m]): float(a["move_counts"][m]) for m in moves}
        if a["turn_variant"][turn]:
            theta = present.level[a["turn_variant"][turn] - 1]
            settle(mass, moves, push, counts, theta, a)
        else:
            stakes = np.flatnonzero(a["stake_turn"] == turn)
            members: dict[int, int] = {}
            for world in counts:
                members |= dict(zip((m for m in moves if a["move_from"][m] == world), range(stakes.size), strict=True))
            hazards = [staked(s, present, a) for s in stakes]
            begun = rates_among(mass, moves, push, counts, members, hazards, a)
            half = {
                world: mass[world] * np.exp(-sum(begun[m] for m in moves if a["move_from"][m] == world) / 2)
                for world in counts
            }
            rates = rates_among(half, moves, push, counts, members, hazards, a)
            before = dict(mass)
            for world in counts:
                own = [m for m in moves if a["move_from"][m] == world]
                total = sum(rates[m] for m in own)
                mass[world] = before[world] * np.exp(-total)
                for m in own:
                    mass[int(a["move_to"][m])] += before[world] * -np.expm1(-total) * rates[m] / total
    joint, without = (
        sum(mass[world] * share for world, share in enumerate(a[name][supposed]))
        for name in ("condition_joint", "condition_rest")
    )
    least = TINY * (joint + without)
    return float(joint + least), float(without + least)


def staked(s: int, present: Point, a: ModelArrays) -> float:
    """Expected events of a stake."""
    variant = a["stake_variant"][s]
    drift = log_drift(a["variant_outcome"][variant], a["stake_step"][s], present)
    return float(a["stake_length"][s] * np.exp(present.level[variant] + present.shape[a["stake_band"][s]] + drift))


def rates_among(
    mass: dict[int, float], moves: list[int], push: dict[int, float], counts: dict[int, float],
    members: dict[int, int], hazards: list[float], a: ModelArrays,
) -> dict[int, float]:  # fmt: skip
    """Hazard of each move: its mean over the worlds at risk is the marginal one."""
    rates = {}
    for m in moves:
        alike = [other for other in moves if members[other] == members[m]]
        weights = [mass[int(a["move_from"][other])] * counts[int(a["move_from"][other])] for other in alike]
        mean = np.average(np.exp([push[other] for other in alike]), weights=weights) if sum(weights) else 1.0
        rates[m] = hazards[members[m]] * np.exp(push[m]) / mean
    return rates


def settle(
    mass: dict[int, float], moves: list[int], push: dict[int, float], counts: dict[int, float], theta: float,
    a: ModelArrays,
) -> None:  # fmt: skip
    """A binary outcome on its date: the mean over the worlds at risk is the level's probability; by bisection."""
    worlds = {m: int(a["move_from"][m]) for m in moves}
    weights = np.array([mass[worlds[m]] * counts[worlds[m]] for m in moves])
    pushes = np.array([push[m] for m in moves])

    def excess(without: float) -> float:
        return float(weights @ (special.expit(without + pushes) - special.expit(theta)))

    reach = abs(pushes).max() + 1.0
    root = optimize.brentq(excess, theta - reach, theta + reach, xtol=1e-14) if weights.sum() else theta
    for m in moves:
        there = mass[worlds[m]]
        mass[worlds[m]] = there * special.expit(-root - push[m])
        mass[int(a["move_to"][m])] += there * special.expit(root + push[m])


def event_chances(r: int, present: Point, a: ModelArrays) -> tuple[float, float]:
    """Survive the segments one after the other; in each, the group's exits are shared by their hazards."""
    survival, own_incidence, other_incidence = 1.0, 0.0, 0.0
    for segment in range(a.lengths["segment"]):
        own = other = 0.0
        for p in range(a.lengths["part"]):
            if a["part_reading"][p] != r or a["part_segment"][p] != segment:
                continue
            hazard = a["part_length"][p] * np.exp(part_log_rate(p, present, a))
            own, other = own + hazard * a["part_own"][p], other + hazard * (1 - a["part_own"][p])
        if own + other > 0:
            ended = survival * -np.expm1(-own - other)
            own_incidence += ended * own / (own + other)
            other_incidence += ended * other / (own + other)
            survival *= np.exp(-own - other)
    if a["question_is_sure"][a["reading_question"][r]]:
        least = TINY * (1 - survival)
        return own_incidence + least, other_incidence + least
    return own_incidence + TINY, survival + other_incidence + TINY


def part_log_rate(p: int, present: Point, a: ModelArrays) -> float:
    """Log hazard of one outcome in one segment of a reading."""
    variant, segment = a["part_variant"][p], a["part_segment"][p]
    step = a["segment_step"][a["reading_question"][a["part_reading"][p]], segment]
    drift = log_drift(a["variant_outcome"][variant], step, present)
    link = link_effect(a["part_link"][p], present)
    return float(present.level[variant] + present.shape[a["part_band"][p]] + drift + link)


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
                total += said_density(said, together, panel.slope[e], e, panel)
        weight = spread**2 / (spread**2 + error**2)
        for n in np.flatnonzero(a["answer_exercise"] == x):
            p = special.expit(base + weight * (together - base) + np.sqrt(weight) * error * z["truth_z"][n])
            total += float(np.log(p) if a["answer_yes"][n] else np.log1p(-p))
    return total
