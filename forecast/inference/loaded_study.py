"""One study inside the compiled program: what nutpie samples, and densities and quantities at single points."""

from __future__ import annotations

import ctypes
import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from nutpie import _lib
from nutpie.sample import CompiledModel

from forecast.inference.callback import Callback, Record, make_record
from forecast.model.arrays import ModelArrays

FloatArray = npt.NDArray[np.float64]

INITIAL_SPREAD = 1.0
"""Chains start uniformly within this distance of zero on the unconstrained scale, where every prior has unit scale."""

_DOUBLE = ctypes.POINTER(ctypes.c_double)


@dataclasses.dataclass(frozen=True)
class ProgramCode:
    """The callbacks of the program and what they compute, whatever the study."""

    logp: Callback
    expand: Callback
    names: tuple[str, ...]
    """The named quantities in the order of the expanded vector: latent variables, then deterministics."""
    quantity_dims: tuple[tuple[str, ...], ...]

    def load(self, arrays: ModelArrays, starts: FloatArray | None = None) -> LoadedStudy:
        """Swap a study's arrays in; nothing is compiled, and no other study is changed."""
        lengths = dict(arrays.lengths)
        named = dict(zip(self.names, self.quantity_dims, strict=True))
        return LoadedStudy(
            dims={name: dims for name, dims in named.items() if dims},
            reparameterized_names=[],
            code=self,
            lengths=lengths,
            parameters=arrays.parameters,
            variable_shapes={name: tuple(lengths[dim] for dim in dims) for name, dims in named.items()},
            records=(make_record(self.logp.slots, arrays), make_record(self.expand.slots, arrays)),
            starts=starts,
        )


@dataclasses.dataclass(frozen=True)
class LoadedStudy(CompiledModel):
    """One study inside the compiled program, in the form that `nutpie.sample` takes."""

    code: ProgramCode
    lengths: dict[str, int]
    parameters: int
    variable_shapes: dict[str, tuple[int, ...]]
    records: tuple[Record, Record]
    starts: FloatArray | None = None
    """Where chains may start, dims (draw, parameter)."""

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

    @property
    def expanded(self) -> int:
        """Length of the vector of all named quantities."""
        return sum(int(np.prod(shape)) for shape in self.variable_shapes.values())

    def log_density(self, point: FloatArray) -> tuple[float, FloatArray]:
        """Log density, priors and likelihood together, and its gradient, dims (parameter), at an unconstrained point.

        Raises
        ------
        ValueError
            When the point does not have the study's number of parameters.
        """
        point, logp = self._checked(point), np.empty(1)
        gradient = np.empty_like(point)
        self.code.logp.function.ctypes(
            len(point), _address(point), _address(gradient), _address(logp), _start(self.records[0])
        )
        return float(logp[0]), gradient

    def log_densities(self, points: FloatArray) -> FloatArray:
        """Log density of each point, dims (draw), of points with dims (draw, parameter)."""
        return np.array([self.log_density(point)[0] for point in points])

    def quantities(self, points: FloatArray) -> dict[str, FloatArray]:
        """Every named quantity at unconstrained points.

        Parameters
        ----------
        points
            Dims (draw, parameter).

        Returns
        -------
        Arrays with dims (draw, ...), by name; the trailing dims are those of the quantity.

        Raises
        ------
        ValueError
            When the points do not have the study's number of parameters.
        """
        values = np.empty((len(points), self.expanded))
        expand, record = self.code.expand.function.ctypes, _start(self.records[1])
        for point, into in zip(points, values, strict=True):
            checked = self._checked(point)
            expand(len(checked), values.shape[1], _address(checked), _address(into), record)
        result, offset = {}, 0
        for name, shape in self.variable_shapes.items():
            size = int(np.prod(shape))
            result[name] = values[:, offset : offset + size].reshape(len(points), *shape)
            offset += size
        return result

    def _checked(self, point: FloatArray) -> FloatArray:
        if point.shape != (self.parameters,):
            raise ValueError(f"the point has shape {point.shape}; expected ({self.parameters},)")
        return np.ascontiguousarray(point, dtype=np.float64)

    def _make_sampler(
        self, settings: Any, init_mean: Any, cores: int, progress_type: Any, callback: Any, rate: int, store: Any
    ) -> Any:
        code, names = self.code, list(self.code.names)
        logp_record, expand_record = self.records
        keep = (self, logp_record, expand_record)
        variables = _lib.PyVariable.new_variables(
            names,
            ["float64"] * len(names),
            [list(self.variable_shapes[name]) for name in names],
            self.lengths,
            {name: list(dims) for name, dims in self.dims.items()},
        )

        def initial_point(seed: int) -> Any:
            rng = np.random.default_rng(seed)
            if self.starts is not None:
                return self.starts[rng.integers(len(self.starts))]
            return rng.uniform(-INITIAL_SPREAD, INITIAL_SPREAD, self.parameters)

        model = _lib.PyMcModel(
            _lib.LogpFunc(code.logp.address, logp_record.pointers.ctypes.data, keep),
            _lib.ExpandFunc(
                self.parameters, self.expanded, code.expand.address, expand_record.pointers.ctypes.data, keep
            ),
            variables,
            self.parameters,
            self.lengths,
            {dim: pd.RangeIndex(size) for dim, size in self.lengths.items()},
            initial_point,
            None,
        )
        return _lib.PySampler.from_pymc(settings, cores, model, progress_type, callback, rate, store)


def _address(values: FloatArray) -> Any:
    return values.ctypes.data_as(_DOUBLE)


def _start(record: Record) -> Any:
    return ctypes.c_void_p(record.pointers.ctypes.data)
