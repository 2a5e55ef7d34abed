"""One compiled program per process: log density, gradient and named quantities, with every length left symbolic.

`get_program` compiles at most once in a process and counts it (`compilation_count`); `Program.load` swaps a study's
arrays in, about a millisecond, and never compiles. tests/contract/test_one_compilation.py holds it to that.
"""

from __future__ import annotations

import ctypes
import dataclasses
import threading
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from nutpie import _lib
from nutpie.sample import CompiledModel

from forecast.inference.callback import Callback, compile_expand_callback, compile_logp_callback, make_record
from forecast.inference.code_cache import discard_cached_code
from forecast.inference.function_cache import fill_function_cache
from forecast.inference.functions import compile_functions
from forecast.inference.prior_draws import draw_latents
from forecast.model.arrays import ModelArrays, probe_arrays

INITIAL_SPREAD = 1.0
"""Chains start uniformly within this distance of zero on the unconstrained scale, where every prior has unit scale."""


class Program:
    """The compiled functions of the model and the callbacks that nutpie calls."""

    def __init__(self) -> None:
        fill_function_cache()
        functions = compile_functions()
        self.model = functions.model
        self.logp, self.expand = functions.logp, functions.expand
        self.names, self.dims = functions.names, functions.dims
        self.logp_callback, self.expand_callback = self._make_callbacks()

    def _make_callbacks(self) -> tuple[Callback, Callback]:
        """Callbacks from the cache if they still agree with their functions, else compiled anew."""
        try:
            callbacks = compile_logp_callback(self.logp), compile_expand_callback(self.expand)
            if self._agree(*callbacks):
                return callbacks
        except Exception as error:  # noqa: BLE001 (whatever a damaged cache raises, compiling anew is the answer)
            warnings.warn(f"the cache of compiled code cannot be used ({error}); compiling anew", stacklevel=2)
        discard_cached_code()
        return compile_logp_callback(self.logp, cached=False), compile_expand_callback(self.expand, cached=False)

    def _agree(self, logp_callback: Callback, expand_callback: Callback) -> bool:
        """Whether both callbacks give what the functions behind them give, with every block of the model present."""
        self._set_arrays(probe_arrays())
        point = np.linspace(-0.9, 1.1, probe_arrays().parameters)
        logp, gradient = self.logp(point)
        values = np.asarray(self.expand(point)[0])
        got_logp, got_gradient, got_values = np.empty(1), np.empty_like(point), np.empty_like(values)
        pointer, double = ctypes.c_void_p, ctypes.POINTER(ctypes.c_double)
        records = make_record(logp_callback.shared), make_record(expand_callback.shared)
        logp_callback.function.ctypes(
            len(point),
            point.ctypes.data_as(double),
            got_gradient.ctypes.data_as(double),
            got_logp.ctypes.data_as(double),
            pointer(records[0].pointers.ctypes.data),
        )
        expand_callback.function.ctypes(
            len(point),
            len(values),
            point.ctypes.data_as(double),
            got_values.ctypes.data_as(double),
            pointer(records[1].pointers.ctypes.data),
        )
        return (
            bool(np.isclose(got_logp[0], float(logp), rtol=1e-12))
            and np.allclose(got_gradient, gradient, rtol=1e-10)
            and np.allclose(got_values, values, rtol=1e-12)
        )

    def load(self, arrays: ModelArrays) -> LoadedStudy:
        """Swap a study's arrays in; nothing is compiled.

        The record of data pointers is made here, under the program's lock, so that a study loaded later does not
        change one that is being sampled.
        """
        with _LOCK:
            self._set_arrays(arrays)
            records = make_record(self.logp_callback.shared), make_record(self.expand_callback.shared)
        lengths = dict(arrays.lengths)
        shapes = {name: tuple(lengths[dim] for dim in dims) for name, dims in zip(self.names, self.dims, strict=True)}
        return LoadedStudy(
            dims={name: dims for name, dims in zip(self.names, self.dims, strict=True) if dims},
            reparameterized_names=[],
            program=self,
            lengths=lengths,
            parameters=arrays.parameters,
            variable_shapes=shapes,
            records=records,
        )

    def draw_prior(self, arrays: ModelArrays, draws: int, seed: int) -> dict[str, npt.NDArray[np.float64]]:
        """Prior draws of every named quantity, from the very functions that the posterior uses.

        Returns
        -------
        Arrays with dims (draw, ...), by name; the trailing dims are those of the quantity.
        """
        rng = np.random.default_rng(seed)
        with _LOCK:
            self._set_arrays(arrays)
            points = draw_latents(rng, draws, arrays)
            flat = np.stack([self.expand(point)[0] for point in points])
        result, offset = {}, 0
        for name, dims in zip(self.names, self.dims, strict=True):
            shape = tuple(arrays.lengths[dim] for dim in dims)
            size = int(np.prod(shape))
            result[name] = flat[:, offset : offset + size].reshape(draws, *shape)
            offset += size
        return result

    def _set_arrays(self, arrays: ModelArrays) -> None:
        """`set_data` would not resize a dim; `Model.set_dim` does."""
        for dim, size in arrays.lengths.items():
            self.model.set_dim(dim, size, coord_values=np.arange(size))
        for name, value in arrays.items():
            self.model[name].set_value(value.astype(self.model[name].dtype))


