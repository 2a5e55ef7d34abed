"""What the kernel reads and what it keeps: the model's arrays with some made from them, and the values of one draw.

Beside each value lies its adjoint, the derivative of the log density with respect to it, which the backward passes add
to. The first values are the deviations behind the latent variables and the named quantities, in the order in which
draws store them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from forecast.kernel.tables import Shaped, TableType
from forecast.model.latent_specs import LATENTS
from forecast.model.specs import ARRAYS


@dataclass(frozen=True)
class FieldSpec:
    """Dims and dtype of an array of the kernel."""

    dims: tuple[str, ...]
    dtype: str = "float64"
    overall: bool = False
    """It is no array of its own: it holds the first ones of its table as one."""


def _fields(**dims: tuple[str, ...]) -> dict[str, FieldSpec]:
    """Fields by dim: the names that have it as their only one."""
    return {name: FieldSpec((dim,)) for dim, names in dims.items() for name in names}


MADE: Final[Mapping[str, FieldSpec]] = {
    # Latent variables along the flat point: where each begins and ends, and its law (`forecast.kernel.laws`).
    "latent_start": FieldSpec(("latent",), "int64"),
    "latent_stop": FieldSpec(("latent",), "int64"),
    "latent_law": FieldSpec(("latent",), "int64"),
    # Axes of each integral, where its spans begin and end, and the nodes of each rule.
    "integral_axes": FieldSpec(("integral",), "int64"),
    "span_start": FieldSpec(("span_edge",), "int64"),
    "rule_nodes": FieldSpec(("rule",), "int64"),
    # 1 where a factor moves an outcome.
    "is_moved": FieldSpec(("outcome", "factor"), "int64"),
    # Where the counts of each indicator begin, and where they end.
    "count_start": FieldSpec(("count_edge",), "int64"),
    # Counts that occur, each once per indicator, rising; the log gammas of the rest are those of these.
    "distinct_indicator": FieldSpec(("distinct",), "int64"),
    "distinct_value": FieldSpec(("distinct",)),
    "distinct_times": FieldSpec(("distinct",)),
    # Of each count that occurs, log count!; and which of them each count is.
    "distinct_log_factorial": FieldSpec(("distinct",)),
    "count_distinct": FieldSpec(("count",), "int64"),
    # Where the turns of each condition begin, the stakes of each turn, the moves of each contest and the pulls of each move; 1
    # for a reading that is a condition's; where the readings of each question begin.
    "condition_start": FieldSpec(("condition_edge",), "int64"),
    "stake_start": FieldSpec(("stake_edge",), "int64"),
    "move_start": FieldSpec(("move_edge",), "int64"),
    "pull_start": FieldSpec(("pull_edge",), "int64"),
    "reading_condition": FieldSpec(("reading",), "int64"),
    "reading_start": FieldSpec(("reading_edge",), "int64"),
    # Where the candidates of each ballot begin, and the words of each opinion.
    "candidate_start": FieldSpec(("candidate_edge",), "int64"),
    "word_start": FieldSpec(("word_edge",), "int64"),
    # 1 for a statement on which its expert's slope acts.
    "judgment_is_sloped": FieldSpec(("judgment",)),
    "record_is_sloped": FieldSpec(("record",)),
    # Shares of experts above zero: where those of each outcome or exercise begin, and where they end.
    "heard_start": FieldSpec(("heard_edge",), "int64"),
    "heard_expert": FieldSpec(("heard",), "int64"),
    "heard_share": FieldSpec(("heard",)),
    "asked_start": FieldSpec(("asked_edge",), "int64"),
    "asked_expert": FieldSpec(("asked",), "int64"),
    "asked_share": FieldSpec(("asked",)),
}
"""Arrays made from the model's (`forecast.kernel.data`)."""

QUANTITIES: Final[Mapping[str, FieldSpec]] = _fields(
    kind=("shared_bias", "bias_sd"),
    expert=("slope", "bias", "noise"),
    panel=("common_sd",),
    covariate=("beta",),
    outcome=("mu", "tau", "sigma", "trend", "wiggle", "new_class_level", "theta"),
    variant=("present_level",),
    option=("option_share",),
    level=("class_level",),
    pair=("correlation",),
    band=("log_hazard_shape",),
    factor=("persistence",),
    indicator=("loading", "dispersion", "log_mean"),
    pattern=("pattern_sd",),
    wave=("wave_height",),
    mixture=("spike_share", "spike_size", "idle_share"),
    effect=("gamma",),
    link=("delta",),
    question=("judged_log_odds",),
    choice=("judged_log_chance",),
    exam=("exam_base", "exam_spread"),
    exercise=("exercise_log_odds",),
    quantity=("quantity_spread",),
    grade=("grade_level",),
) | {"state": FieldSpec(("past_period", "factor"))}
"""Named quantities of a draw beside its latent variables: those of `forecast.model.graph.joint.build_model`."""

