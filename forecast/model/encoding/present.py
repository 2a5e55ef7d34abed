"""The present case: what the encoding needs to know of it, and its weights over classes and covariates as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.changes import Changes, shift_of
from forecast.model.encoding.membership import Memberships
from forecast.model.encoding.units import Level
from forecast.study import Judgment, Outcome, OutcomeKind, Study
from forecast.study.document.course import Course


@dataclass(frozen=True)
class Standardization:
    """How a covariate of the tables becomes the model's: (value - center) / scale."""

    center: float
    scale: float

    def apply(self, value: float) -> float:
        return (value - self.center) / self.scale


@dataclass(frozen=True)
class Present:
    """What history, and the way to a judged date, need to know of the present case."""

    outcomes: tuple[Outcome, ...]
    ages: Mapping[str, float]
    """By event outcome, in periods; negative where the risk begins after the as-of date."""
    bands: Mapping[str, AgeBands]
    offsets: Mapping[str, int]
    """Where an outcome's bands begin among all bands."""
    links: tuple[tuple[str, str], ...]
    """(cause, effect_on)."""
    moved: frozenset[str]
    """Outcomes that a factor moves."""
    with_classes: frozenset[str]
    """Outcomes that reference classes are about."""
    memberships: Memberships
    keeping: frozenset[tuple[str, str]] = frozenset()
    """Links that leave the marginal of their effect where it was stated."""
    certain: frozenset[str] = frozenset()
    """Outcomes known to have happened."""
    stated: Mapping[str, date] = MappingProxyType({})
    """Day of the statement about an outcome, where it is before the as-of date."""
    refuted: frozenset[str] = frozenset()
    """Outcomes known not to happen."""
    resolves: Mapping[str, float] = MappingProxyType({})
    """Periods to the resolution date, by outcome."""
    changes: Mapping[str, Changes] = MappingProxyType({})
    """Of hazards on stated days, by event outcome, from the as-of date."""
    counts_quiet: bool = True
    """Whether what the present case has shown is used."""
    sure_within: Mapping[str, float] = MappingProxyType({})
    """By outcome of which it or one that excludes it must occur: the periods until one must have."""
    courses: Mapping[tuple[str, str], Course] = MappingProxyType({})
    """Of links that fade or are delayed."""

    @property
    def settled(self) -> frozenset[str]:
        """Outcomes of which it is known how they turned out."""
        return self.certain | self.refuted

    def course(self, cause: str, effect_on: str) -> Course:
        """From when a link acts, and how it fades."""
        return self.courses.get((cause, effect_on), Course())

    def rivals(self, outcome: Outcome) -> tuple[Outcome, ...]:
        """The outcome and those that exclude it."""
        if outcome.competes is None:
            return (outcome,)
        return tuple(other for other in self.outcomes if other.competes == outcome.competes)

    def runners(self, outcome: Outcome) -> tuple[Outcome, ...]:
        """Those of `rivals` that may yet occur, where one must; else all of them."""
        rivals = self.rivals(outcome)
        if outcome.id not in self.sure_within:
            return rivals
        return tuple(other for other in rivals if other is outcome or other.id not in self.refuted)

    def link(self, cause: str, effect_on: str) -> int:
        """Place of a link, counted from 1; 0 for none."""
        return self.links.index((cause, effect_on)) + 1 if (cause, effect_on) in self.links else 0

    def link_at_once(self, cause: str, effect_on: str) -> int:
        """Place of a link that acts from the as-of date on where its cause is supposed; 0 for none.

        One of a level without the cause does; so does that of a count, of which nothing says when it occurs. A cause that
        is known to have occurred is inside the level that it leaves alone.
        """
        is_modelled = any(outcome.id == cause for outcome in self.outcomes)
        if (cause, effect_on) in self.keeping and (is_modelled or cause in self.certain):
            return 0
        return self.link(cause, effect_on)

    def links_at_once(self, question: Judgment) -> list[tuple[str, bool]]:
        """What a question supposes whose links to its outcome act from the as-of date on."""
        return [(name, occurs) for name, occurs in question.given if self.link_at_once(name, question.outcome)]

    def link_supposed(self, question: Judgment, effect_on: str) -> int:
        """Place of the link onto an outcome that acts from the as-of date on under what a question supposes; 0 for none."""
        acting = (self.link_at_once(name, effect_on) for name, occurs in question.given if occurs)
        return next((place for place in acting if place), 0)

    def is_binary(self, outcome: str) -> bool:
        """Whether an outcome is settled on one date."""
        return any(other.id == outcome and other.kind is OutcomeKind.BINARY for other in self.outcomes)


def present_arrays(
    study: Study,
    outcomes: Sequence[Outcome],
    levels: Sequence[Level],
    standardizations: Mapping[str, Standardization],
    memberships: Memberships,
) -> dict[str, npt.ArrayLike]:
    """Classes that it may belong to, weights over levels, the rest for an unseen class, covariates, and changes of binary outcomes."""
    names = [covariate.id for covariate in study.covariates]
    covariates = np.zeros((len(outcomes), len(names)))
    for row, outcome in enumerate(outcomes):
        for column, name in enumerate(names):
            if name in outcome.covariates:
                covariates[row, column] = standardizations[name].apply(outcome.covariates[name])
    return {
        **memberships.arrays(outcomes, levels),
        "present_covariates": covariates,
        "present_change": np.array(
            [shift_of(study, outcome) if outcome.kind is OutcomeKind.BINARY else 0.0 for outcome in outcomes]
        ),
    }
