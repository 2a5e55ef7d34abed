"""Likelihood of one historical case under every draw, integrated over the case's own frailty.

All outcomes that the case carries count together, raised to its weight. Dividing the posterior by it gives the posterior
without the case, and the integral over the frailty makes the ratio far steadier than the likelihood given a draw's own
frailty (Vehtari, Mononen, Tolvanen, Sivula and Winther 2016, Journal of Machine Learning Research 17(103),
arXiv:1412.7461). The integrals are the program's own (`forecast.model.graph.integrals`), here of every case.
tests/explain/test_case_likelihood.py holds them against adaptive quadrature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.explain.density import keep_rows, likelihood_terms, sampled_points, without_data
from forecast.explain.runs import Fit
from forecast.inference.engine.program import Program
from forecast.model.arrays import ModelArrays
from forecast.model.constants import MAX_LOG_RATE
from forecast.model.encoding.encoded import EncodedStudy
from forecast.model.encoding.integrals import Axis, Integral, find_integrals, integral_arrays
from forecast.model.encoding.stages import log_shifts
from forecast.study import Choice

FloatArray = npt.NDArray[np.float64]


AT_ONCE: Final = 100
"""Integrals that are worked out together, for all draws."""


@dataclass(frozen=True)
class Case:
    """A case with all its units; cases with the same `signature` have the same likelihood whatever the parameters."""

    reference_class: str
    id: str
    units: tuple[int, ...]
    signature: tuple[tuple[float, tuple[Axis, ...]], ...]
    """Powers of its integrals, and what is integrated."""


def find_cases(encoded: EncodedStudy) -> list[Case]:
    """The cases that count, in the study's order; not those of categorical outcomes, whose options are weighed together."""
    units: dict[tuple[str, str], list[int]] = {}
    for place, unit in enumerate(encoded.units):
        if unit.case.weight > 0 and not isinstance(unit.data, Choice):
            units.setdefault((unit.case.reference_class, unit.case.id), []).append(place)
    parts: dict[tuple[str, str], list[tuple[float, tuple[Axis, ...]]]] = {case: [] for case in units}
    covariates = np.asarray(encoded.arrays["unit_covariates"], dtype=float)
    for found in find_integrals(encoded.units, encoded.frailty_rows, encoded.cells, covariates, every_case=True):
        parts[found.reference_class, found.case].append((found.power, found.axes))
    return [
        Case(reference_class, id, tuple(places), tuple(parts[reference_class, id]))
        for (reference_class, id), places in units.items()
    ]


class CaseLikelihood:
    """Log likelihoods of cases under the draws of a fit."""

    def __init__(self, fit: Fit, program: Program, going_on: Callable[[], None] = lambda: None) -> None:
        self._fit, self._program, self._going_on = fit, program, going_on
        self.cases = find_cases(fit.encoded)
        signatures = (part for case in self.cases for _, part in case.signature)
        self._kept: dict[int, FloatArray] = {}
        self._places = {axes: place for place, axes in enumerate(dict.fromkeys(signatures))}

    def of(self, case: Case) -> FloatArray:
        """Log likelihood of a case without its own frailty; dims (draw)."""
        found = np.zeros(self._fit.draws)
        for power, axes in case.signature:
            block, place = divmod(self._places[axes], AT_ONCE)
            found += power * self._block(block)[:, place]
        return found

    def _block(self, block: int) -> FloatArray:
        """Log integrals of some of what there is to integrate, dims (draw, integral); cases are asked for in their order."""
        if block not in self._kept:
            some = list(self._places)[block * AT_ONCE : (block + 1) * AT_ONCE]
            arrays = _only_integrals(self._fit.encoded, some)
            terms = likelihood_terms(self._program, arrays, self._points, self._going_on)["integrated_cases"]
            # What one case consists of may lie in two blocks.
            self._kept = dict([*self._kept.items()][-1:]) | {block: terms}
        return self._kept[block]

    @cached_property
    def _points(self) -> FloatArray:
        return sampled_points(self._fit, without="frailty_z")


def _only_integrals(encoded: EncodedStudy, axes: list[tuple[Axis, ...]]) -> ModelArrays:
    """The study without data and frailties, and with these integrals, each once."""
    arrays = without_data(encoded.arrays)
    none = np.zeros(arrays.lengths["term"], dtype=bool)
    integrals = integral_arrays([Integral("", "", 1.0, own) for own in axes])
    return ModelArrays({**arrays, **keep_rows(arrays, "term", none), **integrals}, frailties=0)


def centre(fit: Fit, place: int) -> FloatArray:
    """Level of a unit before its own frailty, dims (draw)."""
    level, beta = fit.values("class_level")[:, fit.encoded.units[place].level], fit.values("beta")
    covariates = np.asarray(fit.encoded.arrays["unit_covariates"], dtype=float)[place]
    return level + beta @ covariates if beta.shape[1] else level


def hazards(fit: Fit, place: int) -> tuple[FloatArray, FloatArray]:
    """Exposure times exp(shape and what covariates add) of a unit, summed over the ages at which it was seen, and before;
    dims (draw)."""
    cells = fit.encoded.cells
    own = np.flatnonzero(cells.unit == place)
    shifts = log_shifts(fit.values("beta"), fit.encoded.arrays["stage_covariates"])[:, cells.stage[own]]
    factors = np.exp(np.minimum(fit.values("log_hazard_shape")[:, cells.band[own]] + shifts, MAX_LOG_RATE))
    return factors @ cells.exposure[own], factors @ cells.unseen[own]
