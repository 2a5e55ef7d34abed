"""Likelihood of one historical case under every draw, integrated over the case's own frailty.

All outcomes that the case carries count together, raised to its weight. Dividing the posterior by it gives the posterior
without the case, and the integral over the frailty makes the ratio far steadier than the likelihood given a draw's own
frailty (Vehtari, Mononen, Tolvanen, Sivula and Winther 2016, Journal of Machine Learning Research 17(103),
arXiv:1412.7461). tests/explain/test_case_likelihood.py holds it against adaptive quadrature.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.explain.runs import Fit
from forecast.model.constants import MAX_LOG_RATE
from forecast.model.encode import EncodedStudy
from forecast.model.units import Unit
from forecast.study import Trial

FloatArray = npt.NDArray[np.float64]

NODES: Final = {1: 15, 2: 9, 3: 5, 4: 3}
"""Gauss-Hermite nodes a dimension; beyond four dimensions one node, which is Laplace's approximation."""

NEWTON_STEPS: Final = 40
LONGEST_STEP: Final = 2.0


@dataclass(frozen=True)
class Case:
    """A case with all its units; cases with the same `signature` have the same likelihood whatever the parameters."""

    reference_class: str
    id: str
    units: tuple[int, ...]
    signature: tuple[object, ...]


@dataclass(frozen=True)
class _Records:
    """What one unit saw: successes and trials, or events and exposure by band."""

    is_trial: bool
    yes: float
    trials: float
    bands: tuple[int, ...]
    events: tuple[float, ...]
    exposure: tuple[float, ...]


def find_cases(encoded: EncodedStudy) -> list[Case]:
    """The cases that count, in the study's order."""
    covariates = np.asarray(encoded.arrays["unit_covariates"], dtype=float)
    records = _records(encoded)
    units: dict[tuple[str, str], list[int]] = {}
    for place, unit in enumerate(encoded.units):
        if unit.case.weight > 0:
            units.setdefault((unit.case.reference_class, unit.case.id), []).append(place)
    found = []
    for (reference_class, case), places in units.items():
        names = sorted({term.frailty for place in places for term in encoded.units[place].frailty})
        signature = tuple(
            (
                encoded.units[place].level,
                encoded.units[place].case.weight,
                tuple(covariates[place].tolist()),
                records[place],
                tuple((names.index(t.frailty), t.row, t.column) for t in encoded.units[place].frailty),
            )
            for place in places
        )
        found.append(Case(reference_class, case, tuple(places), signature))
    return found


def _records(encoded: EncodedStudy) -> list[_Records]:
    cells = encoded.cells
    order = np.argsort(cells.unit, kind="stable")
    starts = np.searchsorted(cells.unit[order], np.arange(len(encoded.units) + 1))

    def of(place: int, unit: Unit) -> _Records:
        if isinstance(unit.case.data, Trial):
            return _Records(True, unit.case.data.successes, unit.case.data.trials, (), (), ())
        own = order[starts[place] : starts[place + 1]]
        events, exposure = cells.events[own], cells.exposure[own]
        bands = tuple(cells.band[own].tolist())
        return _Records(False, float(events.sum()), 0.0, bands, tuple(events.tolist()), tuple(exposure.tolist()))

    return [of(place, unit) for place, unit in enumerate(encoded.units)]


class CaseLikelihood:
    """Log likelihoods of cases under the draws of a fit."""

    def __init__(self, fit: Fit) -> None:
        self._encoded = fit.encoded
        self._records = _records(fit.encoded)
        self._level, self._beta = fit.values("class_level"), fit.values("beta")
        self._sigma, self._shape = fit.values("sigma"), fit.values("log_hazard_shape")
        self._covariates = np.asarray(fit.encoded.arrays["unit_covariates"], dtype=float)
        self._cholesky = residual_cholesky(fit)

    def of(self, case: Case) -> FloatArray:
        """Log likelihood of a case without its own frailty, up to a constant; dims (draw)."""
        centre = np.stack([self.centre(place) for place in case.units], axis=1)
        units = [self._unit(place) for place in case.units]
        spread = self._spread(case.units)
        if spread.shape[2] == 0:
            return _log_likelihood(units, centre)[0]
        return _integrate(units, centre, spread)

    def centre(self, place: int) -> FloatArray:
        """Level of a unit before its own frailty, dims (draw)."""
        level = self._level[:, self._encoded.units[place].level]
        return level + self._beta @ self._covariates[place] if self._beta.shape[1] else level

    def hazard(self, place: int) -> FloatArray:
        """Exposure of a unit times exp(shape), summed over the ages at which it was seen; dims (draw)."""
        record = self._records[place]
        shape = self._shape[:, list(record.bands)]
        return np.asarray(np.exp(np.minimum(shape, MAX_LOG_RATE)) @ np.array(record.exposure))

    def _unit(self, place: int) -> _Weighed:
        record, weight = self._records[place], self._encoded.units[place].case.weight
        if record.is_trial:
            return _Weighed(weight * record.yes, weight * record.trials, None, np.zeros(1))
        shape, hazard = self._shape[:, list(record.bands)], self.hazard(place)
        return _Weighed(weight * record.yes, 0.0, weight * hazard, weight * (shape @ np.array(record.events)))

    def _spread(self, places: Sequence[int]) -> FloatArray:
        """Linear map from standard normals of the case to its frailties; dims (draw, unit, normal)."""
        units = [self._encoded.units[place] for place in places]
        names = sorted({term.frailty for unit in units for term in unit.frailty})
        spread = np.zeros((len(self._sigma), len(units), len(names)))
        for row, unit in enumerate(units):
            sigma = self._sigma[:, self._encoded.outcomes.index(unit.outcome)]
            for term in unit.frailty:
                spread[:, row, names.index(term.frailty)] += sigma * self._cholesky[:, term.row, term.column]
        if len(names) <= len(units):
            return spread
        covariance = spread @ spread.transpose(0, 2, 1) + 1e-12 * np.eye(len(units))
        return np.asarray(np.linalg.cholesky(covariance))


