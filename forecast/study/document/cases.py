"""Historical cases as the model uses them: the rows of a reference class, resolved as of the study's date.

What is seen of an outcome in a case is one of three kinds of datum. Time is in periods; age 0 is the origin of the case's
own clock.
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
class Choice:
    """How often one option of a categorical outcome turned out true, of so many times."""

    chosen: float
    trials: float


type Datum = Spell | Count | Trial | Choice


@dataclass(frozen=True, slots=True)
class Stage:
    """Part of a spell in which the covariates stay as they are, between two ages (periods)."""

    entry: float
    exit: float
    covariates: dict[str, float]
    """Raw values, as in `Case.covariates`."""


@dataclass(frozen=True, slots=True)
class Case:
    """One historical case of a reference class."""

    id: str
    reference_class: str
    weight: float
    """Similarity in [0, 1]; the likelihood of the case is raised to this power."""
    data: Datum | None
    """What was seen of every outcome that is not in `trials`; None for nothing."""
    covariates: dict[str, float] = field(default_factory=dict)
    """Raw values as in the table, by covariate id; exactly the covariates that the class lists. Of a case with stages, the
    means over the time for which it was observed."""
    stages: tuple[Stage, ...] = ()
    """Of a spell that has several rows: one after the other, not at risk between them. Empty for all other cases."""
    source: str | None = None
    note: str | None = None
    trials: dict[str, Trial | None] = field(default_factory=dict)
    """By binary outcome, where the class serves others as well; None where the case says nothing of it."""
    choices: dict[str, Choice] = field(default_factory=dict)
    """By option of a categorical outcome, as an outcome of its own."""

    def seen(self, outcome: str) -> Datum | None:
        """What was seen of an outcome that the class serves; None for nothing."""
        if outcome in self.choices:
            return self.choices[outcome]
        return self.trials.get(outcome, self.data)

    @property
    def observed(self) -> float:
        """Periods at risk under observation; those of a trial count for nothing."""
        if isinstance(self.data, Spell):
            return sum(stage.exit - stage.entry for stage in self.stages) or self.data.exit - self.data.entry
        return self.data.exposure if isinstance(self.data, Count) else 0.0
