"""What the parts of an answer have in common."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class Part(BaseModel):
    """Base of every part of the answer: frozen, closed, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Verdict(StrEnum):
    """Whether the checks let a forecast be used as it is."""

    PUBLISHED = "published"
    DEGRADED = "degraded"
    REFUSED = "refused"


class Interval(Part):
    """The posterior spread of a quantity; equal-tailed."""

    kind: Literal["eti"] = "eti"
    """Equal-tailed: the same posterior mass lies below `low` and above `high`."""
    level: float = 0.9
    """Posterior mass inside the interval, between 0 and 1."""
    low: float
    """Lower end, in the unit of the quantity."""
    high: float
    """Upper end, in the unit of the quantity."""


class IntervalError(Part):
    """How exactly the ends of an interval are known: both would move with other random numbers."""

    low: float
    """Monte Carlo standard error of the lower end, in the unit of the quantity."""
    high: float
    """Monte Carlo standard error of the upper end, in the unit of the quantity."""


Confidence = Literal["high", "moderate", "low"]


class Spread(Part):
    """A quantity's posterior in three numbers."""

    mean: float
    """Posterior mean, in the unit of the quantity."""
    sd: float
    """Posterior standard deviation, in the unit of the quantity."""
    interval: Interval
    """90 % posterior interval."""
