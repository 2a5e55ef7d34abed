"""The model's definition as an engine: PyMC's graph, sampled by nutpie in its public way.

Each study is compiled separately, for minutes, and sampling takes many times as long as with the kernel. It serves as the reference for the kernel, and for users who want to check an answer: FORECAST_ENGINE=pymc. Names, dims and scales of its output are the kernel's.
"""

from __future__ import annotations

import functools
import operator
import threading
from functools import cached_property
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pymc.model.transform.optimization import freeze_dims_and_data
from pytensor.compile.mode import Mode
from pytensor.graph import clone_replace

from forecast.inference.engine.loaded_study import FloatArray, checked, cut
from forecast.inference.engine.sampler import nutpie
from forecast.kernel.layout import NAMED, TERMS
from forecast.model.arrays import ModelArrays
from forecast.model.graph.joint import build_model
from forecast.model.graph.latents import SAMPLED
from forecast.model.latent_specs import LATENTS


def frozen_model(arrays: ModelArrays) -> pm.Model:
    """The model of one study for PyMC's own samplers; lengths are fixed, and blocks of length zero taken out.

    PyTensor fails on some of these.
    """
    model = build_model(arrays)
    shapes = {v.name: [arrays.lengths[dim] for dim in model.named_vars_to_dims[v.name]] for v in model.free_RVs}
    empty = {name: np.zeros(shape) for name, shape in shapes.items() if 0 in shape}
    return freeze_dims_and_data(pm.do(model, empty))


class DefinedStudy:
    """One study as the PyMC model that defines it; see `forecast.inference.engine.loaded_study.LoadedStudy`."""

    def __init__(self, arrays: ModelArrays) -> None:
        self._arrays = arrays
        self._pymc = build_model(arrays, every_block=True)
        self._one_at_a_time = threading.RLock()  # a PyTensor function keeps what it works on

    def swap(self, arrays: ModelArrays) -> None:
        """Put another study into the graph, for its density and quantities; what `model` gave stays with the first."""
        for dim, size in arrays.lengths.items():
            self._pymc.set_dim(dim, size, coord_values=np.arange(size))
        for name, value in arrays.items():
            self._pymc[name].set_value(value.astype(self._pymc[name].dtype))
        self._arrays = arrays

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """As `LoadedStudy` says."""
        return {name: spec.dims for name, spec in NAMED.items()}

    @cached_property
    def model(self) -> Any:
        """As `LoadedStudy` says."""
        return nutpie.compile_pymc_model(frozen_model(self._arrays), backend="numba")

    def log_density(self, point: FloatArray) -> tuple[float, FloatArray]:
        """As `LoadedStudy` says."""
        with self._one_at_a_time:
            logp, gradient = self._density(checked(point, self._arrays.parameters))
            return float(logp), np.array(gradient)

    def log_densities(self, points: FloatArray) -> FloatArray:
        """As `LoadedStudy` says."""
        return np.array([self.log_density(point)[0] for point in points])

    def quantities(self, points: FloatArray) -> dict[str, FloatArray]:
        """As `LoadedStudy` says."""
        with self._one_at_a_time:
            values = [np.array(self._values(checked(point, self._arrays.parameters))) for point in points]
        shapes = {name: tuple(self._arrays.lengths[dim] for dim in spec.dims) for name, spec in NAMED.items()}
        return cut(np.array(values).reshape(len(points), -1), shapes)

    def terms(self, points: FloatArray) -> dict[str, FloatArray]:
        """As `LoadedStudy` says."""
        with self._one_at_a_time:
            values = [np.array(self._terms(checked(point, self._arrays.parameters))) for point in points]
        shapes = {name: tuple(self._arrays.lengths[dim] for dim in dims) for name, dims in TERMS.items()}
        return cut(np.array(values).reshape(len(points), -1), shapes)

    @cached_property
    def _density(self) -> Any:
        point, pieces = self._cut_point()
        # Term by term: in Python an operation takes at most 32 operands.
        density = functools.reduce(operator.add, (term.sum() for term in self._pymc.logp(sum=False)))
        values = [self._value(name) for name in LATENTS]
        gradient = pt.concatenate([piece.ravel() for piece in pt.grad(density, values)])
        return self._compiled(point, clone_replace([density, gradient], pieces))

    @cached_property
    def _values(self) -> Any:
        point, pieces = self._cut_point()
        by_name = {variable.name: variable for variable in self._pymc.deterministics}
        found = []
        for name in NAMED:
            if name in by_name:
                (variable,) = self._pymc.replace_rvs_by_values([by_name[name]])
            else:
                variable = self._constrained(name)
            found.append(pt.as_tensor(variable).ravel())
        return self._compiled(point, clone_replace([pt.concatenate(found)], pieces), single=True)

    @cached_property
    def _terms(self) -> Any:
        point, pieces = self._cut_point()
        by_name = {potential.name: potential for potential in self._pymc.potentials}
        found = self._pymc.replace_rvs_by_values([by_name[name] for name in TERMS])
        return self._compiled(point, clone_replace([pt.concatenate(found)], pieces), single=True)

    def _compiled(self, point: Any, outputs: list[Any], *, single: bool = False) -> Any:
        """Plain NumPy operations, for points and not for chains: nothing is compiled; what stands twice is computed once."""
        mode = Mode(linker="py", optimizer="merge")
        return pytensor.function([point], outputs[0] if single else outputs, mode=mode)

    def _cut_point(self) -> tuple[Any, dict[Any, Any]]:
        """A flat vector, and each value variable as a slice of it, at offsets that follow the lengths of dims."""
        point, offset, pieces = pt.dvector("point"), pt.constant(0), {}
        for name, spec in LATENTS.items():
            shape = [self._pymc.dim_lengths[dim] for dim in spec.dims]
            size = pt.prod(pt.stack(shape))
            piece = point[offset : offset + size]
            pieces[self._value(name)] = piece if len(shape) == 1 else piece.reshape(shape)
            offset = offset + size
        return point, pieces

    def _value(self, name: str) -> Any:
        return self._pymc.rvs_to_values[self._free(name)]

    def _free(self, name: str) -> Any:
        return self._pymc[name + SAMPLED if name + SAMPLED in self._pymc.named_vars else name]

    def _constrained(self, name: str) -> Any:
        variable = self._free(name)
        transform, value = self._pymc.rvs_to_transforms[variable], self._value(name)
        return value if transform is None else transform.backward(value, *variable.owner.inputs)
