"""What each variable of `draws.nc` is, with its unit: attributes `long_name` and `units`, as ArviZ and xarray show them.

The scale of an outcome is the log rate per period for an event and the log odds for a binary outcome. Symbols: docs/model.md.
"""

from __future__ import annotations

from typing import Final

import xarray as xr

from forecast.dims import CONSTANT_DATA, FUTURES, OBSERVED_DATA, POSTERIOR, POSTERIOR_PREDICTIVE, PRIOR, SAMPLE_STATS
from forecast.futures.stored import MECHANISM
from forecast.model.array_specs import OR_NONE
from forecast.model.specs import ARRAYS

SCALE: Final = "scale of the outcome"
PLACE: Final = "standard deviations of the stated prior"
"""Of a quantity, on its own scale."""
PARAMETERS: Final[dict[str, tuple[str, str]]] = {
    "mu": ("Mean level of an outcome over classes", SCALE),
    "tau": ("Standard deviation of classes around the mean level", SCALE),
    "sigma": ("Standard deviation of cases within a class", SCALE),
    "beta": ("Effect of a covariate", f"{SCALE}, per unit of the covariate"),
    "trend": ("Exponent of age in the hazard", "1"),
    "wiggle": ("Standard deviation of steps between age bands, beyond the trend", "log rate"),
    "class_level": ("Level of a reference class for an outcome", SCALE),
    "new_class_level": ("Level of a class that was never seen, at covariates of 0", SCALE),
    "case_level": ("Level of a historical case", SCALE),
    "theta": ("Level of the present case, in the class that the draw has", SCALE),
    "present_level": ("Level of the present case in one of the classes that it may belong to", SCALE),
    "judged_log_chance": ("Log of the probability of a judged option, given what has happened", "log"),
    "option_share": ("Probability that the present case belongs to a class, given what has happened", "1"),
    "log_hazard_shape": ("Departure of an age band from the outcome's level", "log rate"),
    "correlation": ("Correlation of two outcomes' residuals", "1"),
    "persistence": ("Persistence of a factor from one period to the next", "1"),
    "state": ("State of a factor", "standard deviations"),
    "log_mean": ("Log of an indicator's mean count in a period", "log count"),
    "loading": ("Effect of one standard deviation of the factor on an indicator's log mean", "log count"),
    "dispersion": ("Square root of a count's variance beyond Poisson, relative to its mean", "1"),
    "pattern_sd": ("Standard deviation of a season, a drift over one period, or breaks of an indicator", "log count"),
    "wave_height": ("Height of one wave of a season, a drift or a break of an indicator", "log count"),
    "spike_share": ("Share of an indicator's periods that are spikes", "1"),
    "spike_size": ("By how much the log mean of spikes is above the usual one", "log count"),
    "idle_share": ("Share of an indicator's periods whose count is 0 whatever the mean", "1"),
    "gamma": ("Effect of one standard deviation of a factor on an outcome", SCALE),
    "delta": ("Effect of one outcome on another once it has occurred", SCALE),
    "shared_bias": ("Bias that all experts of a kind share", "log odds"),
    "bias_sd": ("Standard deviation of experts' biases within a kind", "log odds"),
    "bias": ("Bias of an expert, beside the one shared by the kind", "log odds"),
    "slope": ("Factor by which an expert stretches log odds", "1"),
    "noise": ("Scale of an expert's errors", "log odds"),
    "common_sd": ("Standard deviation of the error that all experts share on a topic", "log odds"),
    "judged_log_odds": ("What the model says on a judged question", "log odds"),
    "exam_base": ("Mean truth of the questions of a track record", "log odds"),
    "exam_spread": ("Standard deviation of the truths of a track record's questions", "log odds"),
    "exercise_log_odds": ("Truth of one question of a track record", "log odds"),
    "grade_level": ("Middle of a reference class as a quantity sees it", PLACE),
    "quantity_spread": ("Standard deviation of a quantity within a class", PLACE),
    "probability": ("Probability that an outcome resolves yes by its date, exact for the draw", "1"),
    "share_of_futures": ("Share of a few futures of a draw in which an outcome resolves yes by its date", "1"),
}
STATISTICS: Final[dict[str, tuple[str, str]]] = {
    "diverging": ("Whether the draw's trajectory diverged", "true or false"),
    "energy": ("Energy of the trajectory", "nats"),
    "energy_error": ("Change of the energy along the trajectory", "nats"),
    "lp": ("Log density of the draw, up to a constant", "nats"),
    "n_steps": ("Gradients that the draw took", "count"),
    "step_size": ("Step of the integrator", "1"),
    "acceptance_rate": ("Mean acceptance along the trajectory", "1"),
    "tree_depth": ("Depth of the trajectory's tree", "doublings"),
    "reached_max_treedepth": ("Whether the tree was as deep as it may be", "true or false"),
}
DATA: Final[dict[str, tuple[str, str]]] = {
    "successes": ("Successes of a binary case", "trials"),
    "events": ("Events of historical cases in an age band, weights left out", "events"),
    "count": ("Count of an indicator in a period", "count"),
    "next_count": ("Count of an indicator in the first period that was not complete on the as-of date", "count"),
}
FUTURE: Final[dict[str, tuple[str, str]]] = {
    "event_period": ("Period in which an outcome occurs; one past the horizon when it does not", "periods"),
    "quantity_value": ("Number that a quantity has in a future", "the quantity's own"),
    "event_time": ("Time at which an outcome occurs, from the as-of date; infinite when it does not", "periods"),
    "source_chain": ("Chain of the draw that a future was rolled from", "position"),
    "source_draw": ("Draw that a future was rolled from", "position"),
}
MECHANISMS: Final[dict[str, tuple[str, str]]] = {
    "source": ("Draw of the posterior, chains end to end", "position"),
    "kind": ("Kind of an outcome", "word"),
    "group": ("Group of outcomes that exclude one another", "position"),
    "resolves": ("When an outcome resolves, from the as-of date", "periods"),
    "is_sure": ("Whether one of an outcome's group must happen by the last of their dates", "true or false"),
    "settled": ("What is known of an outcome: settled yes, settled no, or open", "code"),
    "level": ("Level of the present case", SCALE),
    "shape": PARAMETERS["log_hazard_shape"],
    "time_in_band": (
        "Time that a future period spends in an age band, multiplied by what stated changes multiply the hazard with",
        "periods",
    ),
    "link_cause": ("Outcome that a link leads from", "position"),
    "link_effect_on": ("Outcome that a link leads to", "position"),
    "link_delay": ("Time from the occurrence of a link's cause until its effect begins", "periods"),
    "link_half_life": ("Time in which the effect of a link halves; infinite: it stays", "periods"),
    "link_since": ("Time from the day on which a link's cause is known to have occurred to the as-of date", "periods"),
    "link_keeps_marginal": ("Whether the level of a link's effect is its marginal, this link in it", "true or false"),
    "scenario_title": ("Title of a scenario", "text"),
    "scenario_when": ("Expression of a scenario", "text"),
    "counted_indicator": ("Whether the counts of an indicator decide an outcome", "0 or 1"),
    "counted_number": ("Count that has to be reached, or not to be exceeded", "count"),
    "counted_is_least": ("Whether the count has to be reached", "0 or 1"),
    "counted_run": ("Periods in a row that must; 0 for all of the window together", "periods"),
    "counted_first": ("First period of an outcome's window", "position"),
    "counted_last": ("Last period of an outcome's window", "position"),
    "counted_until": (
        "Ends of the periods that are counted, and that before the first, from the as-of date",
        "periods",
    ),
    "counted_begun": ("Periods that are over, or have a state all the same", "periods"),
    "counted_so_far": ("What has been counted of a period", "count"),
    "counted_share": ("Share of a period in which that was counted; not a number where it is unknown", "1"),
    "begun_state": ("State of a factor in a period of a window that is over, or has a count", "standard deviations"),
    "wave_indicator": ("Indicator that a wave belongs to", "word"),
    "wave_course": ("What a wave of height 1 adds in a period that is counted", "log count"),
    "wander": ("Standard deviation of an indicator's drift over one period", "log count"),
    "offset_correction": ("Added to the offsets that keep marginals, from counted futures", "log rate or log odds"),
    "expected_hazard": (
        "Hazard of a link's cause in a period, as expected on the day of its effect's statement",
        "events a period",
    ),
    "expected_group_hazard": ("The same of all that exclude the cause, itself included", "events a period"),
    "had_occurred": ("Whether a link's cause had occurred on the day of its effect's statement", "true or false"),
    "had_been_at_risk": (
        "For how long an event had been possible on the as-of date; infinite where nothing says so",
        "periods",
    ),
    "statement_lead": ("Whole periods from the day of an outcome's statement to the as-of date", "periods"),
    "threshold_hazard": ("Hazard of a threshold outcome in a period, over all draws", "events a period"),
    "risk_begins": ("When an event becomes possible, from the as-of date; 0 where it is at once", "periods"),
}
INPUTS: Final[dict[str, tuple[str, str]]] = {
    "band_log_age": ("Log of an age band's middle, relative to the outcome's mean", "1"),
    "walk": ("Steps of the random walk that add up to a band's departure", "1"),
    "trial_yes": ("Weighted successes of a case", "trials"),
    "trial_n": ("Weighted trials of a case", "trials"),
    "mark_count": ("Weighted number of times that an option turned out true in a case", "trials"),
    "poll_steps": ("Whole periods from the as-of date to the day of a judged categorical outcome", "periods"),
    "word_log_ratio": ("Log of what an expert says of an option, less the mean over options", "log ratio"),
    "quantity_share_loc": (
        "Prior log odds of the share of a quantity's variance that is left within a class",
        "log odds",
    ),
    "quantity_share_scale": ("Prior standard deviation of those log odds", "log odds"),
    "quantity_between": ("Share of the rest of a quantity's variance that lies between classes", "1"),
    "grade_weight": ("Probability that the present case is of a class, as one quantity sees it", "1"),
    "sample_value": ("Number of a historical case, as a place of the quantity's scale", PLACE),
    "sample_weight": ("Power of the likelihood of a historical number", "1"),
    "estimator_scale": ("Prior scale of an expert's error in all that it says of a quantity", PLACE),
    "estimate_place": ("Place that a stated quantile has in the standard normal law", PLACE),
    "estimate_value": ("Number that an expert states, as a place of the quantity's scale", PLACE),
    "estimate_scale": ("Scale of the error of one stated quantile", PLACE),
    "cell_events": ("Weighted events of a case in an age band", "events"),
    "cell_exposure": ("Weighted time of a case in an age band", "periods"),
    "unit_covariates": ("Covariates of a case, as they enter", "the covariate's own"),
    "stage_covariates": (
        "How far covariates of a part of a case are from their means over its time, as they enter",
        "the covariate's own",
    ),
    "present_weights": ("Weight of a class in the present case's level", "1"),
    "present_new": ("Weight of a class that was never seen", "1"),
    "present_covariates": ("Covariates of the present case, as they enter", "the covariate's own"),
    "present_change": ("What stated changes add to the log odds of a binary outcome", "log odds"),
    "history_exposure": (
        "Time at risk in the present case's past, multiplied by what stated changes multiply the hazard with",
        "periods",
    ),
    "history_events": ("Whether the event of the present case ended a stretch of its past", "count"),
    "race_is_open": ("Whether none of a group of which one must happen has happened", "0 or 1"),
    "stretch_exposure": (
        "Time at risk of an outcome of which one must happen, multiplied by what stated changes multiply the hazard with",
        "periods",
    ),
    "stretch_is_ahead": ("Whether that time lies after the as-of date", "0 or 1"),
    "press_share": ("Share of a link's effect that acts on a piece of the present case's past", "1"),
    "verdict_yes": ("Whether a binary outcome that resolved turned out yes", "0 or 1"),
    "pair_shape": ("Shape of the beta prior of a partial correlation", "1"),
    "integral_power": ("Power of an integrated likelihood: the case's weight, negative for a divisor", "1"),
    "integral_yes": ("Successes of an integrated case", "trials"),
    "integral_n": ("Trials of an integrated case", "trials"),
    "integral_rule": ("Rule of nodes of an integral", "position"),
    "span_events": ("Events of an integrated case in an age band", "events"),
    "span_exposure": ("Time of an integrated case in an age band", "periods"),
    "rule_from": ("Spread from which a rule of nodes is used", SCALE),
    "node_place": ("Node of a rule", "standard deviations"),
    "node_weight": ("Weight of a node", "1"),
    "is_first": ("Whether a period is the first one", "0 or 1"),
    "observed_share": ("One over the number of observed periods, in each of them", "1"),
    "motif_course": ("What a wave of height 1 adds in a past period", "log count"),
    "spike_share_most": ("Largest share of periods that are spikes", "1"),
    "spike_size_least": ("By how much the log mean of spikes is above the usual one, at least", "log count"),
    "idle_share_most": ("Largest share of periods whose count is 0 whatever the mean", "1"),
    "count_value": ("Count of an indicator", "count"),
    "floor_value": ("Count of an indicator of which the share of the period is unknown, so a lower bound", "count"),
    "count_log_exposure": ("Log of the share of a period that a count covers", "1"),
    "outcome_reflection": (
        "Entry of the reflection that separates what levels have in common from how they differ",
        "1",
    ),
    "expert_reflection": ("Entry of the reflection that separates a group's mean from its contrasts", "1"),
    "outcome_voices": ("Share of an expert in what was said on an outcome", "1"),
    "exercise_voices": ("Share of an expert in what was said on a track record's question", "1"),
    "question_is_binary": ("Whether a question is about a binary outcome", "0 or 1"),
    "question_steps": ("Segments of a question's time", "count"),
    "segment_step": ("Middle of a segment of a question's time, for the factors' paths", "periods"),
    "segment_in_shares": ("Whether quiet time of a segment is in the shares of classes already", "0 or 1"),
    "option_log_weight": ("Log of the stated probability that the present case belongs to a class", "1"),
    "condition_begins": ("Mass of a world at the start of what a question supposes", "1"),
    "condition_joint": ("Whether both the supposed outcome and the judged one have occurred in a world", "0 or 1"),
    "condition_rest": ("Whether the supposed outcome has occurred in a world, and the judged one has not", "0 or 1"),
    "stake_step": ("Middle of the time of an outcome on the way to a date, for the factors' paths", "periods"),
    "stake_length": (
        "Time of an outcome on the way to a date, multiplied by what stated changes multiply the hazard with",
        "periods",
    ),
    "move_counts": ("Whether the mean over those at risk counts a world", "0 or 1"),
    "part_length": (
        "Time of an outcome within a segment of a question, multiplied by what stated changes multiply the hazard with",
        "periods",
    ),
    "part_own": ("Whether a part is of the judged outcome itself", "0 or 1"),
    "question_is_sure": ("Whether a question's outcome, or one that excludes it, must happen", "0 or 1"),
    "judgment_log_odds": ("Stated probability", "log odds"),
    "record_log_odds": ("Stated probability of a track record", "log odds"),
    "answer_yes": ("Whether a track record's question was answered yes", "0 or 1"),
}
_ENDINGS: Final = {
    "_loc": ("Centre of the prior of {of}", None),
    "_scale": ("Scale of the prior of {of}", None),
    "_skew": ("Skew of the prior of {of}; 0 for a normal one", "1"),
    "_centring": ("How far {of} is sampled around its data; 0 not, 1 wholly", "1"),
}


