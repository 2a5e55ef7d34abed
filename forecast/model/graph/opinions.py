"""Experts' statements: judgments of the outcomes, and track records of questions with known answers.

One measurement model for both: a stated log odds is StudentT(4) around slope_e (L + shared bias + bias_e + c), with L
the true log odds of the question and c an error that all experts share on one topic. On the study's own questions L is
what the model says; on a track record's question L is latent, and its answer is Bernoulli in it, counted once however
many experts spoke. Biases, slopes and noise are pooled over the experts of a kind.

References
----------
Log odds linear in the truth with expert bias and slope: Turner et al. (2014), Judgment and Decision Making 9(1),
doi:10.1017/S1930297500004964 (recalibration). Shared errors limit what many experts are worth: Clemen and Winkler
(1985), Operations Research 33(2), doi:10.1287/opre.33.2.427. Cumulative incidence: Prentice et al. (1978), Biometrics
34(4), doi:10.2307/2530374.
"""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt

from forecast.model.constants import FREEDOM, LEAST_TOTAL, MAX_LOG_RATE, TINY
from forecast.model.graph.conditionals import conditional_log_odds
from forecast.model.graph.experts import Experts, partly_centred, said_by
from forecast.model.graph.latents import deviation, latent
from forecast.model.graph.signals import Signals, log_drift, moved_log_odds


def add_opinions(
    x: dict[str, Any], theta: Any, shape: Any, signals: Signals, delta: Any, experts: Experts, *, conditions: bool
) -> None:
    """The likelihood of judgments and track records; `conditions` says whether any question supposes a linked cause."""
    truth = _judged_log_odds(x, theta, shape, signals, delta, conditions=conditions)
    centre = truth + experts.common[x["question_topic"]]
    said = _log_density(x["judgment_log_odds"], centre[x["judgment_question"]], x["judgment_expert"], experts)
    pm.Potential("judgments", said)
    _add_track_records(x, experts)


def _log_density(said: Any, centre: Any, expert: Any, experts: Experts) -> Any:
    noise = experts.noise[expert]
    residual = (said - experts.slope[expert] * (centre + experts.offset[expert])) / noise
    return -pt.log(noise) - 0.5 * (FREEDOM + 1.0) * pt.log1p(residual**2 / FREEDOM)


def _judged_log_odds(
    x: dict[str, Any], theta: Any, shape: Any, signals: Signals, delta: Any, *, conditions: bool
) -> Any:
    """Log odds of each judged question, given the last state of the factors; dims (question)."""
    padded_delta = pt.concatenate([pt.zeros(1), delta])
    is_binary, of = x["question_is_binary"], x["question_outcome"]
    binary = theta[of] + padded_delta[x["question_link"]]
    event = _event_log_odds(x, theta, shape, signals, padded_delta)
    if conditions:
        supposed = conditional_log_odds(x, theta, shape, signals, delta)
        event, binary = (either[x["condition_question"]].set(supposed) for either in (event, binary))
    binary = moved_log_odds(signals, of, x["question_steps"], binary)
    return pm.Deterministic("judged_log_odds", is_binary * binary + (1.0 - is_binary) * event, dims="question")


def _event_log_odds(x: dict[str, Any], theta: Any, shape: Any, signals: Signals, padded_delta: Any) -> Any:
    """Cumulative incidence among the outcomes that exclude one another, segment by segment."""
    steps = x["segment_step"]
    of, question, segment = x["part_outcome"], x["part_question"], x["part_segment"]
    drift = log_drift(signals, of, steps[question, segment])
    log_rate = theta[of] + shape[x["part_band"]] + padded_delta[x["part_link"]] + drift
    hazard = x["part_length"] * pt.exp(pt.minimum(log_rate, MAX_LOG_RATE))
    empty = pt.zeros(steps.shape)
    total = empty[question, segment].inc(hazard)
    own = empty[question, segment].inc(hazard * x["part_own"])
    at_start = pt.exp(-(pt.cumsum(total, axis=1) - total))
    happens = at_start * -pt.expm1(-total) / (total + LEAST_TOTAL)
    yes = (happens * own).sum(axis=1)
    no = pt.exp(-total.sum(axis=1)) + (happens * (total - own)).sum(axis=1)
    return pt.log(yes + TINY) - pt.log(no + TINY)


def _add_track_records(x: dict[str, Any], experts: Experts) -> None:
    """Per question, the truth plus the common error is one variable, and the truth given it another.

    Statements see only the sum m ~ Normal(base, spread^2 + common^2); given it, the truth is normal with mean
    base + w (m - base), w = spread^2 / (spread^2 + common^2). So the sampler meets no ridge between the two.
    """
    base = pm.Deterministic("exam_base", x["exam_base_scale"] * latent("exam_base_z"), dims="exam")
    spread = pm.Deterministic("exam_spread", x["exam_spread_scale"] * latent("exam_spread_z"), dims="exam")
    of = x["exercise_exam"]
    truth, error = spread[of] ** 2 + TINY, experts.common_sd[x["exam_panel"]][of] ** 2
    scale = pt.sqrt(truth + error)
    said = said_by(x["exercise_voices"], base[of], scale, experts)
    own = scale * deviation("exercise_z", partly_centred("exercise_z", *said, x["exercise_centring"]))
    centre = pm.Deterministic("exercise_log_odds", base[of] + own, dims="exercise")
    records = _log_density(x["record_log_odds"], centre[x["record_exercise"]], x["record_expert"], experts)
    pm.Potential("track_records", records)
    rest = pt.sqrt(truth * error / (truth + error) + TINY)
    log_odds = base[of] + own * truth / (truth + error) + rest * latent("truth_z")
    pm.Potential("answers", x["exercise_yes"] * log_odds - pt.softplus(log_odds))
