"""Quantities: numbers at a date, with their priors, historical values and experts' quantiles."""

from __future__ import annotations

import math
from enum import StrEnum
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from forecast.study.document.evidence import TableBlock
from forecast.study.document.fields import (
    LARGEST,
    Block,
    Id,
    NonNegative,
    OutcomeId,
    RequiredText,
    Text,
    field_error,
    rising,
)
from forecast.study.document.outcome import Resolution

if TYPE_CHECKING:
    from forecast.study.document.quantity_scale import QuantityScale

MOST_SKEW: Final = 1.8
"""Of the scale: one end of an interval of 90 % then lies 19 times as far from the median as the other one."""
Number = Annotated[float, Field(strict=True, ge=-LARGEST, le=LARGEST)]


class Scale(StrEnum):
    """On which scale numbers are compared."""

    LINEAR = "linear"
    """Differences; any number."""
    LOG = "log"
    """Ratios; numbers above 0."""


class ValueQuantiles(Block):
    """A stated belief about a number: its median, and the ends of a central interval."""

    median: Number
    """Median of the number."""
    low: Number
    """Lower end of the interval; below the median."""
    high: Number
    """Upper end of the interval; above the median."""
    level: Annotated[float, Field(strict=True, ge=0.1, le=0.9999)] = 0.9
    """Belief that the number lies in low..high; the rest is split evenly over both sides."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        rising(self.low, self.median, self.high)
        return self


class StatedValue(Block):
    """What is believed of the present case before its classes and experts are heard."""

    value: ValueQuantiles
    """Quantiles of the number."""


class Quantity(Block):
    """A number at a date, such as a total of counts or a level."""

    id: OutcomeId
    """Name in expressions and tables: a lower-case letter, then lower-case letters, digits and underscores; up to
    64."""
    title: RequiredText
    """Title for readers."""
    kind: Literal["quantity"] = "quantity"
    """`quantity`; under `outcomes` or under `quantities`."""
    unit: Text | None = None
    """What it is counted or measured in, such as `people` or `percent`."""
    scale: Scale = Scale.LINEAR
    """Whether differences or ratios of numbers say how far apart they are: `linear`, or `log` for numbers above 0."""
    resolution: Resolution
    """How the number is found, and on which day."""
    prior: StatedValue
    """Quantiles of the number in the present case; they come back exactly where nothing else is known."""
    reference: dict[Id, NonNegative] | None = None
    """Probability that the present case belongs to each class that the table `values` names, by id: at most 1 in all. A class
    that was not seen gets the rest. Absent: all of it."""
    thresholds: Annotated[tuple[Number, ...], Field(max_length=20)] = ()
    """Numbers for which the answer says how probable it is that they are exceeded."""

    @model_validator(mode="after")
    def _fits_its_scale(self) -> Self:
        stated = self.prior.value
        if self.scale is Scale.LOG:
            wrong = [number for number in (stated.low, *self.thresholds) if number <= 0.0]
            if wrong:
                raise field_error(
                    f"{wrong[0]:g} on a log scale; expected numbers above 0; take the scale linear or correct it"
                )
        low, median, high = (self._own(number) for number in (stated.low, stated.median, stated.high))
        ratio = max((high - median) / (median - low), (median - low) / (high - median))
        most = math.exp(MOST_SKEW * NormalDist().inv_cdf(0.5 + stated.level / 2.0))
        if ratio > most:
            raise field_error(
                f"low {stated.low:g}, median {stated.median:g}, high {stated.high:g}: one end is {ratio:.3g} times as far from the "
                f"median as the other; expected at most {most:.3g} times for an interval of {stated.level:.4g}; take the scale log, "
                "or correct them"
            )
        if self.reference and sum(self.reference.values()) > 1.0 + 1e-9:
            raise field_error(
                f"weights of {sum(self.reference.values()):g} in all; expected at most 1; what is left is that of a class not seen"
            )
        return self

    def _own(self, number: float) -> float:
        return math.log(number) if self.scale is Scale.LOG else number

    @property
    def curve(self) -> QuantityScale:
        """From a standard normal variable to numbers with the stated quantiles."""
        from forecast.study.document.quantity_scale import QuantityScale  # NumPy, which reading needs not

        stated = self.prior.value
        return QuantityScale.through(
            stated.low, stated.median, stated.high, stated.level, is_log=self.scale is Scale.LOG
        )


class HistoricalValues(TableBlock):
    """Numbers of historical cases; columns quantity, class, case, value, and if wanted weight (0 to 1), known_at, note."""


class StatedQuantiles(TableBlock):
    """What experts say of quantities; columns expert, quantity, quantile (0 to 1), value, on, and if wanted known_at."""
