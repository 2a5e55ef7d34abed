"""The day on which a probability was stated, and what was expected of its causes then.

A stated probability is a marginal as of its day: whatever was expected of causes on that day is inside it, and what is
learned about them later moves the effect. Where the day is the as-of date, each draw's own causes are what is expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from forecast.study import Study

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ForeseenCause:
    """A cause as it was expected on a day; hazards have the dim (step), periods from that day on."""

    own: FloatArray
    """Expected events in each period, among those in whom neither it nor one that it excludes has occurred."""
    group: FloatArray
    """The same of all that exclude one another, this one included."""
    had_occurred: bool


@dataclass(frozen=True)
class Foreseen:
    """By effect whose statement is older than the as-of date."""

    lead: Mapping[str, int] = field(default_factory=dict)
    """Whole periods from its day to the as-of date."""
    causes: Mapping[tuple[str, str], ForeseenCause] = field(default_factory=dict)
    """By (cause, effect)."""


def stated_days(study: Study) -> dict[str, date]:
    """By outcome whose prior was stated before the as-of date: the day."""
    found: dict[str, date] = {}
    for outcome in study.outcomes:
        elicited = None if outcome.prior is None else outcome.prior.elicited
        if outcome.is_modelled and elicited is not None and elicited.on is not None and elicited.on < study.as_of:
            found[outcome.id] = elicited.on
    return found
