"""Probabilities of outcomes and scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from pydantic import Field

from forecast.answer.parts import Confidence, Interval, IntervalError, Part, Probability
from forecast.answer.reference import ReferenceSummary
from forecast.answer.thresholds import HIGH_CONFIDENCE_WIDTH, MODERATE_CONFIDENCE_WIDTH


class HorizonPoint(Part):
    """The probability that the outcome has occurred by the end of one future period."""

    period: int
    """Number of the future period; 1 is the first after the as-of date."""
    date: date
    """Last day of the period."""
    probability: Probability
    """Probability that the outcome has occurred by the end of this day."""
    low: Probability
    """Lower end of the 90 % posterior interval."""
    high: Probability
    """Upper end of the 90 % posterior interval."""


class Timing(Part):
    """When an event happens, if it does; in periods from the as-of date."""

    median_period: float | None
    """The time by which half of all futures have it; null when fewer than half have it by the horizon."""
    median_period_given_event: float | None
    """Median time among the futures in which it occurs by the horizon; null when none has it."""


class StatedPrior(Part):
    """A probability that the study states as its prior, before its evidence is counted."""

    median: Probability
    """Stated median of the probability."""
    low: Probability
    """Stated lower end of the interval."""
    high: Probability
    """Stated upper end of the interval."""
    level: Probability
    """Belief that the probability lies between the ends."""
    by: date
    """Last day that the statement speaks of."""
    on: date
    """Day on which it was stated; quiet time up to it is inside the statement."""
    about: Literal["present", "typical"]
    """`present`: the present case, all spreads inside. `typical`: a typical case, so that spreads came on top."""
    words: str
    """A sentence that says which of median and mean was stated."""


class OutcomeForecast(Part):
    """The answer for one outcome."""

    id: str
    """Id of the outcome in the study; `outcome.option` for an option of a categorical outcome."""
    part_of: str | None = None
    """Id of the categorical outcome of which this is an option: the probabilities of its options add up to 1. Null for other
    outcomes."""
    title: str
    """Title of the outcome; of an option that of its outcome, and its own."""
    option: str | None = None
    """Title of the option alone; null for other outcomes."""
    kind: Literal["event", "binary", "threshold", "categorical"]
    """`event`: at some time or not. `binary`: yes or no on one date. `threshold`: an indicator reaches a value.
    `categorical`: one of the options of an outcome, on its date."""
    probability: Probability
    """Probability that the outcome occurs by the end of `by`."""
    median: Probability | None = None
    """Posterior median of the probability, from the draws behind `interval`; `probability` is their mean. Null before
    method 7."""
    mcse: float
    """Monte Carlo standard error of `probability`, in units of probability."""
    interval: Interval
    """90 % posterior interval of the probability."""
    interval_mcse: IntervalError | None = None
    """Monte Carlo standard error of each end of `interval`; null in forecasts that were made before it was told."""
    stated: StatedPrior | None = None
    """The probability that the study states as its prior; null where it states none."""
    words: str
    """The ICD 203 wording of the probability, such as `very unlikely`."""
    confidence: Confidence | None = Field(
        default=None,
        description=f"How well the probability is known, by the width of `interval`: high up to {HIGH_CONFIDENCE_WIDTH}, "
        f"moderate up to {MODERATE_CONFIDENCE_WIDTH}, else low. Null in forecasts that were made before it was told.",
    )
    by: date
    """Last day that counts."""
    horizon: tuple[HorizonPoint, ...]
    """Probability by the end of each future period, in order."""
    timing: Timing | None
    """When it occurs; null for a binary outcome and for an option."""
    reference: ReferenceSummary | None
    """The reference classes behind it; null for a threshold outcome, which has no historical cases."""


@dataclass(frozen=True)
class OutcomeGroup:
    """The options of a categorical outcome, or outcomes that are none, one after the other."""

    id: str | None
    """Of the categorical outcome; None for other outcomes."""
    title: str
    """Of the categorical outcome; empty for other outcomes."""
    outcomes: tuple[OutcomeForecast, ...]


def outcome_groups(outcomes: Sequence[OutcomeForecast]) -> tuple[OutcomeGroup, ...]:
    """Outcomes in their order, the options of one outcome together, the likeliest first."""
    found: list[OutcomeGroup] = []
    for outcome in outcomes:
        if found and found[-1].id == outcome.part_of:
            found[-1] = OutcomeGroup(found[-1].id, found[-1].title, (*found[-1].outcomes, outcome))
        else:
            title = outcome.title.removesuffix(f": {outcome.option}") if outcome.option else ""
            found.append(OutcomeGroup(outcome.part_of, title, (outcome,)))
    return tuple(
        group
        if group.id is None
        else replace(group, outcomes=tuple(sorted(group.outcomes, key=lambda o: -o.probability)))
        for group in found
    )


class ScenarioForecast(Part):
    """The answer for one scenario."""

    id: str
    """Id of the scenario in the study."""
    title: str
    """Title of the scenario."""
    when: str
    """The scenario's expression over outcomes."""
    probability: Probability
    """Probability that the expression is true."""
    mcse: float
    """Monte Carlo standard error of `probability`, in units of probability."""
    effective_draws: float
    """p (1 - p) / mcse²: how many independent futures would give the same error."""
    interval: Interval
    """90 % posterior interval of the probability."""
    interval_mcse: IntervalError | None = None
    """Monte Carlo standard error of each end of `interval`; null in forecasts that were made before it was told."""
    words: str
    """The ICD 203 wording of the probability, such as `very unlikely`."""
    confidence: Confidence | None = Field(
        default=None,
        description=f"How well the probability is known, by the width of `interval`: high up to {HIGH_CONFIDENCE_WIDTH}, "
        f"moderate up to {MODERATE_CONFIDENCE_WIDTH}, else low. Null in forecasts that were made before it was told.",
    )


