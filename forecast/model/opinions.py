"""Experts: what they say about the outcomes, and about questions whose answers are known.

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

from dataclasses import dataclass
from typing import Any, Final

import pymc as pm
import pytensor.tensor as pt

from forecast.model.latents import latent
from forecast.model.signals import Signals

NOISE_FLOOR: Final = 0.1
"""On the log odds: stated probabilities are rounded to a few percent. Without it, equal statements would be exact."""

FREEDOM: Final = 4.0
"""Degrees of freedom of the StudentT."""

TINY: Final = 1e-12
"""Probabilities closer than this to 0 or 1 are told apart no more."""

MAX_LOG_RATE: Final = 50.0


@dataclass(frozen=True)
class Experts:
    """Offset, slope and noise have dims (expert), the shared parts (kind)."""

    offset: Any
    """Shared and own bias."""
    slope: Any
    noise: Any
    shared_bias: Any
    mean_slope: Any


def add_opinions(x: dict[str, Any], theta: Any, shape: Any, signals: Signals, delta: Any) -> None:
    """The likelihood of judgments and track records."""
    experts = _experts(x)
    common_sd = pm.Deterministic("common_sd", x["common_scale"] * latent("common_sd_z"), dims="panel")
    truth = _judged_log_odds(x, theta, shape, signals, delta)
    common = common_sd[x["topic_panel"]] * latent("common_z")
    centre = truth + common[x["question_topic"]]
    said = _log_density(x["judgment_log_odds"], centre[x["judgment_question"]], x["judgment_expert"], experts)
    pm.Potential("judgments", said.sum())
    _add_track_records(x, experts, common_sd)


def _experts(x: dict[str, Any]) -> Experts:
    of = x["expert_kind"]
    shared = pm.Deterministic("shared_bias", x["shared_bias_scale"] * latent("shared_bias_z"), dims="kind")
    bias_sd = pm.Deterministic("bias_sd", x["bias_scale"] * latent("bias_sd_z"), dims="kind")
    bias = pm.Deterministic("bias", bias_sd[of] * latent("bias_z"), dims="expert")
    mean_log_slope = x["slope_mean_scale"] * latent("slope_mean_z")
    log_slope = mean_log_slope[of] + (x["slope_scale"] * latent("slope_sd_z"))[of] * latent("slope_z")
    slope = pm.Deterministic("slope", pt.exp(log_slope), dims="expert")
    spread = (x["noise_spread_scale"] * latent("noise_spread_z"))[of] * latent("noise_z")
    own = (x["noise_scale"] * latent("noise_mean_z"))[of] * pt.exp(spread)
    noise = pm.Deterministic("noise", pt.sqrt(NOISE_FLOOR**2 + own**2), dims="expert")
    return Experts(shared[of] + bias, slope, noise, shared, pt.exp(mean_log_slope))


def _log_density(said: Any, centre: Any, expert: Any, experts: Experts) -> Any:
    noise = experts.noise[expert]
    residual = (said - experts.slope[expert] * (centre + experts.offset[expert])) / noise
    return -pt.log(noise) - 0.5 * (FREEDOM + 1.0) * pt.log1p(residual**2 / FREEDOM)


def _judged_log_odds(x: dict[str, Any], theta: Any, shape: Any, signals: Signals, delta: Any) -> Any:
    """Log odds of each judged question along the mean path of the factors, dims (question)."""
    padded_delta = pt.concatenate([pt.zeros(1), delta])
    now = signals.padded_state[-1]
    is_binary = x["question_is_binary"]
    binary = _binary_log_odds(x, theta, signals, padded_delta, now)
    event = _event_log_odds(x, theta, shape, signals, padded_delta, now)
    return pm.Deterministic("judged_log_odds", is_binary * binary + (1.0 - is_binary) * event, dims="question")


def _binary_log_odds(x: dict[str, Any], theta: Any, signals: Signals, padded_delta: Any, now: Any) -> Any:
    """With the mean of the factors' mean path over the n periods to the date: rho (1 - rho^n) / (n (1 - rho))."""
    of, steps, rho = x["question_outcome"], x["question_steps"], signals.persistence
    mean = rho * (1.0 - rho ** steps[:, None]) / (steps[:, None] * (1.0 - rho))
    return theta[of] + padded_delta[x["question_link"]] + (signals.gamma[of] * now * mean).sum(axis=1)


def _event_log_odds(x: dict[str, Any], theta: Any, shape: Any, signals: Signals, padded_delta: Any, now: Any) -> Any:
    """Cumulative incidence among the outcomes that exclude one another, segment by segment."""
    steps = x["segment_step"]
    of, question, segment = x["part_outcome"], x["part_question"], x["part_segment"]
    path = now * signals.persistence ** steps[question, segment][:, None]
    log_rate = theta[of] + shape[x["part_band"]] + padded_delta[x["part_link"]] + (signals.gamma[of] * path).sum(axis=1)
    hazard = x["part_length"] * pt.exp(pt.minimum(log_rate, MAX_LOG_RATE))
    empty = pt.zeros(steps.shape)
    total = empty[question, segment].inc(hazard)
    own = empty[question, segment].inc(hazard * x["part_own"])
    at_start = pt.exp(-(pt.cumsum(total, axis=1) - total))
    happens = at_start * -pt.expm1(-total) / (total + 1e-30)
    yes = (happens * own).sum(axis=1)
    no = pt.exp(-total.sum(axis=1)) + (happens * (total - own)).sum(axis=1)
    return pt.log(yes + TINY) - pt.log(no + TINY)


def _add_track_records(x: dict[str, Any], experts: Experts, common_sd: Any) -> None:
    """Per question, the truth plus the common error is one variable, and the truth given it another.

    Statements see only the sum m ~ Normal(base, spread^2 + common^2); given it, the truth is normal with mean
    base + w (m - base), w = spread^2 / (spread^2 + common^2). So the sampler meets no ridge between the two. The sum
    is sampled where the statements are, as the log odds that its main kind of expert would say, and is centred the
    more, the more statements a question has (`exercise_centring`; Gorinova, Moore and Hoffman 2020, arXiv:1906.03028).
    """
    base = pm.Deterministic("exam_base", x["exam_base_scale"] * latent("exam_base_z"), dims="exam")
    spread = pm.Deterministic("exam_spread", x["exam_spread_scale"] * latent("exam_spread_z"), dims="exam")
    of, kind, centring = x["exercise_exam"], x["exercise_kind"], x["exercise_centring"]
    truth, error = spread[of] ** 2 + TINY, common_sd[x["exam_panel"]][of] ** 2
    shared, slope = experts.shared_bias[kind], experts.mean_slope[kind]
    scale = pt.sqrt(truth + error)
    said_mean, said_scale = slope * (base[of] + shared), slope * scale
    said = latent("exercise_z")
    standard = (said - centring * said_mean) * said_scale**-centring
    pm.Potential("exercises", -(centring * pt.log(said_scale) + 0.5 * standard**2).sum())
    deviation = scale * standard
    centre = (base[of] + deviation)[x["record_exercise"]]
    records = _log_density(x["record_log_odds"], centre, x["record_expert"], experts)
    pm.Potential("track_records", records.sum())
    rest = pt.sqrt(truth * error / (truth + error) + TINY)
    log_odds = base[of] + deviation * truth / (truth + error) + rest * latent("truth_z")
    pm.Potential("answers", (x["exercise_yes"] * log_odds - pt.softplus(log_odds)).sum())
