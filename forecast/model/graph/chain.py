"""The chain of cause and effect leg by leg as one operation: a plain loop, with its derivative by complex steps.

`forecast.model.graph.conditionals` says what it computes. The derivative is that of the loop itself, exact to rounding:
Squire and Trapp (1998), SIAM Review 40(1), doi:10.1137/S003614459631241X. PyTensor's scan would take longer to compile
than the rest of the model.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pytensor.tensor as pt
from pytensor.graph import Apply, Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_default_op_cache_key

from forecast.model.constants import LEAST_MASS, LEAST_TOTAL

STEP: Final = 1e-100
"""Along the imaginary axis."""

INPUTS: Final = ("condition", "certain", "jump", "own", "rate", "ratio", "cause", "other")
"""Dims (leg), (condition), (leg), (leg, outcome) three times, (leg), (leg); the last four have derivatives."""


def _legs(
    first: int, last: int, certain: float, jump: Any, own: Any, rate: Any, ratio: Any, cause: Any, other: Any
) -> Any:
    """Probability of cause and effect, of cause without effect, and of the cause, by the date of one condition."""
    size = last - first
    start, after = np.zeros(size, dtype=rate.dtype), np.zeros(size + 1, dtype=rate.dtype)
    total = cause[first:last] + other[first:last]
    turns, stays = -np.expm1(-total) / (total + LEAST_TOTAL), np.exp(-total)
    for leg in range(size - 1, -1, -1):
        start[leg] = turns[leg] * cause[first + leg] + stays[leg] * after[leg]
        if leg > 0:
            after[leg - 1] = start[leg]
    zero = 0.0 * total[0]
    pending, occurred, gone, joint, rest = 1.0 - certain + zero, certain + zero, zero, zero, zero
    for leg in range(size):
        at, c = first + leg, cause[first + leg]
        turn, stay = turns[leg], stays[leg]
        middle = occurred + 0.5 * (1.0 - jump[at]) * pending * turn * c
        middle = middle / (pending + occurred + gone + LEAST_MASS)
        without = rate[at] / (1.0 + middle * (ratio[at] - 1.0))
        withal = without * ratio[at]
        none, some = without.sum(), withal.sum()
        half_none, half_some = (
            -np.expm1(-0.5 * none) / (none + LEAST_TOTAL),
            -np.expm1(-0.5 * some) / (some + LEAST_TOTAL),
        )
        own_none, own_some = (own[at] * without).sum(), (own[at] * withal).sum()
        rivals_none, rivals_some = ((1.0 - own[at]) * without).sum(), ((1.0 - own[at]) * withal).sum()
        left_none, left_some = np.exp(-0.5 * none), np.exp(-0.5 * some)
        lost_none, lost_some = half_none * pending * start[leg], half_some * occurred
        turned = pending * left_none * turn
        pending = pending * left_none * stay
        occurred = occurred * left_some + turned * c
        gone = gone * left_none + turned * other[at]
        lost_none, lost_some = lost_none + half_none * pending * after[leg], lost_some + half_some * occurred
        joint = joint + lost_none * own_none + lost_some * own_some
        rest = rest + lost_none * rivals_none + lost_some * rivals_some
        pending, occurred, gone = pending * left_none, occurred * left_some, gone * left_none
    return joint, rest + occurred, certain + (1.0 - certain) * start[0]


def _both(legs: Any) -> tuple[Any, Any]:
    """The values, dims (3, condition), and the gradient of a weighted sum of them; from the function of one condition."""

    def values(of: Any, certain: Any, jump: Any, own: Any, rate: Any, ratio: Any, cause: Any, other: Any) -> Any:
        found = np.zeros((3, certain.shape[0]))
        first = 0
        for condition in range(certain.shape[0]):
            last = first
            while last < of.shape[0] and of[last] == condition:
                last += 1
            if last > first:
                found[0, condition], found[1, condition], found[2, condition] = legs(
                    first, last, certain[condition], jump, own, rate, ratio, cause, other
                )
            first = last
        return found

    def gradient(
        of: Any, certain: Any, jump: Any, own: Any, rate: Any, ratio: Any, cause: Any, other: Any, weights: Any
    ) -> Any:
        """Of rate, ratio, cause and other, side by side; dims (leg, 2 outcomes + 2)."""
        outcomes = rate.shape[1]
        numbers = np.concatenate((rate, ratio, cause.reshape(-1, 1), other.reshape(-1, 1)), axis=1).astype(
            np.complex128
        )
        found = np.zeros(numbers.shape)
        first = 0
        for condition in range(certain.shape[0]):
            last = first
            while last < of.shape[0] and of[last] == condition:
                last += 1
            for leg in range(first, last):
                for column in range(numbers.shape[1]):
                    if column < 2 * outcomes and rate[leg, column % outcomes] == 0.0:
                        continue
                    numbers[leg, column] += 1j * STEP
                    joint, rest, supposed = legs(
                        first, last, certain[condition], jump, own, numbers[:, :outcomes],
                        numbers[:, outcomes : 2 * outcomes], numbers[:, 2 * outcomes], numbers[:, 2 * outcomes + 1],
                    )  # fmt: skip
                    numbers[leg, column] -= 1j * STEP
                    slope = weights[0, condition] * joint.imag + weights[1, condition] * rest.imag
                    found[leg, column] = (slope + weights[2, condition] * supposed.imag) / STEP
            first = last
        return found

    return values, gradient


_VALUES, _GRADIENT = _both(_legs)


class Chain(Op):
    """Probabilities by the date of cause and effect, cause without effect, and the cause; dims (3, condition).

    Inputs: `INPUTS`.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, [pt.as_tensor_variable(value) for value in inputs], [pt.dmatrix()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        output_storage[0][0] = _VALUES(*inputs)

    def pullback(self, inputs: list[Any], outputs: list[Any], output_gradients: list[Any]) -> list[Any]:
        found = _chain_gradient(*inputs, output_gradients[0])
        outcomes = inputs[INPUTS.index("rate")].shape[1]
        slopes = (
            found[:, :outcomes],
            found[:, outcomes : 2 * outcomes],
            found[:, 2 * outcomes],
            found[:, 2 * outcomes + 1],
        )
        still = [pt.zeros_like(value, dtype="float64") for value in inputs[:4]]
        return [*still, *slopes]

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        return [(3, shapes[INPUTS.index("certain")][0])]


class ChainGradient(Op):
    """Gradient of a weighted sum of `Chain`; one more input, the weights, of dims (3, condition)."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, [pt.as_tensor_variable(value) for value in inputs], [pt.dmatrix()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        output_storage[0][0] = _GRADIENT(*inputs)


@register_funcify_default_op_cache_key(Chain)
def _compile_values(op: Chain, node: Apply, **kwargs: Any) -> Any:
    return numba_njit(_both(numba_njit(_legs))[0])


@register_funcify_default_op_cache_key(ChainGradient)
def _compile_gradient(op: ChainGradient, node: Apply, **kwargs: Any) -> Any:
    return numba_njit(_both(numba_njit(_legs))[1])


chain = Chain()
_chain_gradient = ChainGradient()