class PairProbability(Part):
    """Two outcomes together, each by its own resolution date."""

    outcome: str
    """Id of the outcome whose probability is conditional."""
    given: str
    """Id of the outcome that is given."""
    joint: Probability
    """Probability that both occur."""
    joint_mcse: float
    """Monte Carlo standard error of `joint`."""
    conditional: Probability | None
    """Probability of `outcome` among futures in which `given` occurs; null when too few draws are left."""
    conditional_mcse: float | None
    """Monte Carlo standard error of `conditional`; null when there is none."""
    effective_draws: float
    """How many independent futures are left in which `given` occurs."""


class CovariateEffect(Part):
    """The effect of a covariate on the log rate or log odds, per unit of the covariate as it stands in the tables."""

    id: str
    """Id of the covariate in the study."""
    mean: float
    """Posterior mean of the effect, per unit of the covariate."""
    sd: float
    """Posterior standard deviation of the effect, per unit of the covariate."""
    interval: Interval
    """90 % posterior interval of the effect."""
    standardized: bool
    """Whether the model standardizes the covariate."""
    center: float
    """Value that the model subtracts, in the covariate's unit."""
    scale: float
    """Value that the model divides by, in the covariate's unit."""


ICD_203 = (
    (0.05, "almost no chance"),
    (0.20, "very unlikely"),
    (0.45, "unlikely"),
    (0.55, "roughly even chance"),
    (0.80, "likely"),
    (0.95, "very likely"),
    (1.00, "almost certain"),
)
"""Upper ends of the seven steps of Intelligence Community Directive 203 (2015), section D.6.e(2)(a)."""


def icd203_words(probability: float) -> str:
    """The ICD 203 wording of a probability; an end belongs to the higher step, 0 and 1 to the outermost ones.

    Raises
    ------
    ValueError
        When the number is not in [0, 1].
    """
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"{probability} is not a probability; expected a number in [0, 1]")
    return next((words for end, words in ICD_203 if probability < end), ICD_203[-1][1])