def residual_cholesky(fit: Fit) -> FloatArray:
    """Cholesky factor of R as in `forecast.model.dependence`; dims (draw, outcome, outcome)."""
    count = len(fit.encoded.outcomes)
    row, column = fit.encoded.arrays["pair_row"], fit.encoded.arrays["pair_column"]
    partial = np.tanh(fit.values("partial_z"))
    value = np.broadcast_to(np.eye(count), (fit.draws, count, count)).copy()
    rest = np.ones((fit.draws, count, count))
    value[:, row, column] = partial
    rest[:, row, column] = np.sqrt(1.0 - partial**2)
    before = np.cumprod(rest, axis=2) / rest
    return np.asarray(before * value)


@dataclass(frozen=True)
class _Weighed:
    """Weighted records of one unit; a likelihood that is log-concave in the unit's level."""

    yes: float
    """Successes or events."""
    trials: float
    hazard: FloatArray | None
    """Exposure times exp(shape), dims (draw); None for trials."""
    constant: FloatArray

    def at(self, level: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Log likelihood, its slope and its curvature (at least 0) at a level; dims (draw)."""
        if self.hazard is None:
            chance = 1.0 / (1.0 + np.exp(-level))
            value = self.yes * level - self.trials * np.logaddexp(0.0, level)
            return value, self.yes - self.trials * chance, self.trials * chance * (1.0 - chance)
        expected = self.hazard * np.exp(np.minimum(level, MAX_LOG_RATE))
        return self.yes * level + self.constant - expected, self.yes - expected, expected


def _log_likelihood(units: Sequence[_Weighed], levels: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sum over units, dims (draw); slopes and curvatures, dims (draw, unit)."""
    value, slope, curvature = zip(*(unit.at(levels[:, place]) for place, unit in enumerate(units)), strict=True)
    return np.sum(value, axis=0), np.stack(slope, axis=1), np.stack(curvature, axis=1)


def _integrate(units: Sequence[_Weighed], centre: FloatArray, spread: FloatArray) -> FloatArray:
    """Log of the likelihood's mean over standard normals u, levels = centre + spread u: adaptive Gauss-Hermite.

    The nodes are moved to the integrand's mode and scaled by its curvature there, for each draw.
    """
    size = spread.shape[2]
    mode = np.zeros((len(centre), size))
    curvature = np.eye(size)[None]
    for _ in range(NEWTON_STEPS):
        _, slope, bend = _log_likelihood(units, centre + np.einsum("dju,du->dj", spread, mode))
        gradient = np.einsum("dju,dj->du", spread, slope) - mode
        curvature = np.eye(size) + np.einsum("dju,dj,djv->duv", spread, bend, spread)
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        length = np.linalg.norm(step, axis=1, keepdims=True)
        mode += step * np.minimum(1.0, LONGEST_STEP / np.maximum(length, 1e-300))
        if length.max() < 1e-6:
            break
    lower = np.linalg.cholesky(curvature)
    scale = np.linalg.inv(lower).transpose(0, 2, 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES.get(size, 1))
    log_weights = np.log(weights / weights.sum())
    terms = []
    for places in itertools.product(range(len(nodes)), repeat=size):
        x = nodes[list(places)]
        u = mode + scale @ x
        value, _, _ = _log_likelihood(units, centre + np.einsum("dju,du->dj", spread, u))
        terms.append(value + log_weights[list(places)].sum() + 0.5 * (x @ x) - 0.5 * (u * u).sum(axis=1))
    log_scale = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(np.logaddexp.reduce(terms, axis=0) - log_scale)
