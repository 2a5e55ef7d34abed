"""Integrals over frailties as sums over a dense grid: the likelihood of integrated cases a second time."""

from __future__ import annotations

import numpy as np

from forecast.model.arrays import ModelArrays

REACH, POINTS = 8.0, {1: 2001, 2: 401, 3: 101}
"""Standard deviations on each side, and points of the grid along each of its axes, by their number."""
FAR = 40.0
"""Standard deviations within which the middle of the grid is looked for: data may be that far from what was expected."""


def integral_density(
    a: ModelArrays, level: np.ndarray, beta: np.ndarray, sigma: np.ndarray, g: np.ndarray, cholesky: np.ndarray
) -> float:
    """Sum of power times log integral.

    Parameters
    ----------
    level
        Of classes, dims (level).
    """
    total = 0.0
    for m, power in enumerate(a["integral_power"]):
        axes = np.flatnonzero(a["integral_unit"][m])
        units = a["integral_unit"][m][axes] - 1
        rows = cholesky[a["integral_row"][m][axes]]
        middle = np.zeros(len(axes))
        for reach in (FAR, FAR / 8, REACH):
            v = np.linspace(-reach, reach, POINTS[len(axes)])
            normals = np.stack([grid.ravel() for grid in np.meshgrid(*(at + v for at in middle), indexing="ij")])
            frailties = np.linalg.cholesky(rows @ rows.T) @ normals
            log = -0.5 * (normals**2).sum(axis=0) + len(axes) * np.log((v[1] - v[0]) / np.sqrt(2 * np.pi))
            for axis, unit, frailty in zip(axes, units, frailties, strict=True):
                k = a["unit_level"][unit]
                x = level[k] + a["unit_covariates"][unit] @ beta + sigma[a["level_outcome"][k]] * frailty
                log += a["integral_yes"][m, axis] * x - a["integral_n"][m, axis] * np.logaddexp(0, x)
                for span in np.flatnonzero((a["span_integral"] == m) & (a["span_axis"] == axis)):
                    stage = a["span_stage"][span]
                    shape = g[a["span_band"][span]] + (a["stage_covariates"][stage - 1] @ beta if stage else 0.0)
                    log += a["span_events"][span] * shape - a["span_exposure"][span] * np.exp(x + shape)
            middle = normals[:, np.argmax(log)]
        total += float(power * np.logaddexp.reduce(log))
    return total


def error_of(a: ModelArrays, sigma: np.ndarray) -> float:
    """What the program's rules may be off by: 1e-6 for each log integral up to a spread of 1, 1e-4 beyond."""
    spread = sigma[a["level_outcome"][a["unit_level"][np.maximum(a["integral_unit"] - 1, 0)]]]
    worst = np.where(a["integral_unit"] > 0, spread, 0.0).max(axis=1, initial=0.0)
    return float((np.abs(a["integral_power"]) * np.where(worst <= 1, 1e-6, 1e-4)).sum())