def describe(tree: xr.DataTree) -> None:
    """Give every variable its `long_name` and `units`, unless it has them."""
    for group in tree.children.values():
        for name, variable in group.data_vars.items():
            found = described(str(group.name), str(name))
            if found is not None:
                variable.attrs = {"long_name": found[0], "units": found[1], **variable.attrs}


def described(group: str, name: str) -> tuple[str, str] | None:
    """Meaning and unit of a variable of a group; None for one that has no words yet."""
    tables = {
        POSTERIOR: PARAMETERS,
        PRIOR: PARAMETERS,
        SAMPLE_STATS: STATISTICS,
        POSTERIOR_PREDICTIVE: DATA,
        OBSERVED_DATA: DATA,
        FUTURES: FUTURE,
        MECHANISM: PARAMETERS | MECHANISMS,
        CONSTANT_DATA: INPUTS,
    }
    if found := tables.get(group, {}).get(name):
        return found
    if name.endswith("_z"):
        return f"Deviation of {name.removesuffix('_z')} from its prior", "standard deviations"
    if (spec := ARRAYS.get(name)) is not None and spec.indexes is not None:
        into = spec.indexes.removesuffix(OR_NONE)
        none = "; 0 for none, then from 1" if into != spec.indexes else ""
        return f"Position of the {into} of each {spec.dims[0]}{none}", "position"
    for ending, (words, unit) in _ENDINGS.items():
        if name.endswith(ending):
            of = name.removesuffix(ending)
            return words.format(of=of), unit or PARAMETERS.get(of, ("", "1"))[1]
    return None
