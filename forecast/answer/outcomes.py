"""Probabilities of outcomes and scenarios, and the reference classes behind them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from forecast.answer.parts import Interval, Part, Probability


class HorizonPoint(Part):
    """The probability that the outcome has occurred by the end of one future period."""

    period: int
    date: date
    probability: Probability
    low: Probability
    high: Probability


class Timing(Part):
    """When an event happens, if it does; in periods from the as-of date."""

    median_period: float | None
    """The period by which half of all futures have it; None when fewer than half have it by the horizon."""
    median_period_given_event: float | None
    """The same among the futures in which it happens by the horizon, before any competing outcome."""


class CaseSummary(Part):
    """One historical case as one outcome sees it."""

    id: str
    weight: float
    exposure: float | None = None
    """Periods at risk (event outcomes)."""
    events: float | None = None
    successes: float | None = None
    trials: float | None = None
    entered: date | None = None
    exited: date | None = None
    event: str | None = None
    """The outcome that ended it, None when censored."""
    estimate: float | None = None
    """Posterior mean of the case's own probability (binary) or of its rate ratio to its class (event)."""
    interval: Interval | None = None
    source: str | None = None
    note: str | None = None


class ClassSummary(Part):
    """One reference class as one outcome sees it."""

    id: str
    title: str
    weight: float
    """Weight in the present case."""
    cases: int
    effective_cases: float
    """Cases counted by their weights; events, exposure and trials below are not weighted."""
    events: float
    exposure: float | None
    """Periods at risk (event outcomes)."""
    trials: float | None
    measure: Literal["rate_per_period", "probability"]
    rate_or_probability: float
    interval: Interval
    members: tuple[CaseSummary, ...] = ()


class NewClassSummary(Part):
    """What the model expects of a class that it has not seen."""

    weight: float
    measure: Literal["rate_per_period", "probability"]
    rate_or_probability: float
    interval: Interval


class ReferenceSummary(Part):
    classes: tuple[ClassSummary, ...]
    new_class: NewClassSummary


class OutcomeForecast(Part):
    """The answer for one outcome."""

    id: str
    title: str
    kind: Literal["event", "binary", "threshold"]
    probability: Probability
    mcse: float
    interval: Interval
    words: str
    """The ICD 203 wording of the probability."""
    by: date
    horizon: tuple[HorizonPoint, ...]
    timing: Timing | None
    reference: ReferenceSummary | None
    """None for a threshold outcome, which has no historical cases."""


class ScenarioForecast(Part):
    """The answer for one scenario."""

    id: str
    title: str
    when: str
    probability: Probability
    mcse: float
    effective_draws: float
    """p (1 - p) / mcse^2: how many independent futures would give the same error."""
    interval: Interval
    words: str


class PairProbability(Part):
    """Two outcomes together, each by its own resolution date."""

    outcome: str
    given: str
    joint: Probability
    joint_mcse: float
    conditional: Probability | None
    """Probability of `outcome` in the futures in which `given` comes true; None when too few draws are left."""
    conditional_mcse: float | None
    effective_draws: float


class CovariateEffect(Part):
    """The effect of a covariate on the log rate or log odds, per unit of the covariate as it stands in the tables."""

    id: str
    mean: float
    sd: float
    interval: Interval
    standardized: bool
    center: float
    scale: float


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
