"""What the evidence beyond base rates says: factors, indicators, experts, links, stated changes."""

from __future__ import annotations

from datetime import date
from typing import Literal

from forecast.answer.parts import Interval, Part, Probability, Spread


class StatePoint(Part):
    """A factor in one past period; 0 is its long-run mean, 1 its long-run standard deviation."""

    period: date
    """First day of the calendar period."""
    mean: float
    """Posterior mean of the state, in long-run standard deviations."""
    low: float
    """Lower end of the 90 % posterior interval."""
    high: float
    """Upper end of the 90 % posterior interval."""


class FactorEffect(Part):
    """How one standard deviation of a factor moves the log rate or log odds of an outcome."""

    outcome: str
    """Id of the outcome."""
    prior_mean: float
    """Prior mean of the effect, on the log rate or log odds."""
    prior_sd: float
    """Prior standard deviation of the effect, on the log rate or log odds."""
    posterior: Spread
    """Posterior of the effect, on the log rate or log odds."""


class FactorSummary(Part):
    """A latent state over time, the last period complete at the as-of date last."""

    id: str
    """Id of the factor in the study."""
    title: str
    """Title of the factor; its id when the study gives none."""
    indicators: tuple[str, ...]
    """Ids of the indicators that the factor drives."""
    persistence: Spread
    """Correlation between one period's state and the next."""
    states: tuple[StatePoint, ...]
    """The state in each past period, oldest first; the last one is complete at the as-of date."""
    effects: tuple[FactorEffect, ...]
    """The factor's effect on each outcome that it moves."""


class CountPoint(Part):
    """One past period of an indicator."""

    period: date
    """First day of the calendar period."""
    value: int | None
    """Observed count; null when nothing was observed."""
    exposure: float | None
    """Observed part of the period, in whole periods; null when nothing was observed, or when it is unknown, so that `value` is
    a lower bound."""
    mean: float
    """Posterior mean of the usual count over a whole period: the expected one, spikes and idle periods aside."""
    low: float
    """Lower end of the 90 % posterior interval of the expected count."""
    high: float
    """Upper end of the 90 % posterior interval of the expected count."""


class NextCount(Part):
    """One-step-ahead predictive: the count of the first period that was not complete at the as-of date."""

    period: date
    """First day of that calendar period."""
    mean: float
    """Predictive mean of the count."""
    median: float
    """Predictive median of the count."""
    interval: Interval
    """90 % predictive interval of the count."""
    zero_probability: Probability
    """Probability that the count is 0."""


class CountAhead(Part):
    """The predicted count of one period to come, over its whole length."""

    period: date
    """First day of the calendar period."""
    median: float
    """Predictive median of the count."""
    half: Interval
    """50 % predictive interval of the count."""
    interval: Interval
    """90 % predictive interval of the count."""


class CountFit(Part):
    """A statistic of the real counts beside the same of counts that the model made in their place."""

    statistic: str
    """`dispersion` is the standard deviation of log(1 + count), `zeros` the number of periods without any. `maximum` is the
    largest count, `likeness of neighbours` the correlation of log(1 + count) with that before it. `seasonal means` says how far
    apart parts of the year are."""
    observed: float
    """That of the real counts."""
    low: float
    """5 % of replicated ones lie below."""
    high: float
    """5 % of replicated ones lie above."""
    probability: Probability
    """Two-sided tail probability of the real one among replicated ones; near 0 the counts contradict the model."""


class IndicatorSummary(Part):
    """A stream of counts and what the model expects of it next."""

    id: str
    """Id of the indicator in the study."""
    title: str
    """Title of the indicator; its id when the study gives none."""
    factor: str | None
    """Id of the factor that drives it; null when none does."""
    direction: Literal[1, -1]
    """1 when the counts rise with the factor, -1 when they fall."""
    observations: int
    """Number of periods with an observed count."""
    rate: Spread
    """Usual count of a whole period when the factor is at its long-run mean, as of the as-of date, seasons, spikes and idle
    periods aside."""
    loading: Spread | None
    """Change of the log rate per standard deviation of the factor, with its sign; null without a factor."""
    dispersion: Spread
    """Coefficient of variation beyond that of the Poisson distribution, of what is neither a spike nor idle."""
    season: Spread | None = None
    """Standard deviation of parts of the year on the log mean; null without a season."""
    spikes: Spread | None = None
    """Share of periods whose count is a spike, far above the usual ones; null where there may be none."""
    idle: Spread | None = None
    """Share of periods whose count is 0 whatever the mean; null where there may be none."""
    periods: tuple[CountPoint, ...]
    """Every past period, oldest first."""
    next: NextCount
    """The predicted count of the next period."""
    ahead: tuple[CountAhead, ...] = ()
    """The fan: each period after the last complete one, over the whole horizon."""
    fit: tuple[CountFit, ...] = ()
    """Whether the counts look like counts of the model; empty where they are too few to say."""


