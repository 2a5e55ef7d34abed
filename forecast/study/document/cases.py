"""Historical cases as the model uses them: the rows of a reference class, resolved as of the study's date.

A case is one of three kinds of datum. Time is in periods; age 0 is the origin of the case's own clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Spell:
    """One case of an event outcome, under observation from age `entry` to age `exit` (periods, exit > entry)."""

    entry: float
    """Above 0 when observation began late (left truncation)."""
    exit: float
    event: str | None
    """Id of the outcome that ended it; None when it was still going on (censored)."""
    entered: date | None = None
    exited: date | None = None
    """The last day of observation: of the event, or of the censoring."""


@dataclass(frozen=True, slots=True)
class Count:
    """Aggregated events of one outcome: how many in how many periods at risk."""

    exposure: float
    events: float
    age: float | None = None
    """An age (periods) that picks the band; None for the first one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Successes out of trials of one binary outcome."""

    successes: float
    trials: float


@dataclass(frozen=True, slots=True)
class Case:
    """One historical case of a reference class."""

    id: str
    reference_class: str
    weight: float
    """Similarity in [0, 1]; the likelihood of the case is raised to this power."""
    data: Spell | Count | Trial
    covariates: dict[str, float] = field(default_factory=dict)
    """Raw values as in the table, by covariate id; exactly the covariates that the class lists."""
    source: str | None = None
    note: str | None = None
