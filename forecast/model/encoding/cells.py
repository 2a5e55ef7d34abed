"""Events and time at risk by case, age band and stage, with pooling of cases that are identical to the model.

Cases of one class without frailty and with the same covariates have the same log odds or log rates whatever the
parameters: their successes and trials, or events and exposures, add up without loss. 435 spells in one class become
one row per age band.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.bands import AgeBands
from forecast.model.encoding.units import Unit
from forecast.study import Choice, Count, Trial

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """One row for each unit, age band and stage in which it was at risk; dims (cell), weights left out."""

    unit: IntArray
    band: IntArray
    stage: IntArray
    """Counted from 1; 0 for none."""
    events: FloatArray
    exposure: FloatArray
    """Periods."""
    unseen: FloatArray
    """Periods before a case with a frailty was first observed: cases that did not survive them were not seen."""


def split_into_cells(
    units: Sequence[Unit],
    bands: Mapping[str, AgeBands],
    offsets: Mapping[str, int],
    stages: Sequence[Sequence[int]],
) -> Cells:
    """The cells of all event cases.

    Parameters
    ----------
    bands, offsets
        Age bands by outcome, and where they begin among all bands.
    stages
        By unit, of the parts of its case (`forecast.model.encoding.stages.Stages.of_unit`).
    """
    rows: list[tuple[int, int, int, float, float, float]] = []
    for position, unit in enumerate(units):
        ages, offset, data = bands[unit.outcome], offsets[unit.outcome], unit.data
        if isinstance(data, Trial | Choice):
            continue
        if isinstance(data, Count):
            rows.append((position, offset + ages.band_from(data.age or 0.0), 0, data.events, data.exposure, 0.0))
            continue
        parts = [(stage.entry, stage.exit) for stage in unit.case.stages] or [(data.entry, data.exit)]
        unseen = ages.exposure(0.0, unit.unseen)  # with the covariates of its first part
        for (entry, leave), stage in zip(parts, stages[position] or (0,), strict=True):
            exposure = ages.exposure(entry, leave)
            ends_here = leave == data.exit and data.event == unit.outcome
            ended_in = ages.band_of(leave) if ends_here else None
            rows.extend(
                (
                    position,
                    offset + int(band),
                    stage,
                    float(band == ended_in),
                    float(exposure[band]),
                    float(unseen[band]),
                )
                for band in np.flatnonzero(exposure + unseen > 0)
            )
            unseen = np.zeros(len(ages))
    table = np.asarray(rows, dtype=float).reshape(-1, 6)
    unit_at, band_at, stage_at = table[:, :3].astype(np.int64).T
    return Cells(unit_at, band_at, stage_at, *table[:, 3:].T)


def find_twins(units: Sequence[Unit], covariates: FloatArray) -> IntArray:
    """For each unit the first one that is identical to the model; itself when it has a frailty of its own.

    Parameters
    ----------
    covariates
        Dims (unit, covariate), as the model sees them.
    """
    first: dict[tuple[object, ...], int] = {}
    return np.array(
        [
            position if unit.is_frail else first.setdefault((unit.level, *covariates[position]), position)
            for position, unit in enumerate(units)
        ],
        dtype=np.int64,
    )


def pool_cells(cells: Cells, weights: FloatArray, twins: IntArray) -> dict[str, npt.ArrayLike]:
    """Weighted events and exposure of each group of twins in each band and stage, as the model's arrays.

    A case with a frailty is followed from age 0; what it must have survived is divided out
    (`forecast.model.encoding.integrals`).
    """
    kept = weights[cells.unit] > 0
    weight = weights[cells.unit][kept]
    keys = np.stack([twins[cells.unit][kept], cells.band[kept], cells.stage[kept]], axis=1).reshape(-1, 3)
    groups, place = np.unique(keys, axis=0, return_inverse=True)
    place = place.ravel()
    return {
        "cell_unit": groups[:, 0],
        "cell_band": groups[:, 1],
        "cell_stage": groups[:, 2],
        "cell_events": np.bincount(place, weight * cells.events[kept], minlength=len(groups)),
        "cell_exposure": np.bincount(place, weight * (cells.exposure + cells.unseen)[kept], minlength=len(groups)),
    }


def pool_trials(units: Sequence[Unit], weights: FloatArray, twins: IntArray) -> dict[str, npt.ArrayLike]:
    """Weighted successes and trials of each group of twins, as the model's arrays."""
    rows = [
        (twins[position], weights[position] * data.successes, weights[position] * data.trials)
        for position, unit in enumerate(units)
        if isinstance(data := unit.data, Trial) and weights[position] > 0
    ]
    table = np.asarray(rows, dtype=float).reshape(-1, 3)
    groups, place = np.unique(table[:, 0].astype(np.int64), return_inverse=True)
    return {
        "trial_unit": groups,
        "trial_yes": np.bincount(place, table[:, 1], minlength=len(groups)),
        "trial_n": np.bincount(place, table[:, 2], minlength=len(groups)),
    }
