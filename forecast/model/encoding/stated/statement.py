"""What a stated probability is about, in plain numbers: the way to its date, the quiet time before it, the spreads.

Everything is a tuple, so that the same statement is solved once (`forecast.model.encoding.stated.solving`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from forecast.errors import FieldError
from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.changes import Changes, changes_of, shift_of
from forecast.model.encoding.present import Standardization
from forecast.model.encoding.stated.law import Law
from forecast.model.encoding.stated.normals import quantile
from forecast.study import About, Outcome, OutcomeKind, Study

NOT_AT_RISK: Final = -1
_FARTHEST: Final = 300.0
MOST_SEGMENTS: Final = 240
"""Of a competing group: members times segments on the way to a date. Beyond it, solving takes minutes."""
FIELDS: Final = ("class_sd", "case_sd", "trend_sd", "wiggle_sd")
"""Of `pooling`, in the order of `Spreads`."""


@dataclass(frozen=True)
class Spreads:
    """Scales of the half-normal spreads of classes, cases and departures, and of the normal trend."""

    classes: float
    cases: float
    trend: float
    wiggle: float

    @classmethod
    def of(cls, outcome: Outcome) -> Spreads:
        """As the study states them, or their defaults; a binary outcome has no ages."""
        pooling, event = outcome.pooling, outcome.kind is OutcomeKind.EVENT
        return cls(
            pooling.class_sd,
            pooling.case_sd,
            pooling.trend_sd if event else 0.0,
            pooling.wiggle_sd if event else 0.0,
        )

    def times(self, factor: float, *, but: frozenset[str] = frozenset()) -> Spreads:
        """All of them shrunk, but for those of the named fields of `pooling`."""
        return Spreads(
            *(scale if name in but else scale * factor for name, scale in zip(FIELDS, self.scales, strict=True))
        )

    @property
    def scales(self) -> tuple[float, float, float, float]:
        """In the order of `FIELDS`."""
        return self.classes, self.cases, self.trend, self.wiggle


@dataclass(frozen=True)
class Statement:
    """A triple on its day, and the time that it speaks of; times are in periods."""

    quantiles: tuple[float, float, float]
    """Low, median and high of the probability."""
    level: float
    lengths: tuple[tuple[float, ...], ...]
    """By member and segment of the way to the date, in which every hazard is constant; none for a binary outcome. Here and
    in quiet time, a time is multiplied by what stated changes multiply the hazard with."""
    at_bands: tuple[tuple[int, ...], ...]
    """By member and segment: the age band, `NOT_AT_RISK` before its risk begins."""
    quiet: tuple[tuple[float, ...], ...]
    """By member and age band: time at risk before the day of the statement."""
    shift: float = 0.0
    """What stated changes add to the log odds of a binary outcome."""

    @property
    def normals(self) -> tuple[float, float, float]:
        """Standard normals with the stated shares below them."""
        q = quantile((1.0 + self.level) / 2.0)
        return -q, 0.0, q


@dataclass(frozen=True)
class Member:
    """An outcome among those that exclude one another."""

    outcome: str
    spreads: Spreads
    fixed: frozenset[str]
    """Fields of `pooling` that the study states; the others may shrink."""
    mixing: float
    """Root of the sum of squares of the weights of classes, a new one among them."""
    covariates: tuple[float, ...]
    """Standard deviations that each covariate adds to the present case, with the sign of its value."""
    starts: tuple[float, ...]
    """Of the age bands."""
    law: Law
    """Of its level; where it is solved for, where to begin."""
    statement: Statement | None = None
    """What it is solved from; None where the law is given."""

    @property
    def can_shrink(self) -> bool:
        """Whether it has a spread that the study does not state."""
        return any(
            scale > 0.0 and name not in self.fixed for name, scale in zip(FIELDS, self.spreads.scales, strict=True)
        )


@dataclass(frozen=True)
class Group:
    """An outcome, or all that exclude one another."""

    members: tuple[Member, ...]
    is_binary: bool = False

    def on_scale(self, probability: float) -> float:
        """On the members' scale, but for the log of the time that it speaks of."""
        if self.is_binary:
            return math.log(probability) - math.log1p(-probability)
        return math.log(-math.log1p(-probability))

    def from_scale(self, value: float) -> float:
        """The probability of a value of `on_scale`."""
        value = min(max(value, -_FARTHEST), _FARTHEST)
        return 1.0 / (1.0 + math.exp(-value)) if self.is_binary else -math.expm1(-math.exp(value))

    def width(self, statement: Statement) -> float:
        """Standard deviation of the normal law with the ends that are stated."""
        low, high = (self.on_scale(p) for p in statement.quantiles[::2])
        return (high - low) / (2.0 * statement.normals[2])


def find_groups(study: Study, standardizations: Mapping[str, Standardization]) -> tuple[Group, ...]:
    """The groups with something to solve for, in the study's order."""
    outcomes = [outcome for outcome in study.outcomes if outcome.is_modelled]
    names = dict.fromkeys(outcome.competes or outcome.id for outcome in outcomes)
    rivals = [[o for o in outcomes if (o.competes or o.id) == name] for name in names]
    return tuple(
        Group(
            tuple(_member(study, outcome, members, standardizations) for outcome in members),
            members[0].kind is OutcomeKind.BINARY,
        )
        for members in rivals
        if any(states_present(outcome) for outcome in members)
    )


