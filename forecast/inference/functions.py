"""The model's log density, gradient and named quantities as PyTensor functions of one flat vector, lengths symbolic.

The vector is cut at symbolic offsets, so that its length, and that of every dim, may change from study to study.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.graph import clone_replace

from forecast.inference.callback import Slot
from forecast.model.arrays import ModelArrays, smallest_arrays
from forecast.model.graph import build_model
from forecast.model.specs import LATENTS


@dataclass(frozen=True)
class CompiledFunctions:
    """The model and its compiled functions; its data are shared variables, set by `set_arrays`."""

    model: pm.Model
    logp: Any
    """From a flat unconstrained point to (log density, gradient)."""
    expand: Any
    """From a flat unconstrained point to one flat vector of all named quantities."""
    names: list[str]
    """The named quantities in the order of that vector: latent variables, then deterministics."""
    dims: list[tuple[str, ...]]

    def set_arrays(self, arrays: ModelArrays) -> None:
        """`set_data` would not resize a dim; `Model.set_dim` does."""
        for dim, size in arrays.lengths.items():
            self.model.set_dim(dim, size, coord_values=np.arange(size))
        for name, value in arrays.items():
            self.model[name].set_value(value.astype(self.model[name].dtype))


def slots_of(function: Any) -> tuple[Slot, ...]:
    """The arrays and lengths that a compiled function reads, in its order."""
    values = {variable.name: np.asarray(variable.get_value(borrow=True)) for variable in function.get_shared()}
    return tuple(Slot(name, value.ndim, value.dtype.name) for name, value in values.items())


def compile_functions() -> CompiledFunctions:
    """The functions, compiled by numba through PyTensor's on-disk cache, and called once."""
    model: pm.Model = build_model()
    named = [*(model[name] for name in LATENTS), *model.deterministics]
    dims = [tuple(model.named_vars_to_dims.get(variable.name, ())) for variable in named]
    return CompiledFunctions(model, _compile(model, "logp"), _compile(model, "expand"), [v.name for v in named], dims)


def compile_one(name: Literal["logp", "expand"]) -> None:
    """One of the functions, for the cache alone."""
    _compile(build_model(), name)


def _compile(model: pm.Model, name: Literal["logp", "expand"]) -> Any:
    # Lengths are checked by `ModelArrays`; hundreds of shape assertions in compiled code would only take time to compile.
    mode = pytensor.compile.get_mode("NUMBA").including("local_remove_all_assert")
    free = [model[latent] for latent in LATENTS]
    values = [model.rvs_to_values[variable] for variable in free]
    point, pieces, constrained = _cut_point(model, free, values)
    if name == "logp":
        density = model.logp()
        gradient = pt.concatenate([piece.ravel() for piece in pt.grad(density, values)])
        outputs = clone_replace([density, gradient], pieces)
    else:
        variables = clone_replace([*constrained, *model.replace_rvs_by_values(model.deterministics)], pieces)
        outputs = [pt.concatenate([pt.as_tensor(variable).ravel() for variable in variables])]
    function = pytensor.function([point], outputs, mode=mode)
    function(np.zeros(smallest_arrays().parameters))
    return function


def _cut_point(model: pm.Model, free: list[Any], values: list[Any]) -> tuple[Any, dict[Any, Any], list[Any]]:
    """A flat vector, and each value variable as a slice of it at symbolic offsets; also the constrained variables."""
    point, offset = pt.dvector("point"), pt.constant(0)
    pieces: dict[Any, Any] = {}
    for variable, value in zip(free, values, strict=True):
        shape = [model.dim_lengths[dim] for dim in model.named_vars_to_dims[variable.name]]
        size = pt.prod(pt.stack(shape))
        piece = point[offset : offset + size]
        pieces[value] = piece if len(shape) == 1 else piece.reshape(shape)
        offset = offset + size
    constrained = []
    for variable, value in zip(free, values, strict=True):
        transform = model.rvs_to_transforms[variable]
        constrained.append(value if transform is None else transform.backward(value, *variable.owner.inputs))
    return point, pieces, constrained
