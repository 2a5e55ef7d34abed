"""Where the present case lies outside the range of its cases, so that what is said of it rests on a straight line alone."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from forecast.study.document.cases import Case
from forecast.study.document.document import Study


@dataclass(frozen=True)
class Extrapolation:
    """A covariate of an outcome's present case that lies outside the range of the cases of its classes."""

    outcome: str
    covariate: str
    value: float
    low: float
    high: float
    spread: float
    """Standard deviation over the cases."""

    @property
    def edge(self) -> float:
        """The nearest value that a case has."""
        return self.low if self.value < self.low else self.high

    @property
    def distance(self) -> float | None:
        """Standard deviations from the nearest value that a case has; None where all cases have the same."""
        return abs(self.value - self.edge) / self.spread if self.spread > 0.0 else None


def extrapolations(study: Study) -> tuple[Extrapolation, ...]:
    """Those of all outcomes, as of the study's date; cases with weight 0 do not count."""
    served = {group.id: group.outcomes for group in study.reference_classes}
    seen: dict[tuple[str, str], list[float]] = {}
    for case in study.cases:
        if case.weight > 0.0:
            for name, value in covariate_values(case):
                for about in served[case.reference_class]:
                    if case.seen(about) is not None:
                        seen.setdefault((about, name), []).append(value)
    found = []
    for outcome in study.outcomes:
        for name, value in outcome.covariates.items():
            values = seen.get((outcome.id, name))
            if values and not min(values) <= value <= max(values):
                spread = statistics.pstdev(values)
                found.append(Extrapolation(outcome.id, name, value, min(values), max(values), spread))
    return tuple(found)


def covariate_values(case: Case) -> Iterator[tuple[str, float]]:
    """Every value of every covariate that a case has had."""
    for covariates in [stage.covariates for stage in case.stages] or [case.covariates]:
        yield from covariates.items()
