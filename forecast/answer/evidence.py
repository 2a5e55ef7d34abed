"""What the evidence beyond base rates says: factors, indicators, experts, links."""

from __future__ import annotations

from datetime import date
from typing import Literal

from forecast.answer.parts import Interval, Part, Probability, Spread


class StatePoint(Part):
    """A factor in one past period; 0 is its long-run mean, 1 its long-run standard deviation."""

    period: date
    """First day of the natural period."""
    mean: float
    low: float
    high: float


class FactorEffect(Part):
    """How one standard deviation of a factor moves the log rate or log odds of an outcome."""

    outcome: str
    prior_mean: float
    prior_sd: float
    posterior: Spread


class FactorSummary(Part):
    """A latent state over time, the last period complete at the as-of date last."""

    id: str
    title: str
    indicators: tuple[str, ...]
    persistence: Spread
    """The correlation between one period's state and the next."""
    states: tuple[StatePoint, ...]
    effects: tuple[FactorEffect, ...]


class CountPoint(Part):
    """One past period of an indicator; `value` and `exposure` are None where nothing was observed."""

    period: date
    value: int | None
    exposure: float | None
    mean: float
    """Posterior mean of the expected count over a whole period."""
    low: float
    high: float


class NextCount(Part):
    """One-step-ahead predictive: the count of the first period that was not complete at the as-of date."""

    period: date
    mean: float
    median: float
    interval: Interval
    zero_probability: Probability


class IndicatorSummary(Part):
    """A stream of counts and what the model expects of it next."""

    id: str
    title: str
    factor: str | None
    direction: Literal[1, -1]
    observations: int
    rate: Spread
    """Expected count of a whole period when the factor is at its long-run mean."""
    loading: Spread | None
    """Change of the log rate per standard deviation of the factor, with its sign."""
    dispersion: Spread
    """Coefficient of variation beyond the Poisson's."""
    periods: tuple[CountPoint, ...]
    next: NextCount


ExpertKind = Literal["person", "crowd", "market"]


class ExpertSummary(Part):
    """Somebody whose probabilities were used."""

    id: str
    kind: ExpertKind
    judgments: int
    track_records: int
    bias: Spread
    """On the log odds: positive says too much. Without the bias that all experts of a kind share."""
    slope: Spread
    """Above 1: more extreme than the truth on the log odds."""
    noise: Spread
    """Scale of the expert's own error on the log odds."""
    weight: Probability
    """Share of this expert in the precision of all judgments that are used; 0 without a judgment."""
    effective_number: float
    """The expert's part of the effective number of experts."""


class QuestionSummary(Part):
    """What experts said about one outcome by one date, and what the model says with everything it knows."""

    outcome: str
    by: date
    given: str | None
    said: date | None = None
    """When it was said, if that is a period ago or more; then it is about the time since as well."""
    experts: int
    effective_number: float
    """How many experts without any common error would be worth as much."""
    stated: Probability
    """Mean of the stated probabilities."""
    probability: Probability
    """The model's own: along the mean path of the factors, `given` in force from the as-of date."""
    interval: Interval


class LinkSummary(Part):
    """The effect of one outcome, once it has occurred, on the log rate or log odds of another."""

    cause: str
    effect_on: str
    prior_mean: float
    prior_sd: float
    posterior: Spread


class ResidualCorrelation(Part):
    """Correlation of two outcomes' levels beyond classes, links and factors."""

    first: str
    second: str
    correlation: Spread
