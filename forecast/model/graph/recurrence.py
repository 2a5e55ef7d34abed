"""First-order recurrences as one operation: a plain loop in compiled code, with its gradient.

PyTensor's own way, a scan, takes longer to compile than the rest of the model; a matrix of powers takes T x T numbers.
tests/model/test_recurrence.py compares values and gradients with both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph import Apply, Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key


class Recurrence(Op):
    """s_t = rho s_(t-1) + e_t along the first dim, column by column, from s_0 = 0."""

    __props__ = ()

    def make_node(self, innovations: Any, rho: Any) -> Apply:
        innovations, rho = pt.as_tensor_variable(innovations), pt.as_tensor_variable(rho)
        if (innovations.type.ndim, rho.type.ndim) != (2, 1):
            raise ValueError(
                f"innovations have {innovations.type.ndim} dims and rho {rho.type.ndim}; expected (time, series) and (series)"
            )
        return Apply(self, [innovations, rho], [pt.dmatrix()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        innovations, rho = inputs
        states = np.array(innovations, dtype=float)
        for time in range(1, len(states)):
            states[time] += rho * states[time - 1]
        output_storage[0][0] = states

    def pullback(self, inputs: list[Any], outputs: list[Any], output_gradients: list[Any]) -> list[Any]:
        """The adjoint of the recurrence is the recurrence run backwards."""
        _, rho = inputs
        (states,) = outputs
        adjoint = self(output_gradients[0][::-1], rho)[::-1]
        return [adjoint, (adjoint[1:] * states[:-1]).sum(axis=0)]

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        return [shapes[0]]


@register_funcify_default_op_cache_key(Recurrence)
def _compile(op: Recurrence, node: Apply, **kwargs: Any) -> Any:
    @numba_njit
    def recurrence(innovations: Any, rho: Any) -> Any:
        states = np.empty(innovations.shape)
        for series in range(innovations.shape[1]):
            state = 0.0
            for time in range(innovations.shape[0]):
                state = rho[series] * state + innovations[time, series]
                states[time, series] = state
        return states

    return recurrence


recurrence = Recurrence()
