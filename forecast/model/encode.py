"""A study as the model's named arrays, with the labels that belong to every dim.

Labels come from the study's ids alone; nothing downstream relies on a position. tests/model/test_encode.py proves it
against small cases computed by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from forecast.errors import FieldError, StudyError
from forecast.model.arrays import ModelArrays
from forecast.model.bands import AgeBands
from forecast.model.cells import Cells, find_twins, pool_cells, pool_trials, split_into_cells
from forecast.model.units import Level, Unit, make_units
from forecast.study import Case, Outcome, OutcomeKind, Study, Trial, resolve_cases

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Standardization:
    """How a covariate of the tables becomes the model's: (value - center) / scale."""

    center: float
    scale: float

    def apply(self, value: float) -> float:
        return (value - self.center) / self.scale


@dataclass(frozen=True)
class EncodedStudy:
    """Arrays for the program and what their positions mean."""

    study: Study
    arrays: ModelArrays
    levels: tuple[Level, ...]
    units: tuple[Unit, ...]
    bands: dict[str, AgeBands]
    """Age bands of every outcome; binary outcomes have one band that nothing uses."""
    standardizations: dict[str, Standardization]
    cells: Cells
    """Events and exposure of every single case by age band, unweighted and not pooled."""
    ages: dict[str, float]
    """Age of the present case at the as-of date, by event outcome, in periods."""
    coords: dict[str, list[str]] = field(default_factory=dict)
    """Labels of the program's parameter dims: outcome, level, covariate, band, step, frailty."""

    @property
    def evidence_counts(self) -> dict[str, int]:
        """How many pieces of each kind of evidence the arrays hold."""
        return {
            "reference_classes": len({level.reference_class for level in self.levels}),
            "cases": len({(unit.case.reference_class, unit.case.id) for unit in self.units if unit.case.weight > 0}),
            "binary_cases": sum(isinstance(unit.case.data, Trial) and unit.case.weight > 0 for unit in self.units),
            "hazard_cells": len(self.cells.unit),
            "history_cells": self.arrays.lengths["history"],
        }


def encode_study(study: Study) -> EncodedStudy:
    """The arrays of a study as of its as-of date.

    Raises
    ------
    StudyError
        When a case contradicts itself once the as-of date is applied, or a covariate cannot be standardised.
    """
    outcomes = {outcome.id: position for position, outcome in enumerate(study.outcomes)}
    cases = resolve_cases(study)
    levels = tuple(Level(group.id, outcome) for group in study.reference_classes for outcome in group.outcomes)
    bands = {o.id: AgeBands(o.bands(study.horizon) if o.kind is OutcomeKind.EVENT else (0.0,)) for o in study.outcomes}
    units = make_units(study, cases, levels)
    standardizations = _standardize(study, cases)
    ages = {o.id: _present_age(study, o) for o in study.outcomes if o.kind is OutcomeKind.EVENT}
    offsets = dict(zip(bands, np.cumsum([0, *map(len, bands.values())]).tolist(), strict=False))
    frailties = sum(unit.frailty is not None for unit in units)
    cells = split_into_cells(units, bands, offsets)
    covariates = _unit_covariates(study, units, standardizations)
    twins, weights = find_twins(units, covariates), np.array([unit.case.weight for unit in units], dtype=float)
    arrays = ModelArrays(
        {
            **_prior_arrays(study),
            **_unit_arrays(levels, units, covariates, outcomes),
            **pool_trials(units, weights, twins),
            **_band_arrays(bands, outcomes),
            **pool_cells(cells, weights, twins),
            **_present_arrays(study, levels, standardizations),
            **_history_arrays(ages, bands, offsets, outcomes),
        },
        frailties=frailties,
    )
    coords = {
        "outcome": list(outcomes),
        "level": [level.label for level in levels],
        "covariate": [covariate.id for covariate in study.covariates],
        "band": [f"{outcome}@{start:g}" for outcome, ages_of in bands.items() for start in ages_of.starts],
        "step": [f"{outcome}@{start:g}" for outcome, ages_of in bands.items() for start in ages_of.starts[1:]],
        "frailty": [unit.label for unit in units if unit.frailty is not None],
    }
    return EncodedStudy(study, arrays, levels, units, bands, standardizations, cells, ages, coords)


def _standardize(study: Study, cases: Iterable[Case]) -> dict[str, Standardization]:
    """Center and scale of each covariate over the cases that count.

    Raises
    ------
    StudyError
        When a covariate that is to be standardised does not vary over them, and the present case differs from them:
        there is no unit in which to measure the difference.
    """
    values: dict[str, list[float]] = {covariate.id: [] for covariate in study.covariates}
    for case in cases:
        if case.weight > 0:
            for name, value in case.covariates.items():
                values[name].append(value)
    result = {}
    for index, covariate in enumerate(study.covariates):
        seen = np.asarray(values[covariate.id], dtype=float)
        if not covariate.standardize:
            result[covariate.id] = Standardization(0.0, 1.0)
        elif seen.size and np.ptp(seen) > 0:
            result[covariate.id] = Standardization(float(seen.mean()), float(seen.std()))
        else:
            center = float(seen[0]) if seen.size else 0.0
            _require_same(study, index, center, has_cases=bool(seen.size))
            result[covariate.id] = Standardization(center, 1.0)
    return result


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


