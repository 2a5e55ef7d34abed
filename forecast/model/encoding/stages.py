"""Stages of cases whose covariates vary in time: how far the covariates of a part are from the means of the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.present import Standardization
from forecast.model.encoding.units import Unit
from forecast.study import Study

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stages:
    """Distinct stages, and which of them each part of a case is."""

    covariates: FloatArray
    """Dims (stage, covariate), as the model sees them, less the means of the case."""
    of_unit: tuple[tuple[int, ...], ...]
    """By unit and part of its case: place of the stage counted from 1, 0 where all covariates are at their means."""


def find_stages(
    study: Study, units: Sequence[Unit], covariates: FloatArray, standardizations: Mapping[str, Standardization]
) -> Stages:
    """The stages of all units; none for a unit whose covariates stay.

    Parameters
    ----------
    covariates
        Dims (unit, covariate), as the model sees them.
    """
    names = [covariate.id for covariate in study.covariates]
    places: dict[tuple[float, ...], int] = {}
    found = []
    for unit, means in zip(units, covariates, strict=True):
        own = []
        for stage in unit.case.stages:
            apart = tuple(
                float(standardizations[name].apply(stage.covariates[name]) - mean) if name in stage.covariates else 0.0
                for name, mean in zip(names, means, strict=True)
            )
            own.append(places.setdefault(apart, len(places) + 1) if any(apart) else 0)
        found.append(tuple(own))
    return Stages(np.array(list(places), dtype=float).reshape(len(places), len(names)), tuple(found))


def log_shifts(beta: FloatArray, stage_covariates: npt.ArrayLike) -> FloatArray:
    """What covariates add to the log rate in no stage and in each one; dims (draw, 1 + stage) from (draw, covariate)."""
    apart = beta @ np.asarray(stage_covariates, dtype=float).T
    return np.concatenate([np.zeros((len(beta), 1)), apart], axis=1)
