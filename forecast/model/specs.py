"""Names, dims and bounds of everything that the program is given.

This module is independent of studies and of PyMC. Every prior parameter, index and count of the model is an entry of
`ARRAYS`; an absent block is an array of length zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from forecast.model.array_specs import OR_NONE, ArraySpec
from forecast.model.array_specs import index as _index
from forecast.model.array_specs import number as _number
from forecast.model.array_specs import positive as _positive
from forecast.model.latent_specs import LATENTS
from forecast.model.quantity_specs import QUANTITIES

CLASSES: Final = {
    # Priors of each outcome: level (median, slope there, skew), spread of classes, frailty, age trend, departure from it.
    "mu_loc": _number("outcome"),
    "mu_scale": _positive("outcome"),
    "mu_skew": _number("outcome"),
    "tau_scale": _positive("outcome"),
    "sigma_scale": _positive("outcome"),
    # Whose spreads of classes and cases they are: options of a categorical outcome have those of the first one.
    "spread_outcome": _index("outcome", "outcome"),
    "trend_scale": _positive("outcome"),
    "wiggle_scale": _positive("outcome"),
    "beta_scale": _positive("covariate"),
    # A level is one reference class as one outcome sees it; a unit is one case as one outcome sees it.
    "level_outcome": _index("level", "outcome"),
    "unit_level": _index("unit", "level"),
    "unit_covariates": _number("unit", "covariate"),
    # A stage is a part of spells in which covariates are so far from the means of their case.
    "stage_covariates": _number("stage", "covariate"),
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
    "cell_stage": _index("cell", "stage" + OR_NONE),
    "cell_events": _positive("cell"),
    "cell_exposure": _positive("cell"),
}

PRESENT: Final = {
    # Which class the present case belongs to, where it is one of several: options of a membership, one after
    # the other, with their prior weights.
    "membership_first": _index("membership", "option"),
    "option_membership": _index("option", "membership"),
    "option_log_weight": _number("option"),
    # The present case as one option has it, or the only way: its weights over levels, the rest for an unseen class; then
    # covariates, and what it has shown.
    "variant_outcome": _index("variant", "outcome"),
    "variant_option": _index("variant", "option" + OR_NONE),
    "present_weights": _positive("variant", "level"),
    "present_new": _positive("variant"),
    "present_covariates": _number("outcome", "covariate"),
    # What stated changes add to the log odds of a binary outcome; those of events multiply times at risk.
    "present_change": _number("outcome"),
    "history_variant": _index("history", "variant"),
    "history_band": _index("history", "band"),
    "history_period": _index("history", "past_period" + OR_NONE),
    "history_exposure": _positive("history"),
    "history_events": _positive("history"),
    # Binary outcomes that resolved: 1 for yes, 0 for no.
    "verdict_variant": _index("verdict", "variant"),
    "verdict_yes": _positive("verdict"),
    # A race is a group of outcomes of which one must happen by a day, as one option has it, and the variant by which that
    # option is told; a stretch is the time at risk of one of them in one age band, before the as-of date or ahead of it (1).
    # It is open (1) until one of them happens.
    "race_variant": _index("race", "variant"),
    "race_is_open": _positive("race"),
    "stretch_race": _index("stretch", "race"),
    "stretch_variant": _index("stretch", "variant"),
    "stretch_band": _index("stretch", "band"),
    "stretch_exposure": _positive("stretch"),
    "stretch_is_ahead": _positive("stretch"),
    # Links that act there since their causes have occurred, on effects whose level is that without a cause; what share of
    # the effect is there.
    "press_history": _index("press", "history" + OR_NONE),
    "press_verdict": _index("press", "verdict" + OR_NONE),
    "press_link": _index("press", "link"),
    "press_share": _positive("press"),
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
    "span_stage": _index("span", "stage" + OR_NONE),
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
    # What moves an indicator's log mean along known courses: a season, a drift, breaks in reporting. A pattern is one of these, with
    # the scale of its spread; a wave is a normal number of this spread times a motif, which is a course over the past periods.
    "pattern_indicator": _index("pattern", "indicator"),
    "pattern_scale": _positive("pattern"),
    "wave_pattern": _index("wave", "pattern"),
    "wave_motif": _index("wave", "motif"),
    "motif_course": _number("motif", "past_period"),
    # Indicators whose counts may be spikes, far above the usual ones, or zero whatever the mean: the largest shares of both, and
    # by how much the log mean of spikes is higher, at least, and the scale of what is beyond that.
    "indicator_mixture": _index("indicator", "mixture" + OR_NONE),
    "spike_share_most": ArraySpec(("mixture",), minimum=1e-6),
    "spike_size_least": _positive("mixture"),
    "spike_size_scale": _positive("mixture"),
    "idle_share_most": ArraySpec(("mixture",), minimum=1e-6),
    "count_indicator": _index("count", "indicator"),
    "count_period": _index("count", "past_period"),
    "count_value": _positive("count"),
    "count_log_exposure": _number("count"),
    # Lower bounds: counts above 0 of a part of a period, whose share is unknown.
    "floor_indicator": _index("floor", "indicator"),
    "floor_period": _index("floor", "past_period"),
    "floor_value": _positive("floor"),
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
    # Outcomes of which one must happen, by the first of them, and the reflection of their levels (zero for others).
    "outcome_leader": _index("outcome", "outcome"),
    "outcome_reflection": _number("outcome"),
    # How far a quantity is sampled as itself: from 0, as a deviation, to 1.
    "bias_centring": _positive("expert"),
    "slope_centring": _positive("expert"),
    "noise_centring": _positive("expert"),
    "mu_centring": _positive("outcome"),
    "exercise_centring": _positive("exercise"),
    # Share of each expert in the unconditional statements on an outcome, or on a question of a track record.
    "outcome_voices": _positive("outcome", "expert"),
    "outcome_topic": _index("outcome", "topic" + OR_NONE),
    "exercise_voices": _positive("exercise", "expert"),
    "common_scale": _positive("panel"),
    "topic_panel": _index("topic", "panel"),
    # Judged questions: an outcome by a date, perhaps given what others do.
    "question_topic": _index("question", "topic"),
    "question_outcome": _index("question", "outcome"),
    "question_link": _index("question", "link" + OR_NONE),
    "question_is_binary": _positive("question"),
    # 1 for an event, without a condition, of which it or one that excludes it must happen: its way then ends on the day by which
    # one does, and slopes of experts do not act on what is said.
    "question_is_sure": _positive("question"),
    "question_steps": ArraySpec(("question",), minimum=1.0),
    # A reading is a question under one option of each membership that it depends on, and a share one of these options.
    "reading_question": _index("reading", "question"),
    "reading_variant": _index("reading", "variant"),
    "share_reading": _index("share", "reading"),
    "share_option": _index("share", "option"),
    # The way to a date in segments of constant hazard; a part is one outcome of the competing group in one segment.
    "segment_step": _positive("question", "segment"),
    # 1 for time before the as-of date, whose quiet is in the shares of options already.
    "segment_in_shares": _positive("question", "segment"),
    "part_reading": _index("part", "reading"),
    "part_segment": _index("part", "segment"),
    "part_variant": _index("part", "variant"),
    "part_band": _index("part", "band"),
    "part_link": _index("part", "link" + OR_NONE),
    "part_length": _positive("part"),
    "part_own": _positive("part"),
    # Questions that suppose what other outcomes do by their date, where links make these depend on one another. A world says
    # which outcomes have occurred: its mass at the start, and whether it is one of condition and effect (joint) or of the
    # condition alone (rest).
    "condition_reading": _index("condition", "reading"),
    "condition_begins": _positive("condition", "world"),
    "condition_joint": _positive("condition", "world"),
    "condition_rest": _positive("condition", "world"),
    # Outcomes that exclude one another, or one alone; in a turn something may happen to one contest: in some time, a stake
    # for each of its outcomes, or on the date of a binary outcome (from 1; 0 for none).
    "contest_condition": _index("contest", "condition"),
    "turn_contest": _index("turn", "contest"),
    "turn_variant": _index("turn", "variant" + OR_NONE),
    "stake_turn": _index("stake", "turn"),
    "stake_variant": _index("stake", "variant"),
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
    # Track records: questions beside the study's own, what was said about them, and the answers that are known.
    "exam_panel": _index("exam", "panel"),
    "exam_base_scale": _positive("exam"),
    "exam_spread_scale": _positive("exam"),
    "exercise_exam": _index("exercise", "exam"),
    "answer_exercise": _index("answer", "exercise"),
    "answer_yes": _positive("answer"),
    "record_exercise": _index("record", "exercise"),
    "record_expert": _index("record", "expert"),
    "record_log_odds": _number("record"),
}

OPTIONS: Final = {
    # Cases of categorical outcomes. A tally is one case, or cases that are alike, with a mark for each option: how often it
    # turned out true. Marks come tally by tally.
    "tally_first": _index("tally", "mark"),
    "mark_tally": _index("mark", "tally"),
    "mark_unit": _index("mark", "unit"),
    "mark_count": _positive("mark"),
    # The present case, where it is judged or resolved: a ballot is a categorical outcome as one option of its membership has
    # it, with a candidate for each option of the outcome. Candidates come ballot by ballot.
    "ballot_option": _index("ballot", "option" + OR_NONE),
    "candidate_ballot": _index("candidate", "ballot"),
    "candidate_variant": _index("candidate", "variant"),
    "candidate_choice": _index("candidate", "choice" + OR_NONE),
    # Candidates that turned out true.
    "ruling_candidate": _index("ruling", "candidate"),
    # A poll is a categorical outcome that is judged, a choice one of its options; an opinion is what one expert says of a
    # poll, a word what it says of a choice, with an inclination of the expert. Words come opinion by opinion.
    "poll_panel": _index("poll", "panel"),
    "poll_steps": ArraySpec(("poll",), minimum=1.0),
    "choice_poll": _index("choice", "poll"),
    "inclination_expert": _index("inclination", "expert"),
    "opinion_expert": _index("opinion", "expert"),
    "word_opinion": _index("word", "opinion"),
    "word_choice": _index("word", "choice"),
    "word_inclination": _index("word", "inclination"),
    "word_log_ratio": _number("word"),
}

ARRAYS: Final[Mapping[str, ArraySpec]] = {
    **CLASSES, **PRESENT, **INTEGRALS, **SIGNALS, **OPINIONS, **OPTIONS, **QUANTITIES,
}  # fmt: skip


DIMS: Final = tuple(
    sorted(
        {dim for spec in ARRAYS.values() for dim in spec.dims} | {dim for spec in LATENTS.values() for dim in spec.dims}
    )
)
