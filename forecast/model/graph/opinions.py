"""Experts' statements: judgments of the outcomes, and track records of other questions.

One measurement model for both: a stated log odds is StudentT(4) around slope_e (L + shared bias + bias_e + c), with L
the true log odds of the question and c an error that all experts share on one topic. On the study's own questions L is
what the model says; on a track record's question L is latent, and its answer, where it is known, is Bernoulli in it,
counted once however many experts spoke. Biases, slopes and noise are pooled over the experts of a kind.

References
----------
Log odds linear in the truth with expert bias and slope: Turner et al. (2014), Machine Learning 95(3),
doi:10.1007/s10994-013-5401-4 (recalibration). Shared errors limit what many experts are worth: Clemen and Winkler
(1985), Operations Research 33(2), doi:10.1287/opre.33.2.427. Cumulative incidence: Prentice et al. (1978), Biometrics
34(4), doi:10.2307/2530374.
"""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt

from forecast.model.constants import FREEDOM, LEAST_TOTAL, MAX_LOG_RATE, TINY
from forecast.model.graph.conditionals import conditional_odds
from forecast.model.graph.experts import Experts, partly_centred, said_by
from forecast.model.graph.latents import deviation, latent
from forecast.model.graph.membership import log_sum_exp
from forecast.model.graph.signals import Signals, log_drift, moved_log_odds


def add_opinions(
    x: dict[str, Any],
    level: Any,
    log_share: Any,
    shape: Any,
    signals: Signals,
    delta: Any,
    experts: Experts,
    *,
    conditions: bool,
) -> None:
    """The likelihood of judgments and track records; `conditions` says whether any question supposes a linked cause."""
    truth = _judged_log_odds(x, level, log_share, shape, signals, delta, conditions=conditions)
    centre = truth + experts.common[x["question_topic"]]
    about, expert = x["judgment_question"], x["judgment_expert"]
    # What is said of those of which one must happen adds up to 1 as it stands.
    slope = pt.switch(x["question_is_sure"][about] > 0.0, 1.0, experts.slope[expert])
    said = _log_density(x["judgment_log_odds"], centre[about], slope, expert, experts)
    pm.Potential("judgments", said)
    _add_track_records(x, experts)


def _log_density(said: Any, centre: Any, slope: Any, expert: Any, experts: Experts) -> Any:
    noise = experts.noise[expert]
    residual = (said - slope * (centre + experts.offset[expert])) / noise
    return -pt.log(noise) - 0.5 * (FREEDOM + 1.0) * pt.log1p(residual**2 / FREEDOM)


def _judged_log_odds(
    x: dict[str, Any], level: Any, log_share: Any, shape: Any, signals: Signals, delta: Any, *, conditions: bool
) -> Any:
    """Log odds of each judged question, given the last state of the factors; dims (question).

    They are those of the mean probability over its readings, weighed by the shares of the options that these suppose.
    """
    padded_delta = pt.concatenate([pt.zeros(1), delta])
    of, variant = x["reading_question"], x["reading_variant"]
    is_binary, whole = x["question_is_binary"][of], pt.zeros(of.shape)
    binary = level[variant] + padded_delta[x["question_link"][of]]
    yes, no, shown = _event_odds(x, level, shape, signals, padded_delta)
    if conditions:
        supposed = x["condition_reading"]
        joint, rest = conditional_odds(x, level, shape, signals, delta)
        yes, no = yes[supposed].set(joint), no[supposed].set(rest)
        binary = binary[supposed].set(joint - rest)
        whole = whole[supposed].set(pt.logaddexp(joint, rest))
    binary = moved_log_odds(signals, x["question_outcome"][of], x["question_steps"][of], binary)
    yes = pt.switch(is_binary > 0.0, whole - pt.softplus(-binary), yes)
    no = pt.switch(is_binary > 0.0, whole - pt.softplus(binary), no)
    # Shares as they were on the day of the statement: the quiet time since then is on the way to its date.
    weight = pt.zeros(of.shape)[x["share_reading"]].inc(log_share[x["share_option"]]) + shown
    yes, no = (log_sum_exp(weight + either, of, x["question_outcome"]) for either in (yes, no))
    return pm.Deterministic("judged_log_odds", yes - no, dims="question")


def _event_odds(x: dict[str, Any], level: Any, shape: Any, signals: Signals, padded_delta: Any) -> tuple[Any, Any, Any]:
    """Log cumulative incidence among the outcomes that exclude one another, log of the rest, and what the quiet time before
    the as-of date has made of the option's likelihood; dims (reading).

    Where one of them must happen the share of none of them is left out of the rest, and both stand over what remains on the as-of date.
    """
    reading, segment = x["part_reading"], x["part_segment"]
    of = x["variant_outcome"][x["part_variant"]]
    drift = log_drift(signals, of, x["segment_step"][x["reading_question"][reading], segment])
    log_rate = level[x["part_variant"]] + shape[x["part_band"]] + padded_delta[x["part_link"]] + drift
    hazard = x["part_length"] * pt.exp(pt.minimum(log_rate, MAX_LOG_RATE))
    empty = pt.zeros((x["reading_question"].shape[0], x["segment_step"].shape[1]))
    total = empty[reading, segment].inc(hazard)
    own = empty[reading, segment].inc(hazard * x["part_own"])
    at_start = pt.exp(-(pt.cumsum(total, axis=1) - total))
    happens = at_start * -pt.expm1(-total) / (total + LEAST_TOTAL)
    yes = (happens * own).sum(axis=1)
    no = (happens * (total - own)).sum(axis=1)
    of = x["reading_question"]
    is_sure, whole = x["question_is_sure"][of], total.sum(axis=1)
    no += (1.0 - is_sure) * pt.exp(-whole)
    least = TINY * (1.0 - is_sure - is_sure * pt.expm1(-whole))
    in_shares = x["segment_in_shares"][of]
    ahead = (total * (1.0 - in_shares)).sum(axis=1)
    shown = (total * in_shares).sum(axis=1) - is_sure * pt.log(LEAST_TOTAL - pt.expm1(-ahead))
    return pt.log(yes + least), pt.log(no + least), shown


def _add_track_records(x: dict[str, Any], experts: Experts) -> None:
    """Per question, the truth plus the common error is one variable, and of an answered one the truth given it another.

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
    expert = x["record_expert"]
    slope = experts.slope[expert]
    records = _log_density(x["record_log_odds"], centre[x["record_exercise"]], slope, expert, experts)
    pm.Potential("track_records", records)
    rest = pt.sqrt(truth * error / (truth + error) + TINY)
    log_odds = (base[of] + own * truth / (truth + error))[x["answer_exercise"]]
    log_odds += rest[x["answer_exercise"]] * latent("truth_z")
    pm.Potential("answers", x["answer_yes"] * log_odds - pt.softplus(log_odds))
