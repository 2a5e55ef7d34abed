"""The reference classes behind the probability of an outcome, and their cases."""

from __future__ import annotations

from datetime import date
from typing import Literal

from forecast.answer.parts import Interval, Part


class CaseSummary(Part):
    """One historical case as one outcome sees it."""

    id: str
    """Id of the case in its table."""
    weight: float
    """Similarity to the present case, between 0 and 1; the case's likelihood is raised to this power."""
    exposure: float | None = None
    """Time at risk, in periods; null for a binary outcome."""
    events: float | None = None
    """Number of events; null for a binary outcome."""
    successes: float | None = None
    """Number of trials that resolved yes; null for an event outcome."""
    trials: float | None = None
    """Number of trials; null for an event outcome."""
    entered: date | None = None
    """First day under observation; null when the table does not say."""
    exited: date | None = None
    """Last day under observation; null when the table does not say."""
    event: str | None = None
    """Id of the outcome that ended the case; null when it was censored or is not a spell."""
    estimate: float | None = None
    """Posterior mean of the case's own probability (binary), or of its rate ratio to its class (event). Null when not
    computed."""
    interval: Interval | None = None
    """90 % posterior interval of `estimate`; null when not computed."""
    source: str | None = None
    """Where the case comes from; null when the table does not say."""
    note: str | None = None
    """Remark in the table; null without one."""


class ClassSummary(Part):
    """One reference class as one outcome sees it."""

    id: str
    """Id of the reference class in the study."""
    title: str
    """Title of the class; its id when the study gives none."""
    weight: float
    """Weight in the present case, between 0 and 1, as stated."""
    membership: float | None
    """Probability that the present case belongs to the class, given what has happened; null where it lies between its
    classes."""
    cases: int
    """Number of cases."""
    effective_cases: float
    """Sum of the weights of the cases; `events`, `exposure` and `trials` are not weighted."""
    events: float
    """Number of events, or of trials that resolved yes."""
    exposure: float | None
    """Time at risk of all cases, in periods; null for a binary outcome."""
    trials: float | None
    """Number of trials of all cases; null for an event outcome."""
    measure: Literal["rate_per_period", "probability"]
    """What `rate_or_probability` is: events per period, or a probability."""
    rate_or_probability: float
    """Posterior mean at the class's mean covariates; a rate is the mean over the ages of the present case."""
    interval: Interval
    """90 % posterior interval of `rate_or_probability`."""
    members: tuple[CaseSummary, ...] = ()
    """The cases of the class."""


class NewClassSummary(Part):
    """What the model expects of a class that it has not seen."""

    weight: float
    """Weight in the present case, between 0 and 1: what the reference classes leave."""
    membership: float | None
    """Probability that the present case belongs to none of the classes, given what has happened; null where it lies between
    its classes."""
    measure: Literal["rate_per_period", "probability"]
    """What `rate_or_probability` is: events per period, or a probability."""
    rate_or_probability: float
    """Posterior mean; a rate is the mean over the ages of the present case."""
    interval: Interval
    """90 % posterior interval of `rate_or_probability`."""


class ReferenceSummary(Part):
    """The reference classes of one outcome."""

    classes: tuple[ClassSummary, ...]
    """Each reference class that serves the outcome."""
    new_class: NewClassSummary
    """A class that has not been seen."""