def states_present(outcome: Outcome) -> bool:
    """Whether its prior is a stated probability of the present case."""
    elicited = outcome.prior.elicited if outcome.prior is not None else None
    return outcome.is_modelled and elicited is not None and elicited.about is About.PRESENT


def statement_errors(study: Study) -> Iterator[FieldError]:
    """Statements about a time in which the outcome is not yet possible, and those that are too many to solve."""
    for index, outcome in enumerate(study.outcomes):
        if not states_present(outcome) or outcome.kind is not OutcomeKind.EVENT:
            continue
        on, by = _time(study, outcome)
        if outcome.at_risk_since is not None and _age(study, outcome, on) + by <= 0.0:
            yield FieldError(
                f"outcomes[{index}].prior.by",
                "date_order",
                f"{by:g} periods from {on} end before {outcome.at_risk_since}, when the risk begins; expected a later "
                "end; raise `by`, or state a later `on`",
            )
            continue
        rivals = [other for other in study.outcomes if other is outcome or _excludes(outcome, other)]
        segments = len(_statement(study, outcome, rivals).lengths[0])
        if len(rivals) > 1 and len(rivals) * segments > MOST_SEGMENTS:
            yield FieldError(
                f"outcomes[{index}].prior.probability",
                "too_much_work",
                f"{len(rivals)} outcomes that compete, over {segments} stretches between their age bands; expected at most "
                f"{MOST_SEGMENTS} in all; give fewer `age_bands`, the same ones to each, or state it `about: typical`",
            )


def quiet_periods(study: Study, outcome: Outcome) -> float:
    """Time at risk of an outcome before the day of the statement about it."""
    return max(_age(study, outcome, _time(study, outcome)[0]), 0.0)


def _excludes(outcome: Outcome, other: Outcome) -> bool:
    return outcome.competes is not None and outcome.competes == other.competes


def _time(study: Study, outcome: Outcome) -> tuple[date, float]:
    """Day of a statement, and the periods from there that it speaks of."""
    assert outcome.prior is not None
    assert outcome.prior.elicited is not None
    elicited = outcome.prior.elicited
    return elicited.on or study.as_of, float(elicited.by or study.horizon)


def _member(
    study: Study, outcome: Outcome, rivals: Sequence[Outcome], standardizations: Mapping[str, Standardization]
) -> Member:
    serving = {group.id for group in study.reference_classes if outcome.id in group.outcomes}
    weights = [weight for name, weight in outcome.class_weights.items() if name in serving]
    # One class, whichever it is, spreads as a class does; an average of several spreads less.
    parts = [*weights, min(max(1.0 - sum(weights), 0.0), 1.0)] if outcome.is_blend else [1.0]
    normal = outcome.prior_on_scale(study.horizon)
    return Member(
        outcome.id,
        Spreads.of(outcome),
        frozenset(outcome.pooling.model_fields_set) & frozenset(FIELDS),
        sum(weight**2 for weight in parts) ** 0.5,
        tuple(
            covariate.sd * standardizations[covariate.id].apply(outcome.covariates[covariate.id])
            if covariate.id in outcome.covariates
            else 0.0
            for covariate in study.covariates
        ),
        outcome.bands(study.horizon) if outcome.kind is OutcomeKind.EVENT else (0.0,),
        Law(normal.mean, normal.sd),
        _statement(study, outcome, rivals) if states_present(outcome) else None,
    )


def _statement(study: Study, outcome: Outcome, rivals: Sequence[Outcome]) -> Statement:
    assert outcome.prior is not None
    assert outcome.prior.elicited is not None
    elicited = outcome.prior.elicited
    stated = elicited.probability
    found = Statement((stated.low, stated.median, stated.high), stated.level, (), (), ())
    if outcome.kind is not OutcomeKind.EVENT:
        return replace(found, shift=shift_of(study, outcome))
    on, by = _time(study, outcome)
    courses = [changes_of(study, rival, on) for rival in rivals]
    ages = [_age(study, rival, on) for rival in rivals]
    bands = [AgeBands(rival.bands(study.horizon)) for rival in rivals]
    edges = {0.0, by}
    for age, own in zip(ages, bands, strict=True):
        edges.update(start - age for start in own.starts if 0.0 < start - age < by)
    edges.update(edge for course in courses for edge in course.edges(0.0, by))
    segments = list(itertools.pairwise(sorted(edges)))
    return replace(
        found,
        lengths=tuple(tuple(course.length(start, end) for start, end in segments) for course in courses),
        at_bands=tuple(
            tuple(own.band_of(age + (start + end) / 2.0) if age + end > 0.0 else NOT_AT_RISK for start, end in segments)
            for age, own in zip(ages, bands, strict=True)
        ),
        quiet=tuple(tuple(_quiet(study, rival, own, age)) for rival, age, own in zip(rivals, ages, bands, strict=True)),
    )


def _quiet(study: Study, outcome: Outcome, bands: AgeBands, age: float) -> list[float]:
    course = Changes() if outcome.at_risk_since is None else changes_of(study, outcome, outcome.at_risk_since)
    found: list[float] = course.exposure(bands, 0.0, max(age, 0.0)).tolist()
    return found


def _age(study: Study, outcome: Outcome, on: date) -> float:
    """On the day of a statement; negative where the risk begins later. Without a beginning the present case is new."""
    since = outcome.at_risk_since
    return 0.0 if since is None else study.calendar.age_on(since, on)
