"""Reference classes and cases as one outcome sees them: the labels of the model's dims level, unit and frailty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from forecast.study import Case, Study


@dataclass(frozen=True)
class Level:
    """A reference class as one outcome sees it."""

    reference_class: str
    outcome: str

    @property
    def label(self) -> str:
        return f"{self.reference_class}:{self.outcome}"


@dataclass(frozen=True)
class Unit:
    """A case as one outcome sees it; `frailty` is its place among the frailties, None without one."""

    case: Case
    outcome: str
    level: int
    frailty: int | None

    @property
    def label(self) -> str:
        return f"{self.case.reference_class}/{self.case.id}:{self.outcome}"


def make_units(study: Study, cases: Iterable[Case], levels: tuple[Level, ...]) -> tuple[Unit, ...]:
    """Every case once for each outcome that its class serves, frailties numbered in that order."""
    has_frailty = {outcome.id: outcome.pooling.case_sd > 0 for outcome in study.outcomes}
    by_class: dict[str, list[tuple[int, str]]] = {}
    for position, level in enumerate(levels):
        by_class.setdefault(level.reference_class, []).append((position, level.outcome))
    units: list[Unit] = []
    frailties = 0
    for case in cases:
        for position, outcome in by_class[case.reference_class]:
            frailty = frailties if has_frailty[outcome] else None
            frailties += frailty is not None
            units.append(Unit(case, outcome, position, frailty))
    return tuple(units)
