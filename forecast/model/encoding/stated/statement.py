"""What a stated probability is about, in plain numbers: the way to its date, the quiet time before it, the spreads.

`forecast.model.encoding.stated.groups` makes them of a study. Everything is a tuple, so that the same statement is solved once (`forecast.model.encoding.stated.solving`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from forecast.model.encoding.stated.law import Law
from forecast.model.encoding.stated.normals import quantile
from forecast.study import Outcome, OutcomeKind

NOT_AT_RISK: Final = -1
_FARTHEST: Final = 300.0
FACTORS: Final = tuple(0.8**step for step in range(18))
"""Of spreads, tried from above; with the last one, 0.02, they are all but gone."""
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
    ahead: int = 0
    """Where one of the group must occur: segments up to the date. Those after them lead to the day by which one must."""

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
    def median(self) -> float:
        """Of its stated probability; 0 where it states none."""
        return self.statement.quantiles[1] if self.statement is not None else 0.0

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
    is_sure: bool = False
    """Whether one of them must occur, so that probabilities are shares of what happens."""

    @property
    def asked(self) -> tuple[int, ...]:
        """Places of the members that are solved for."""
        return tuple(place for place, member in enumerate(self.members) if member.statement is not None)

    def shrunk(self, factor: float) -> list[Spreads]:
        """Spreads of all members: of those that are solved for, what the study does not state shrinks."""
        return [
            member.spreads if member.statement is None else member.spreads.times(factor, but=member.fixed)
            for member in self.members
        ]

    def on_scale(self, probability: float) -> float:
        """On the members' scale, but for the log of the time that it speaks of; shares on the log odds."""
        if self.is_binary or self.is_sure:
            return math.log(probability) - math.log1p(-probability)
        return math.log(-math.log1p(-probability))

    def from_scale(self, value: float) -> float:
        """The probability of a value of `on_scale`."""
        value = min(max(value, -_FARTHEST), _FARTHEST)
        return 1.0 / (1.0 + math.exp(-value)) if self.is_binary or self.is_sure else -math.expm1(-math.exp(value))

    def width(self, statement: Statement) -> float:
        """Standard deviation of the normal law with the ends that are stated."""
        low, high = (self.on_scale(p) for p in statement.quantiles[::2])
        return (high - low) / (2.0 * statement.normals[2])
