"""The law of a level whose stated quantiles are met: three equations in median, slope and skew.

The share of the present cases below a threshold is averaged over the points; of the level itself it is exact. Quiet time
before the statement weighs each case by its probability.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from forecast.model.encoding.stated.law import MAX_SKEW, Law
from forecast.model.encoding.stated.normals import cdf, density, quantile

FloatArray = npt.NDArray[np.float64]

LEAST_SHARE: Final = 0.25
"""Of the stated law's standard deviation that is left to the level itself. A level that is all but known takes nothing
from its reference classes any more: at a quarter the data of one class of typical spread still move it."""

_TOLERANCE: Final = 1e-7
"""Of a stated quantile, as a standard normal."""
_ITERATIONS: Final = 40
_STALLED: Final = 0.9
"""Share of the residuals that is left after `_PATIENCE` more iterations where nothing meets the statement."""
_PATIENCE: Final = 4
_DIFFERENCE: Final = 1e-5
_HALVINGS: Final = 10
_BISECTIONS: Final = 25
_FARTHEST: Final = 8.0
_WIDEST_SKEW: Final = 2.0 * MAX_SKEW
"""On the way to a solution, so that steps do not end at the edge of the family."""
_NODES: Final = 321
_SHIFTS: Final = 81


@dataclass(frozen=True)
class Equations:
    """What a member's law has to meet, others given."""

    thresholds: FloatArray
    """Dims (quantile, point)."""
    targets: tuple[float, float, float]
    """Shares of the present cases that lie below them, as standard normals."""
    width: float
    """Standard deviation of the stated law on the outcome's scale."""
    weights: FloatArray | None
    """Of the points; dims (point)."""
    quiet: FloatArray | None
    """Log expected events before the statement at level 0, dims (point)."""

    @property
    def are_possible(self) -> bool:
        """Whether each quantile can be reached at all."""
        return bool(np.isfinite(self.thresholds).any(axis=1).all())

    def residuals(self, law: Law) -> FloatArray:
        """Share below each threshold less the stated one, both as standard normals."""
        deviations = law.deviation(self.thresholds)
        if self.quiet is None:
            below, total = cdf(deviations), np.ones(self.thresholds.shape[1])
        else:
            below, total = self._survivors(law, deviations)
        if self.weights is not None:
            below, total = below * self.weights, total * self.weights
        shares = below.sum(axis=1) / max(float(total.sum()), 1e-300)
        return np.array([quantile(float(share)) for share in shares]) - self.targets

    def _survivors(self, law: Law, deviations: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Cases still without an event, below each threshold and in all: from a table over deviations and quiet time."""
        assert self.quiet is not None
        nodes = np.linspace(-_FARTHEST, _FARTHEST, _NODES)
        low, high = float(self.quiet.min()), float(self.quiet.max()) + 1e-9
        shifts = np.linspace(low, high, _SHIFTS)
        with np.errstate(over="ignore"):
            alive = np.exp(-np.exp(np.minimum(law.at(nodes)[:, None] + shifts, 300.0))) * density(nodes)[:, None]
        step = nodes[1] - nodes[0]
        table = np.concatenate([np.zeros((1, _SHIFTS)), np.cumsum((alive[1:] + alive[:-1]) * step / 2.0, axis=0)])
        column = (self.quiet - low) / (high - low) * (_SHIFTS - 1)
        row = (
            np.clip(np.nan_to_num(deviations, posinf=_FARTHEST, neginf=-_FARTHEST), -_FARTHEST, _FARTHEST) + _FARTHEST
        ) / step
        return _between(table, row, column), _between(table, np.full(column.shape, _NODES - 1.0), column)

    def solve(self, start: Law, slopes: FloatArray | None = None) -> Law | None:
        """The law that meets all three, by Newton's method; None where there is none inside the family.

        Parameters
        ----------
        slopes
            From `slopes` of nearly the same equations, instead of their own at every step.
        """
        at = self._inside(np.array([start.mean, math.log(start.sd), start.skew]))
        found = self.residuals(_law(at))
        sizes = [float(np.linalg.norm(found))]
        for _ in range(_ITERATIONS):
            if np.max(np.abs(found)) < _TOLERANCE:
                return _law(at)
            if len(sizes) > _PATIENCE and sizes[-1] > _STALLED * sizes[-1 - _PATIENCE]:
                return None
            taken = self._step(at, found, self._slopes(at, found) if slopes is None else slopes)
            if taken is None:
                return None
            at, found = taken
            sizes.append(float(np.linalg.norm(found)))
        return None

    def nearly(self, start: Law) -> Law:
        """A narrow law whose median is the stated one, as a stand-in where no law meets all three."""
        narrow = Law(start.mean, min(start.sd, self.width * LEAST_SHARE))
        low, high = start.mean - _FARTHEST * 2.0, start.mean + _FARTHEST * 2.0
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            if self.residuals(Law(middle, narrow.sd))[1] > 0.0:
                low = middle
            else:
                high = middle
        return Law(0.5 * (low + high), narrow.sd)

    def slopes(self, law: Law) -> FloatArray:
        """Derivatives of the residuals by median, log slope and skew of the law."""
        at = np.array([law.mean, math.log(law.sd), law.skew])
        return self._slopes(at, self.residuals(law))

    def _slopes(self, at: FloatArray, found: FloatArray) -> FloatArray:
        return np.column_stack(
            [(self.residuals(_law(at + _DIFFERENCE * axis)) - found) / _DIFFERENCE for axis in np.eye(3)]
        )

    def _step(self, at: FloatArray, found: FloatArray, slopes: FloatArray) -> tuple[FloatArray, FloatArray] | None:
        """The next place and its residuals, which are smaller."""
        try:
            step = -np.linalg.solve(slopes, found)
        except np.linalg.LinAlgError:
            return None
        step *= min(1.0, 2.0 / max(float(np.max(np.abs(step))), 1e-300))
        for _ in range(_HALVINGS):
            further = self._inside(at + step)
            there = self.residuals(_law(further))
            if np.linalg.norm(there) < np.linalg.norm(found):
                return further, there
            step = step / 2.0
        return None

    def _inside(self, at: FloatArray) -> FloatArray:
        log_width = math.log(self.width)
        return np.array(
            [at[0], min(max(at[1], log_width - 4.0), log_width + 6.0), min(max(at[2], -_WIDEST_SKEW), _WIDEST_SKEW)]
        )

    def has_room(self, law: Law) -> bool:
        """Whether the law is inside the family, and enough of the stated law's spread is the level's own."""
        return abs(law.skew) < MAX_SKEW and law.half_width(self.targets[2]) >= LEAST_SHARE * self.width


def _law(at: FloatArray) -> Law:
    return Law(float(at[0]), math.exp(float(at[1])), float(at[2]))


def _between(table: FloatArray, row: FloatArray, column: FloatArray) -> FloatArray:
    """Bilinear interpolation at places of a table."""
    top = np.minimum(row.astype(np.int64), table.shape[0] - 2)
    left = np.minimum(column.astype(np.int64), table.shape[1] - 2)
    down, right = row - top, column - left
    return np.asarray(
        (1.0 - down) * ((1.0 - right) * table[top, left] + right * table[top, left + 1])
        + down * ((1.0 - right) * table[top + 1, left] + right * table[top + 1, left + 1])
    )
