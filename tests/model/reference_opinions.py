"""The part of the reference density that is about experts: judgments and track records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

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
        truth = binary_log_odds(q, present, a) if a["question_is_binary"][q] else event_log_odds(q, present, a)
        total += said_density(said, truth + panel.common[a["question_topic"][q]], e, panel)
    return total + record_density(present.z, a, panel)


def said_density(said: float, centre: float, e: int, panel: Panel) -> float:
    """StudentT(4) around the recalibrated log odds, less its constant."""
    noise = panel.noise[e]
    residual = (said - panel.slope[e] * (centre + panel.offset[e])) / noise
    return float(STUDENT.logpdf(residual) - STUDENT.logpdf(0.0) - np.log(noise))


def binary_log_odds(q: int, present: Point, a: ModelArrays) -> float:
    """With the factors' mean path, averaged period by period."""
    j, steps = a["question_outcome"][q], int(a["question_steps"][q])
    drive = 0.0
    for f, rho in enumerate(present.persistence):
        drive += present.gamma[j, f] * np.mean([present.now[f] * rho**h for h in range(1, steps + 1)])
    return float(present.theta[j] + drive + link_effect(a["question_link"][q], present))


def event_log_odds(q: int, present: Point, a: ModelArrays) -> float:
    """Survive the segments one after the other; in each, the group's exits are shared by their hazards."""
    survival, own_incidence, other_incidence = 1.0, 0.0, 0.0
    for segment in range(a.lengths["segment"]):
        own = other = 0.0
        for p in range(a.lengths["part"]):
            if a["part_question"][p] != q or a["part_segment"][p] != segment:
                continue
            j = a["part_outcome"][p]
            drive = sum(
                present.gamma[j, f] * present.now[f] * rho ** a["segment_step"][q, segment]
                for f, rho in enumerate(present.persistence)
            )
            log_rate = present.theta[j] + present.shape[a["part_band"][p]] + drive
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
