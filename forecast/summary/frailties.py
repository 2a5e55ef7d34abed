"""Draws of frailties that were integrated out, from their conditional law given each draw and all that a case showed.

The likelihood counts in full here, whatever the case's weight: the weight says what the case is worth to others, not how
well it is known itself.

References
----------
Independence Metropolis: Tierney (1994), Annals of Statistics 22(4), doi:10.1214/aos/1176325750. The integrand is
log-concave, and StudentT about its mode, with the scale of the curvature there, has heavier tails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from forecast.dims import CHAIN, DRAW
from forecast.model.constants import LONGEST_STEP, MAX_LOG_RATE, NEWTON_STEPS, SHORTEST_STEP
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.integrals import Axis, integrated_axes
from forecast.model.encoding.stages import log_shifts
from forecast.model.graph.quadrature import first_guess

FloatArray = npt.NDArray[np.float64]

STEPS: Final = 12
"""Of the chain of each draw; most proposals are taken."""
TAILS: Final = 5.0
"""Degrees of freedom of the proposal."""


def draw_frailties(
    encoded: EncodedStudy, posterior: xr.Dataset, rng: np.random.Generator
) -> dict[int, npt.NDArray[np.float32]]:
    """What its frailty adds to the level of each integrated unit, by the unit's place; dims (chain, draw)."""
    groups = integrated_axes(encoded.units, encoded.frailty_rows, encoded.cells)
    if not groups:
        return {}
    shape = posterior.sizes[CHAIN], posterior.sizes[DRAW]
    sigma, level, bands = (_flat(posterior, name) for name in ("sigma", "class_level", "log_hazard_shape"))
    covariates = np.asarray(encoded.arrays["unit_covariates"], dtype=float)
    beta = _flat(posterior, "beta") if "beta" in posterior else np.zeros((len(level), 0))
    shifts = log_shifts(beta, encoded.arrays["stage_covariates"])
    cholesky = residual_cholesky(encoded, posterior)
    found: dict[int, npt.NDArray[np.float32]] = {}
    for places, axes in groups:
        units = [encoded.units[place] for place in places]
        centre = level[:, [unit.level for unit in units]] + beta @ covariates[list(places)].T
        spread = sigma[:, [encoded.outcomes.index(unit.outcome) for unit in units]]
        rows = cholesky[:, [axis.row for axis in axes]]
        normal = spread[:, :, None] * np.linalg.cholesky(rows @ rows.transpose(0, 2, 1))
        case = _Case(axes, centre, normal, bands, shifts)
        added = case.by_normal(_conditional(case, rng))
        found |= {place: added[:, axis].reshape(shape).astype(np.float32) for axis, place in enumerate(places)}
    return found


