"""Covariates as the model sees them: standardised over the cases that count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from forecast.errors import FieldError, StudyError
from forecast.model.encoding.present import Standardization
from forecast.model.encoding.units import Unit
from forecast.study import Case, Study

FloatArray = npt.NDArray[np.float64]


def standardize(study: Study, cases: Iterable[Case]) -> dict[str, Standardization]:
    """Center and scale of each covariate over the cases that count; a case whose covariates vary counts by their time.

    Raises
    ------
    StudyError
        When a covariate that is to be standardised does not vary over them, and the present case differs from them:
        there is no unit in which to measure the difference.
    """
    values: dict[str, list[tuple[float, float]]] = {covariate.id: [] for covariate in study.covariates}
    for case in cases:
        if case.weight > 0:
            for share, covariates in _parts(case):
                for name, value in covariates.items():
                    values[name].append((value, share))
    result = {}
    for index, covariate in enumerate(study.covariates):
        seen, shares = np.asarray(values[covariate.id], dtype=float).reshape(-1, 2).T
        if not covariate.standardize:
            result[covariate.id] = Standardization(0.0, 1.0)
        elif seen.size and np.ptp(seen) > 0:
            result[covariate.id] = _over(seen, shares)
        else:
            center = float(seen[0]) if seen.size else 0.0
            _require_same(study, index, center, has_cases=bool(seen.size))
            result[covariate.id] = Standardization(center, 1.0)
    return result


def _parts(case: Case) -> Iterator[tuple[float, dict[str, float]]]:
    """Share of its time and covariates of each part of a case."""
    if not case.stages:
        yield 1.0, case.covariates
    for stage in case.stages:
        yield (stage.exit - stage.entry) / case.observed, stage.covariates


def _over(seen: FloatArray, shares: FloatArray) -> Standardization:
    if np.all(shares == 1.0):
        return Standardization(float(seen.mean()), float(seen.std()))
    center = np.average(seen, weights=shares)
    return Standardization(float(center), float(np.sqrt(np.average((seen - center) ** 2, weights=shares))))


def _require_same(study: Study, index: int, center: float, *, has_cases: bool) -> None:
    """Nothing, when no outcome's present case differs from the one value that a covariate has."""
    name = study.covariates[index].id
    different = [o for o in study.outcomes if name in o.covariates and o.covariates[name] != center]
    if different:
        seen = f"every case has {center:g}" if has_cases else "no case has a value"
        raise StudyError(
            [
                FieldError(
                    f"covariates[{index}]",
                    "no_variation",
                    f"{name}: {seen}, and the present case of {different[0].id!r} has "
                    f"{different[0].covariates[name]:g}; expected cases that differ, to standardise by; remove the "
                    "covariate, or set standardize: false and choose its sd in its own unit",
                )
            ]
        )


def unit_covariates(study: Study, units: tuple[Unit, ...], standardizations: dict[str, Standardization]) -> FloatArray:
    """Dims (unit, covariate), as the model sees them; 0 where a class does not list the covariate."""
    names = [covariate.id for covariate in study.covariates]
    covariates = np.zeros((len(units), len(names)))
    for row, unit in enumerate(units):
        for column, name in enumerate(names):
            if name in unit.case.covariates:
                covariates[row, column] = standardizations[name].apply(unit.case.covariates[name])
    return covariates