ExpertKind = Literal["person", "crowd", "market"]


class ExpertSummary(Part):
    """One expert whose probabilities were used."""

    id: str
    """Name of the expert in the tables."""
    kind: ExpertKind
    """A person, a crowd (an aggregate of many people) or a market."""
    judgments: int
    """Number of judgments of open questions that were used."""
    track_records: int
    """Number of questions of track records, open ones included, that were used to learn the expert's errors."""
    bias: Spread
    """Error on the log odds; positive means too high. The sum of the expert's own bias and of the one that all experts of
    the kind share."""
    slope: Spread
    """Factor on the log odds; above 1 means more extreme than the truth."""
    noise: Spread
    """Scale of the expert's own random error on the log odds."""
    weight: Probability
    """Share of this expert in the precision of all judgments in use; 0 without a judgment."""
    effective_number: float
    """The expert's part of the effective number of experts, averaged over the questions."""


class QuestionSummary(Part):
    """What experts said about one outcome by one date, and what the model says with everything it knows."""

    outcome: str
    """Id of the outcome."""
    by: date
    """Last day that counts for the question."""
    given: str | None
    """What the judgment is conditional on, as in `ceasefire and not war`; null when unconditional."""
    at_once: bool = False
    """Whether all of that is supposed to occur at once, not just by the day of the question."""
    said: date | None = None
    """Day on which it was said, if that is a period ago or more; the time since then counts as well. Null otherwise."""
    experts: int
    """Number of experts who answered."""
    effective_number: float
    """Number of ordinary experts who share no error and would be worth as much; at most `experts`. Common errors,
    scatter and contradictions make it smaller."""
    stated: Probability
    """Mean of the stated probabilities."""
    probability: Probability
    """The model's own probability: along the mean path of the factors."""
    interval: Interval
    """90 % posterior interval of `probability`."""


class LinkSummary(Part):
    """The effect of one outcome, once it has occurred, on the log rate or log odds of another."""

    cause: str
    """Id of the outcome that acts."""
    effect_on: str
    """Id of the outcome that it acts on."""
    prior_mean: float
    """Prior mean of the effect, on the log rate or log odds."""
    prior_sd: float
    """Prior standard deviation of the effect, on the log rate or log odds."""
    posterior: Spread
    """Posterior of the effect, on the log rate or log odds."""
    delay: float = 0.0
    """Periods from the occurrence of the cause until the effect begins."""
    half_life: float | None = None
    """Periods in which the effect halves, from when it begins; null: it stays."""
    made: bool = False
    """Whether the study does not state it: it was made for a conditional judgment that no link had a place for."""


class StatedChange(Part):
    """A change of the present case's log rate or log odds on stated days, as the study states it."""

    outcome: str
    """Id of the outcome that changes."""
    since: date
    """First day on which the change acts."""
    to: date | None = None
    """First day on which it no longer acts; null when it stays."""
    log_ratio: float
    """What is added: to an event's log rate on these days, to a binary outcome's log odds if it resolves on one of them."""


class ResidualCorrelation(Part):
    """Correlation of two outcomes' levels beyond classes, links and factors."""

    first: str
    """Id of one outcome."""
    second: str
    """Id of the other outcome."""
    correlation: Spread
    """Posterior of the correlation, between -1 and 1."""
    prior_sd: float
    """Prior standard deviation of the correlation."""
    shared_cases: int
    """Historical cases that carry both outcomes."""
    yes_no_cases: int
    """Those of them in which one of both outcomes is a single yes or no."""
