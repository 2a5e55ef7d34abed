"""One program per process: log density, gradient and named quantities of a study of any shape.

`get_program` loads or compiles the kernel at most once in a process and counts it (`compilation_count`);
`Program.load` swaps a study's arrays in, about a millisecond, and never compiles. tests/contract/test_one_compilation.py
holds it to that. With FORECAST_ENGINE=pymc the model's definition is sampled instead, compiled for each study
(`forecast.inference.engine.definition`): for an audit, a doubt, or a platform on which the kernel does not compile.
"""

from __future__ import annotations

import threading
from typing import Literal

import numpy as np

from forecast.inference.deviations import (
    FloatArray,
    draw_deviations,
    in_deviations,
    join,
)
from forecast.inference.engine.loaded_study import KernelStudy, LoadedStudy
from forecast.kernel.compiled import load_or_compile
from forecast.kernel.layout import NAMED
from forecast.model.arrays import ModelArrays
from forecast.runtime.settings import get_settings

Engine = Literal["kernel", "pymc"]


class Program:
    """The program: studies go in, and come out ready to be sampled."""

    names = tuple(NAMED)
    """The named quantities: deviations behind the latent variables, then what is made from them."""
    dims = tuple(spec.dims for spec in NAMED.values())

    def __init__(self, engine: Engine = "kernel") -> None:
        self.engine = engine
        self.kernel = load_or_compile() if engine == "kernel" else None

    @property
    def is_from_cache(self) -> bool:
        """Whether nothing had to be compiled to have it."""
        return self.kernel is None or self.kernel.is_from_cache

    def load(self, arrays: ModelArrays, starts: FloatArray | None = None) -> LoadedStudy:
        """Swap a study's arrays in; a study that is being sampled is not changed.

        Parameters
        ----------
        starts
            Where chains may start, dims (draw, parameter); None for places near the centre of the prior.
        """
        if self.kernel is not None:
            return KernelStudy.load(self.kernel, arrays, starts)
        from forecast.inference.engine.definition import DefinedStudy

        return DefinedStudy(arrays)

    def draw_prior(self, arrays: ModelArrays, draws: int, seed: int) -> dict[str, FloatArray]:
        """Prior draws of every named quantity, from the very functions that the posterior uses.

        Returns
        -------
        Arrays with dims (draw, ...), by name; the trailing dims are those of the quantity.
        """
        deviations = draw_deviations(np.random.default_rng(seed), draws, arrays)
        return self.load(in_deviations(arrays)).quantities(join(deviations))


_LOCK = threading.RLock()
_PROGRAM: Program | None = None
_COMPILATIONS = 0


def get_program() -> Program:
    """The program of this process, made at the first call; later calls, from any thread, share it.

    Raises
    ------
    SamplingError
        When the kernel cannot be compiled.
    """
    global _PROGRAM, _COMPILATIONS  # noqa: PLW0603
    with _LOCK:
        if _PROGRAM is None:
            _PROGRAM = Program(get_settings().engine)
            _COMPILATIONS += 1
        return _PROGRAM


def compilation_count() -> int:
    """How many programs this process has compiled."""
    return _COMPILATIONS