INTERMEDIATE: Final[Mapping[str, FieldSpec]] = _fields(
    kind=(
        "mean_log_slope", "slope_sd", "noise_spread", "mean_log_noise",
        "log_slope_sd", "log_noise_spread", "log_bias_scale",
    ),
    expert=(
        "log_slope", "offset", "log_noise", "log_scatter", "precision",
        "slope_along", "slope_power", "slope_sum", "bias_along", "bias_power", "bias_sum", "noise_power",
    ),
    topic=("common",),
    outcome=("voice_log_slope", "voice_offset", "mu_centre", "mu_power", "mu_along", "mu_sum", "residual", "present_own"),
    variant=("shown",),
    option=("option_log", "option_log_share", "option_chosen"),
    membership=("membership_total",),
    unit=("case_centre", "case_frailty", "case"),
    stage=("stage_shift",),
    integral=("integral_log",),
    axis=(
        "axis_centre", "axis_spread", "axis_hazard", "axis_mode", "axis_level", "axis_slope", "axis_step",
        "axis_place", "axis_node", "axis_node_slope", "axis_node_expected", "axis_expected",
    ),
    pair=("partial", "partial_rest"),
    band=("walked",),
    factor=("innovation_scale", "log_persistence"),
    indicator=("mean_drive", "mean_course", "shape", "log_shape"),
    distinct=("distinct_log", "distinct_slope"),
    question=("question_centre", "question_yes", "question_no"),
    reading=(
        "yes", "no", "reading_ahead", "reading_level", "reading_moved", "reading_whole", "reading_weight", "reading_yes", "reading_no",
    ),
    condition=("joint_mass", "rest_mass"),
    stake=("stake_rate", "stake_slope", "stake_begun", "stake_mean", "stake_pace_begun", "stake_pace"),
    turn=("turn_place",),
    move=("move_push", "move_ratio"),
    candidate=("candidate_score", "candidate_log"),
    choice=("choice_largest", "choice_total", "choice_centre"),
    word=("word_heard", "word_apart"),
    opinion=("opinion_distance",),
    history=("history_push", "history_expected"),
    verdict=("verdict_push", "verdict_log_odds"),
    race=("race_ahead", "race_whole"),
    stretch=("stretch_expected",),
    exam=("truth_variance", "error_variance"),
    exercise=("asked_log_slope", "asked_offset", "exercise_scale", "exercise_power", "exercise_deviation"),
    quantity=("within", "quantity_mean", "quantity_variance"),
    grade=("grade_apart",),
    estimator=("estimator_error",),
) | {
    "axis_mix": FieldSpec(("axis", "axis")),
    "axis_curvature": FieldSpec(("axis", "axis")),
    "axis_reach": FieldSpec(("axis", "axis")),
    "axis_moment": FieldSpec(("axis", "axis")),
    "axis_turned": FieldSpec(("axis", "outcome")),
    "cholesky": FieldSpec(("outcome", "outcome")),
    "cholesky_before": FieldSpec(("outcome", "outcome")),
    "effect": FieldSpec(("outcome", "factor")),
    "course": FieldSpec(("indicator", "past_period")),
    "segment_total": FieldSpec(("reading", "segment")),
    "segment_own": FieldSpec(("reading", "segment")),
    "segment_before": FieldSpec(("reading", "segment")),
    "part_rate": FieldSpec(("part",)),
    "turn_mass": FieldSpec(("turn", "world")),
    "turn_kept": FieldSpec(("turn", "world")),
    "turn_left": FieldSpec(("turn", "world")),
    "end_mass": FieldSpec(("condition", "world")),
    "part_kept": FieldSpec(("part", "factor")),
    "stake_kept": FieldSpec(("stake", "factor")),
}  # fmt: skip
"""Values that one pass leaves for another."""

_LATENTS: Final = {name: FieldSpec(spec.dims) for name, spec in LATENTS.items()}
_PARAMETERS, _NAMED, _VALUES = (FieldSpec((dim,), overall=True) for dim in ("parameter", "named", "value"))

DATA: Final[Mapping[str, Shaped]] = {**ARRAYS, **MADE}
POINT: Final[Mapping[str, FieldSpec]] = {**_LATENTS, "everything": _PARAMETERS}
NAMED: Final[Mapping[str, FieldSpec]] = {**_LATENTS, **QUANTITIES}
VALUES: Final[Mapping[str, FieldSpec]] = {
    **NAMED, **INTERMEDIATE, "deviations": _PARAMETERS, "named": _NAMED, "everything": _VALUES,
}  # fmt: skip
RECORD: Final[Mapping[str, FieldSpec]] = {
    "data": FieldSpec(("study",), "int64"),
    "places": FieldSpec(("place", "word"), "int64"),
}
"""Addresses of a study's data, and of places to work in."""

TERMS: Final[Mapping[str, tuple[str, ...]]] = {
    "integrated_cases": ("integral",),
    "judgments": ("judgment",),
    "track_records": ("record",),
    "answers": ("answer",),
    "option_statements": ("opinion",),
}
"""Terms of the likelihood that can be had one by one: the definition's potentials of these names."""

TAKEN_AT, POINT_AT, GRADIENT_AT, VALUES_AT, ADJOINTS_AT, PLACE = range(6)
"""Words of a place, and their number."""

DATA_TABLE: Final = TableType("data", DATA)
POINT_TABLE: Final = TableType("point", POINT)
VALUES_TABLE: Final = TableType("values", VALUES)
RECORD_TABLE: Final = TableType("record", RECORD)
