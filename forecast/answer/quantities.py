"""The answer for a number at a date."""

from __future__ import annotations

from datetime import date

from forecast.answer.parts import Interval, Part, Probability


class QuantityQuantile(Part):
    """A number below which the quantity lies with a probability."""

    quantile: Probability
    """That probability."""
    value: float
    """The number, in the quantity's unit."""
    mcse: float
    """Its Monte Carlo standard error."""


class Exceedance(Part):
    """How probable it is that the quantity is larger than a number."""

    value: float
    """The number, in the quantity's unit."""
    probability: Probability
    """That the quantity is larger."""
    mcse: float
    """Monte Carlo standard error of the probability."""
    interval: Interval
    """What the posterior allows for the probability."""


class StatedQuantity(Part):
    """What the study itself states of the quantity."""

    low: float
    """Lower end of the stated interval."""
    median: float
    """Stated median."""
    high: float
    """Upper end of the stated interval."""
    level: Probability
    """Stated belief that the number lies between the ends."""


class QuantityForecast(Part):
    """The forecast of a number at a date."""

    id: str
    """Id of the quantity in the study."""
    title: str
    """Title of the quantity."""
    unit: str | None = None
    """What it is counted or measured in; null where the study does not say."""
    scale: str
    """linear or log: whether differences or ratios say how far apart numbers are."""
    by: date
    """Day at which the number is asked."""
    median: float
    """As likely to be exceeded as not."""
    mean: float | None
    """Mean over the simulated futures; null on a log scale, where the largest futures decide it."""
    interval: Interval
    """Where the number lies with 90 %: all that is uncertain is in it, classes, cases and experts."""
    quantiles: tuple[QuantityQuantile, ...]
    """At .05, .1, .25, .5, .75, .9 and .95."""
    cumulative: tuple[Exceedance, ...]
    """Probability to be larger than each of some numbers that rise evenly on the quantity's scale: its whole law."""
    exceedance: tuple[Exceedance, ...]
    """The same for the numbers that the study asks about."""
    stated: StatedQuantity
    """What was believed before cases and experts."""
    cases: int
    """Historical cases whose numbers count."""
    experts: tuple[str, ...]
    """Experts whose quantiles count."""