@dataclasses.dataclass(frozen=True)
class LoadedStudy(CompiledModel):
    """One study inside the compiled program, in the form that `nutpie.sample` takes."""

    program: Program | None = None
    lengths: dict[str, int] = dataclasses.field(default_factory=dict)
    parameters: int = 0
    variable_shapes: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)
    records: tuple[Any, Any] = (None, None)

    @property
    def n_dim(self) -> int:
        """Number of unconstrained parameters."""
        return self.parameters

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every named quantity."""
        return self.variable_shapes

    @property
    def coords(self) -> dict[str, Any]:
        """None: the study's labels are put on after sampling, by name."""
        return {}

    def _make_sampler(
        self, settings: Any, init_mean: Any, cores: int, progress_type: Any, callback: Any, rate: int, store: Any
    ) -> Any:
        program = self.program
        if program is None:
            raise ValueError("this study is not loaded; expected the result of Program.load")
        logp_record, expand_record = self.records
        expanded = sum(int(np.prod(shape)) for shape in self.variable_shapes.values())
        keep = (self, logp_record, expand_record)
        variables = _lib.PyVariable.new_variables(
            program.names,
            ["float64"] * len(program.names),
            [list(self.variable_shapes[name]) for name in program.names],
            self.lengths,
            {name: list(dims) for name, dims in zip(program.names, program.dims, strict=True) if dims},
        )

        def initial_point(seed: int) -> Any:
            return np.random.default_rng(seed).uniform(-INITIAL_SPREAD, INITIAL_SPREAD, self.parameters)

        model = _lib.PyMcModel(
            _lib.LogpFunc(program.logp_callback.address, logp_record.pointers.ctypes.data, keep),
            _lib.ExpandFunc(
                self.parameters, expanded, program.expand_callback.address, expand_record.pointers.ctypes.data, keep
            ),
            variables,
            self.parameters,
            self.lengths,
            {dim: pd.RangeIndex(size) for dim, size in self.lengths.items()},
            initial_point,
            None,
        )
        return _lib.PySampler.from_pymc(settings, cores, model, progress_type, callback, rate, store)


_LOCK = threading.RLock()
_PROGRAM: Program | None = None
_COMPILATIONS = 0


def get_program() -> Program:
    """The program of this process, compiled at the first call; later calls, from any thread, share it."""
    global _PROGRAM, _COMPILATIONS  # noqa: PLW0603
    with _LOCK:
        if _PROGRAM is None:
            _PROGRAM = Program()
            _COMPILATIONS += 1
        return _PROGRAM


def compilation_count() -> int:
    """How many programs this process has compiled."""
    return _COMPILATIONS
