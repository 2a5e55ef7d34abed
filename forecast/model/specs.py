"""Names, dims and bounds of everything that the program is given, and of the latent variables that it samples.

This module is independent of studies and of PyMC. Every prior parameter, index and count of the model is an entry of
`ARRAYS`; an absent block is an array of length zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

OR_NONE: Final = "_or_none"
"""Ending of `ArraySpec.indexes` where 0 means none and k > 0 means k - 1."""


@dataclass(frozen=True)
class ArraySpec:
    """Dims, dtype and bounds of one named array; `indexes` names the dim that its values point into."""

    dims: tuple[str, ...]
    dtype: Literal["float64", "int64"] = "float64"
    indexes: str | None = None
    minimum: float | None = None


def _number(*dims: str) -> ArraySpec:
    return ArraySpec(dims)


def _positive(*dims: str) -> ArraySpec:
    return ArraySpec(dims, minimum=0.0)


def _index(dim: str, into: str) -> ArraySpec:
    return ArraySpec((dim,), "int64", indexes=into)


CLASSES: Final = {
    # Priors of each outcome: level (median, slope there, skew), spread of classes, frailty, age trend, departure from it.
    "mu_loc": _number("outcome"),
    "mu_scale": _positive("outcome"),
    "mu_skew": _number("outcome"),
    "tau_scale": _positive("outcome"),
    "sigma_scale": _positive("outcome"),
    "trend_scale": _positive("outcome"),
    "wiggle_scale": _positive("outcome"),
    "beta_scale": _positive("covariate"),
    # A level is one reference class as one outcome sees it; a unit is one case as one outcome sees it.
    "level_outcome": _index("level", "outcome"),
    "unit_level": _index("unit", "level"),
    "unit_covariates": _number("unit", "covariate"),
    # A unit's frailty is a sum of terms: an element of the Cholesky factor of R times a standard normal of its case.
    "term_unit": _index("term", "unit"),
    "term_frailty": _index("term", "frailty"),
    "term_row": _index("term", "outcome"),
    "term_column": _index("term", "outcome"),
    # Binary outcomes: weighted successes and trials.
    "trial_unit": _index("trial", "unit"),
    "trial_yes": _positive("trial"),
    "trial_n": _positive("trial"),
    # Event outcomes: age bands, and weighted events and exposure of each unit in each band.
    "band_outcome": _index("band", "outcome"),
    "band_log_age": _number("band"),
    # Centred cumulative sums: random-walk steps to the wiggle of each band.
    "walk": _number("band", "step"),
    "cell_unit": _index("cell", "unit"),
    "cell_band": _index("cell", "band"),
    "cell_events": _positive("cell"),
    "cell_exposure": _positive("cell"),
}

PRESENT: Final = {
    # The present case: its weights over levels, the rest for an unseen class, covariates, event-free history.
    "present_weights": _positive("outcome", "level"),
    "present_new": _positive("outcome"),
    "present_covariates": _number("outcome", "covariate"),
    "history_outcome": _index("history", "outcome"),
    "history_band": _index("history", "band"),
    "history_period": _index("history", "past_period" + OR_NONE),
    "history_exposure": _positive("history"),
    "history_events": _positive("history"),
    # Binary outcomes that resolved: 1 for yes, 0 for no.
    "verdict_outcome": _index("verdict", "outcome"),
    "verdict_yes": _positive("verdict"),
    # Links that act there since their causes have occurred, on effects whose level is that without a cause.
    "press_history": _index("press", "history" + OR_NONE),
    "press_verdict": _index("press", "verdict" + OR_NONE),
    "press_link": _index("press", "link"),
    # Canonical partial correlations of the outcomes' residuals, below the diagonal; shape of their beta priors.
    "pair_row": _index("pair", "outcome"),
    "pair_column": _index("pair", "outcome"),
    "pair_shape": _positive("pair"),
    "link_loc": _number("link"),
    "link_scale": _positive("link"),
}

INTEGRALS: Final = {
    # Integrals over a case's frailty, and the power of each: a weight, less than 0 for a divisor. An axis is one outcome
    # that the case carries: its unit, none beyond the last, and its row in the Cholesky factor of R (0 if it is alone).
    "integral_power": _number("integral"),
    "integral_unit": ArraySpec(("integral", "axis"), "int64", indexes="unit" + OR_NONE),
    "integral_row": ArraySpec(("integral", "axis"), "int64", indexes="outcome"),
    "integral_yes": _positive("integral", "axis"),
    "integral_n": _positive("integral", "axis"),
    # Events and exposure by age band of what is integrated.
    "span_integral": _index("span", "integral"),
    "span_axis": _index("span", "axis"),
    "span_band": _index("span", "band"),
    "span_events": _positive("span"),
    "span_exposure": _positive("span"),
    # Gauss-Hermite rules, and the spread of cases from which on each is used; weights are zero beyond a rule's last node.
    # A set of rules, for one number of axes, begins with a rule from 0; integrals name the first rule of theirs.
    "integral_rule": _index("integral", "rule"),
    "rule_from": _positive("rule"),
    "node_place": _number("rule", "node"),
    "node_weight": _positive("rule", "node"),
}

SIGNALS: Final = {
    # Factors over past periods; the first period starts from the stationary law.
    "persistence_loc": _number("factor"),
    "persistence_scale": _positive("factor"),
    "is_first": _positive("past_period"),
    # Indicators and their counts; the sign of the loading is the direction.
    "indicator_factor": _index("indicator", "factor" + OR_NONE),
    "log_mean_loc": _number("indicator"),
    "log_mean_scale": ArraySpec(("indicator",), minimum=1e-6),
    "loading_scale": _number("indicator"),
    "dispersion_scale": _positive("indicator"),
    # Over past periods: 1 / n in each of the n periods in which the indicator was observed.
    "observed_share": _positive("indicator", "past_period"),
    "count_indicator": _index("count", "indicator"),
    "count_period": _index("count", "past_period"),
    "count_value": _positive("count"),
    "count_log_exposure": _number("count"),
    # Effects of factors on outcomes.
    "effect_outcome": _index("effect", "outcome"),
    "effect_factor": _index("effect", "factor"),
    "effect_loc": _number("effect"),
    "effect_scale": _positive("effect"),
}

OPINIONS: Final = {
    # Kinds of experts; the dims panel and exam have length one if there are judgments, track records, else zero.
    "shared_bias_scale": _positive("kind"),
    "bias_scale": _positive("kind"),
    "slope_mean_scale": _positive("kind"),
    "slope_scale": _positive("kind"),
    "noise_scale": _positive("kind"),
    "noise_spread_scale": _positive("kind"),
    "expert_kind": _index("expert", "kind"),
    # Groups of experts, each by its first, and the reflection of a group (zero for an expert alone).
    "expert_leader": _index("expert", "expert"),
    "expert_reflection": _number("expert"),
    # How far a quantity is sampled as itself: from 0, as a deviation, to 1.
    "bias_centring": _positive("expert"),
    "slope_centring": _positive("expert"),
    "noise_centring": _positive("expert"),
    "mu_centring": _positive("outcome"),
    "exercise_centring": _positive("exercise"),
    # Share of each expert in the unconditional statements on an outcome, or on a question with a known answer.
    "outcome_voices": _positive("outcome", "expert"),
    "outcome_topic": _index("outcome", "topic" + OR_NONE),
    "exercise_voices": _positive("exercise", "expert"),
    "common_scale": _positive("panel"),
    "topic_panel": _index("topic", "panel"),
    # Judged questions: an outcome by a date, perhaps given another outcome.
    "question_topic": _index("question", "topic"),
    "question_outcome": _index("question", "outcome"),
    "question_link": _index("question", "link" + OR_NONE),
    "question_is_binary": _positive("question"),
    "question_steps": ArraySpec(("question",), minimum=1.0),
    # The way to a date in segments of constant hazard; a part is one outcome of the competing group in one segment.
    "segment_step": _positive("question", "segment"),
    "part_question": _index("part", "question"),
    "part_segment": _index("part", "segment"),
    "part_outcome": _index("part", "outcome"),
    "part_band": _index("part", "band"),
    "part_link": _index("part", "link" + OR_NONE),
    "part_length": _positive("part"),
    "part_own": _positive("part"),
    # Questions that suppose another outcome to have occurred by their date, where links make the two depend on one another.
    # A world says which outcomes have occurred: its mass at the start, and whether it is one of cause and effect (joint) or of
    # the cause alone (rest).
    "condition_question": _index("condition", "question"),
    "condition_begins": _positive("condition", "world"),
    "condition_joint": _positive("condition", "world"),
    "condition_rest": _positive("condition", "world"),
    # Outcomes that exclude one another, or one alone; in a turn something may happen to one contest: in some time, a stake
    # for each of its outcomes, or on the date of a binary outcome (from 1; 0 for none).
    "contest_condition": _index("contest", "condition"),
    "turn_contest": _index("turn", "contest"),
    "turn_outcome": _index("turn", "outcome" + OR_NONE),
    "stake_turn": _index("stake", "turn"),
    "stake_outcome": _index("stake", "outcome"),
    "stake_band": _index("stake", "band"),
    "stake_step": _positive("stake"),
    "stake_length": _positive("stake"),
    # From a world to another one, in the order of worlds and then of the contest's outcomes; whether the mean over those at
    # risk counts the world; and the links that act in it.
    "move_contest": _index("move", "contest"),
    "move_from": _index("move", "world"),
    "move_to": _index("move", "world"),
    "move_counts": _positive("move"),
    "pull_move": _index("pull", "move"),
    "pull_link": _index("pull", "link"),
    "judgment_question": _index("judgment", "question"),
    "judgment_expert": _index("judgment", "expert"),
    "judgment_log_odds": _number("judgment"),
    # Track records: questions whose answers are known, and what was said about them.
    "exam_panel": _index("exam", "panel"),
    "exam_base_scale": _positive("exam"),
    "exam_spread_scale": _positive("exam"),
    "exercise_exam": _index("exercise", "exam"),
    "exercise_yes": _positive("exercise"),
    "record_exercise": _index("record", "exercise"),
    "record_expert": _index("record", "expert"),
    "record_log_odds": _number("record"),
}

ARRAYS: Final[Mapping[str, ArraySpec]] = {**CLASSES, **PRESENT, **INTEGRALS, **SIGNALS, **OPINIONS}


@dataclass(frozen=True)
class LatentSpec:
    """One free variable of the model; a normal or half-normal one has unit scale."""

    dims: tuple[str, ...]
    law: Literal["normal", "half_normal", "partial_correlation", "log_mean", "partly_centred"] = "normal"
    """`partial_correlation` is the inverse hyperbolic tangent of a beta variable on (-1, 1); `log_mean` and
    `partly_centred` are normal, with means and scales that depend on others (`forecast.model.graph.signals`, `experts`)."""


def _normal(*dims: str) -> LatentSpec:
    return LatentSpec(dims)


def _half(*dims: str) -> LatentSpec:
    return LatentSpec(dims, "half_normal")


LATENTS: Final[Mapping[str, LatentSpec]] = {
    "mu_z": LatentSpec(("outcome",), "partly_centred"),
    "tau_z": _half("outcome"),
    "sigma_z": _half("outcome"),
    "beta_z": _normal("covariate"),
    "level_z": _normal("level"),
    "partial_z": LatentSpec(("pair",), "partial_correlation"),
    "frailty_z": _normal("frailty"),
    "trend_z": _normal("outcome"),
    "wiggle_z": _half("outcome"),
    "step_z": _normal("step"),
    "new_class_z": _normal("outcome"),
    "present_z": _normal("outcome"),
    "persistence_z": _normal("factor"),
    "state_z": _normal("past_period", "factor"),
    "loading_z": _half("indicator"),
    "dispersion_z": _half("indicator"),
    "log_mean_z": LatentSpec(("indicator",), "log_mean"),
    "gamma_z": _normal("effect"),
    "delta_z": _normal("link"),
    "shared_bias_z": _normal("kind"),
    "bias_sd_z": _half("kind"),
    "bias_z": LatentSpec(("expert",), "partly_centred"),
    "slope_mean_z": _normal("kind"),
    "slope_sd_z": _half("kind"),
    "slope_z": LatentSpec(("expert",), "partly_centred"),
    "noise_spread_z": _half("kind"),
    "noise_z": LatentSpec(("expert",), "partly_centred"),
    "noise_mean_z": _half("kind"),
    "common_sd_z": _half("panel"),
    "common_z": _normal("topic"),
    "exam_base_z": _normal("exam"),
    "exam_spread_z": _half("exam"),
    "exercise_z": LatentSpec(("exercise",), "partly_centred"),
    "truth_z": _normal("exercise"),
}
"""In the order in which the sampler sees them."""

DIMS: Final = tuple(
    sorted(
        {dim for spec in ARRAYS.values() for dim in spec.dims} | {dim for spec in LATENTS.values() for dim in spec.dims}
    )
)