@dataclass(frozen=True)
class _Case:
    """One case under every draw."""

    axes: Sequence[Axis]
    centre: FloatArray
    """Dims (draw, axis)."""
    spread: FloatArray
    """From independent standard normals to frailties, dims (draw, axis, axis)."""
    bands: FloatArray
    """Log hazard shape, dims (draw, band)."""
    shifts: FloatArray
    """What covariates add in no stage and in each one, dims (draw, 1 + stage)."""

    def by_normal(self, normals: FloatArray) -> FloatArray:
        """Frailties, dims (draw, axis)."""
        return np.asarray((self.spread @ normals[:, :, None])[:, :, 0])

    def seen(self, normals: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log density of the normals given what was seen, dims (draw); slope and curvature by each level, (draw, axis)."""
        level = self.centre + self.by_normal(normals)
        value, slope, bend = -0.5 * (normals**2).sum(axis=1), np.empty_like(level), np.empty_like(level)
        for e, axis in enumerate(self.axes):
            expected = self.hazard(axis) * np.exp(np.minimum(level[:, e], MAX_LOG_RATE))
            chance = 0.5 * (1.0 + np.tanh(0.5 * level[:, e]))
            value += axis.yes * level[:, e] - expected - axis.trials * np.logaddexp(0.0, level[:, e])
            slope[:, e] = axis.yes - expected - axis.trials * chance
            bend[:, e] = expected + axis.trials * chance * (1.0 - chance)
        return value, slope, bend

    def hazard(self, axis: Axis) -> FloatArray:
        """Exposure times exp(shape and what covariates add), summed over bands and stages, dims (draw)."""
        if not axis.spans:
            return np.zeros(len(self.centre))
        band, stage, _, exposure = (np.array(column) for column in zip(*axis.spans, strict=True))
        return np.asarray(np.exp(np.minimum(self.bands[:, band] + self.shifts[:, stage], MAX_LOG_RATE)) @ exposure)


def _conditional(case: _Case, rng: np.random.Generator) -> FloatArray:
    """One draw of the case's normals for each draw, dims (draw, axis)."""
    draws, axes = case.centre.shape
    mode, lower = _mode(case)
    scale = np.linalg.inv(lower).transpose(0, 2, 1)

    def propose() -> tuple[FloatArray, FloatArray]:
        """Normals, and how much more likely they are than they are proposed, on the log scale."""
        z = rng.standard_normal((draws, axes)) / np.sqrt(rng.chisquare(TAILS, (draws, 1)) / TAILS)
        normals = mode + (scale @ z[:, :, None])[:, :, 0]
        return normals, case.seen(normals)[0] + 0.5 * (TAILS + axes) * np.log1p((z**2).sum(axis=1) / TAILS)

    now, ratio = propose()
    for _ in range(STEPS):
        other, better = propose()
        taken = np.log(rng.uniform(size=draws)) < better - ratio
        now, ratio = np.where(taken[:, None], other, now), np.where(taken, better, ratio)
    return now


def _mode(case: _Case) -> tuple[FloatArray, FloatArray]:
    """Mode, dims (draw, axis), and the Cholesky factor of the curvature there, (draw, axis, axis)."""
    axes = case.centre.shape[1]
    across, lower = case.spread.transpose(0, 2, 1), np.empty(0)
    yes, trials = (np.array([getattr(axis, name) for axis in case.axes]) for name in ("yes", "trials"))
    hazard = np.stack([case.hazard(axis) for axis in case.axes], axis=1)
    mode = first_guess(yes, trials, hazard, case.centre, case.spread)
    for _ in range(NEWTON_STEPS):
        _, slope, bend = case.seen(mode)
        curvature = np.eye(axes) + across @ (bend[:, :, None] * case.spread)
        step = np.linalg.solve(curvature, across @ slope[:, :, None] - mode[:, :, None])
        longest = np.abs(case.spread @ step).max(axis=(1, 2))
        mode += step[:, :, 0] / np.maximum(1.0, longest / LONGEST_STEP)[:, None]
        lower = np.linalg.cholesky(curvature)
        if np.abs(step).max() < SHORTEST_STEP:
            break
    return mode, lower


def residual_cholesky(encoded: EncodedStudy, posterior: xr.Dataset) -> FloatArray:
    """Cholesky factor of R as in `forecast.model.graph.dependence`; dims (draw, outcome, outcome), chains end to end."""
    count, draws = len(encoded.outcomes), posterior.sizes[CHAIN] * posterior.sizes[DRAW]
    row, column = encoded.arrays["pair_row"], encoded.arrays["pair_column"]
    value, rest = np.broadcast_to(np.eye(count), (draws, count, count)).copy(), np.ones((draws, count, count))
    if len(row):
        partial = np.tanh(_flat(posterior, "partial_z"))
        value[:, row, column], rest[:, row, column] = partial, np.sqrt(1.0 - partial**2)
    return np.asarray(value * np.cumprod(rest, axis=2) / rest)


def _flat(posterior: xr.Dataset, name: str) -> FloatArray:
    """Chains end to end, dims (draw, ...)."""
    values = posterior[name].transpose(CHAIN, DRAW, ...).values
    return np.asarray(values.reshape(-1, values.shape[-1]), dtype=float)
