"""Whether a distribution exists that meets linear inequalities: a linear program over patterns, in NumPy alone.

The web process may not load SciPy, whose solver is the yardstick of tests/study/test_feasible.py.

References
----------
A linear program as the value of a game: Dantzig (1951), in Koopmans (ed.), Activity Analysis of Production and Allocation,
chapter 20. The rule that ends cycles: Bland (1977), doi:10.1287/moor.2.2.103.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

TOLERANCE: Final = 1e-8
"""Of a violation that is rounding, in probability."""
_PIVOT: Final = 1e-11
_PATIENCE: Final = 200
"""Pivots by steepest cost; those after follow Bland's rule, which cannot cycle."""


def is_feasible(inequalities: FloatArray) -> bool:
    """Whether some distribution x over patterns has ``inequalities @ x <= 0``.

    Parameters
    ----------
    inequalities
        Dims (inequality, pattern).
    """
    return len(inequalities) == 0 or least_violation(inequalities) <= TOLERANCE


def least_violation(inequalities: FloatArray) -> float:
    """The smallest value, over distributions x, of the largest entry of ``inequalities @ x``.

    It is the value of a game in which one side picks an inequality and the other a pattern. With a constant added, so that
    all entries are positive, it is the inverse of the largest ``sum(y)`` with ``entries @ y <= 1`` and ``y >= 0``.
    """
    shift = 1.0 - float(inequalities.min())
    count, patterns = inequalities.shape
    table = np.zeros((count + 1, patterns + count + 1))
    table[:count, :patterns] = inequalities + shift
    table[:count, patterns:-1] = np.eye(count)
    table[:count, -1] = 1.0
    table[count, :patterns] = -1.0
    basis = np.arange(patterns, patterns + count)
    turn = 0
    while (entering := _entering(table[count, :-1], is_patient=turn < _PATIENCE)) is not None:
        column = table[:count, entering]
        ratios = np.where(column > _PIVOT, table[:count, -1] / np.where(column > _PIVOT, column, 1.0), np.inf)
        ties = np.flatnonzero(ratios <= ratios.min() + _PIVOT)
        leaving = int(ties[np.argmin(basis[ties])])
        table[leaving] /= table[leaving, entering]
        others = np.arange(count + 1) != leaving
        table[others] -= np.outer(table[others, entering], table[leaving])
        basis[leaving] = entering
        turn += 1
    return 1.0 / float(table[count, -1]) - shift


def _entering(costs: FloatArray, *, is_patient: bool) -> int | None:
    """The column that enters the basis; None when nothing is left to gain."""
    gains = np.flatnonzero(costs < -1e-10)
    if not len(gains):
        return None
    return int(gains[np.argmin(costs[gains])] if is_patient else gains[0])