def _present_age(study: Study, outcome: Outcome) -> float:
    if outcome.at_risk_since is None:
        return 0.0
    return study.calendar.periods_between(outcome.at_risk_since, study.as_of)


def _prior_arrays(study: Study) -> dict[str, npt.ArrayLike]:
    levels = [outcome.prior_on_scale(study.horizon) for outcome in study.outcomes]
    pooling = [outcome.pooling for outcome in study.outcomes]
    event = [outcome.kind is OutcomeKind.EVENT for outcome in study.outcomes]
    return {
        "mu_loc": [prior.mean for prior in levels],
        "mu_scale": [prior.sd for prior in levels],
        "tau_scale": [p.class_sd for p in pooling],
        "sigma_scale": [p.case_sd for p in pooling],
        "trend_scale": [p.trend_sd if e else 0.0 for p, e in zip(pooling, event, strict=True)],
        "wiggle_scale": [p.wiggle_sd if e else 0.0 for p, e in zip(pooling, event, strict=True)],
        "beta_scale": [covariate.sd for covariate in study.covariates],
    }


def _unit_covariates(study: Study, units: tuple[Unit, ...], standardizations: dict[str, Standardization]) -> FloatArray:
    """Dims (unit, covariate), as the model sees them; 0 where a class does not list the covariate."""
    names = [covariate.id for covariate in study.covariates]
    covariates = np.zeros((len(units), len(names)))
    for row, unit in enumerate(units):
        for column, name in enumerate(names):
            if name in unit.case.covariates:
                covariates[row, column] = standardizations[name].apply(unit.case.covariates[name])
    return covariates


def _unit_arrays(
    levels: tuple[Level, ...], units: tuple[Unit, ...], covariates: FloatArray, outcomes: dict[str, int]
) -> dict[str, npt.ArrayLike]:
    return {
        "level_outcome": np.array([outcomes[level.outcome] for level in levels], dtype=int),
        "unit_level": np.array([unit.level for unit in units], dtype=int),
        "unit_frailty": np.array([0 if unit.frailty is None else unit.frailty + 1 for unit in units], dtype=int),
        "unit_covariates": covariates,
    }


def _band_arrays(bands: dict[str, AgeBands], outcomes: dict[str, int]) -> dict[str, npt.ArrayLike]:
    walks = [ages.walk for ages in bands.values()]
    walk = np.zeros((sum(w.shape[0] for w in walks), sum(w.shape[1] for w in walks)))
    row = column = 0
    for block in walks:
        walk[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return {
        "band_outcome": np.repeat([outcomes[outcome] for outcome in bands], [len(ages) for ages in bands.values()]),
        "band_log_age": np.concatenate([ages.log_ages for ages in bands.values()]),
        "walk": walk,
    }


def _present_arrays(
    study: Study, levels: tuple[Level, ...], standardizations: dict[str, Standardization]
) -> dict[str, npt.ArrayLike]:
    names = [covariate.id for covariate in study.covariates]
    weights = np.zeros((len(study.outcomes), len(levels)))
    covariates = np.zeros((len(study.outcomes), len(names)))
    for row, outcome in enumerate(study.outcomes):
        for column, level in enumerate(levels):
            if level.outcome == outcome.id:
                weights[row, column] = (outcome.reference or {}).get(level.reference_class, 0.0)
        for column, name in enumerate(names):
            if name in outcome.covariates:
                covariates[row, column] = standardizations[name].apply(outcome.covariates[name])
    return {
        "present_weights": weights,
        "present_new": np.clip(1.0 - weights.sum(axis=1), 0.0, 1.0),
        "present_covariates": covariates,
    }


def _history_arrays(
    ages: dict[str, float], bands: dict[str, AgeBands], offsets: dict[str, int], outcomes: dict[str, int]
) -> dict[str, npt.ArrayLike]:
    rows = [
        (outcomes[outcome], offsets[outcome] + int(band), float(exposure[band]))
        for outcome, age in ages.items()
        for exposure in (bands[outcome].exposure(0.0, age),)
        for band in np.flatnonzero(exposure > 0)
    ]
    table = np.asarray(rows, dtype=float).reshape(-1, 3)
    return {
        "history_outcome": table[:, 0].astype(int),
        "history_band": table[:, 1].astype(int),
        "history_exposure": table[:, 2],
    }
