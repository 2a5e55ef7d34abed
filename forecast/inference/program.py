"""One compiled program per process: log density, gradient and named quantities, with every length left symbolic.

`get_program` loads or compiles at most once in a process and counts it (`compilation_count`); `Program.load` swaps a
study's arrays in, about a millisecond, and never compiles. tests/contract/test_one_compilation.py holds it to that.
"""

from __future__ import annotations

import threading

import numpy as np

from forecast.inference.build import load_or_compile
from forecast.inference.deviations import draw_deviations, to_points
from forecast.inference.loaded_study import FloatArray, LoadedStudy
from forecast.model.arrays import ModelArrays


class Program:
    """The compiled program: studies go in, and come out ready to be sampled."""

    def __init__(self) -> None:
        self.code = load_or_compile()
        self.names, self.dims = self.code.names, self.code.quantity_dims

    def load(self, arrays: ModelArrays, starts: FloatArray | None = None) -> LoadedStudy:
        """Swap a study's arrays in; nothing is compiled, and a study that is being sampled is not changed.

        Parameters
        ----------
        starts
            Where chains may start, dims (draw, parameter); None for random places near zero.
        """
        return self.code.load(arrays, starts)

    def draw_prior(self, arrays: ModelArrays, draws: int, seed: int) -> dict[str, FloatArray]:
        """Prior draws of every named quantity, from the very functions that the posterior uses.

        Returns
        -------
        Arrays with dims (draw, ...), by name; the trailing dims are those of the quantity.
        """
        points, _ = to_points(draw_deviations(np.random.default_rng(seed), draws, arrays), arrays)
        return self.load(arrays).quantities(points)


_LOCK = threading.RLock()
_PROGRAM: Program | None = None
_COMPILATIONS = 0


def get_program() -> Program:
    """The program of this process, made at the first call; later calls, from any thread, share it."""
    global _PROGRAM, _COMPILATIONS  # noqa: PLW0603
    with _LOCK:
        if _PROGRAM is None:
            _PROGRAM = Program()
            _COMPILATIONS += 1
        return _PROGRAM


def compilation_count() -> int:
    """How many programs this process has compiled."""
    return _COMPILATIONS
