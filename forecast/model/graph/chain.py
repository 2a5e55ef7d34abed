"""The chain of what may happen until a date as one operation: a plain loop, with its derivative by complex steps.

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

HALVINGS: Final = 200
"""Of an interval that holds the log odds of a binary outcome without its causes."""

STRUCTURE: Final = (
    "condition_begins", "condition_joint", "condition_rest", "contest_condition", "turn_contest", "turn_variant",
    "stake_turn", "move_contest", "move_from", "move_to", "move_counts",
)  # fmt: skip
NUMBERS: Final = ("hazard", "push", "level")
"""Dims (stake), (move) and (variant): expected events in a stake, sum of the links that act in a move, log odds."""


def _rates(mass: Any, counts: Any, hazard: Any, ratio: Any) -> Any:
    """Hazards of the moves of one contest; dims (world at risk, member) for `ratio`, (member) for `hazard`."""
    mean = np.zeros(hazard.size, dtype=mass.dtype)
    for member in range(hazard.size):
        weighted = (mass * counts * ratio[:, member]).sum() + LEAST_MASS
        mean[member] = weighted / ((mass * counts).sum() + LEAST_MASS)
    return ratio * hazard / mean


def _without(mass: Any, counts: Any, push: Any, level: Any) -> Any:
    """Log odds w at which the mean of logistic(w + push) over worlds is logistic(level): bisection, then Newton's step."""
    if (mass * counts).real.sum() <= 0.0:
        return level + 0.0 * push[0]
    low, high = level.real - push.real.max() - 1.0, level.real - push.real.min() + 1.0
    weight, aim = (mass * counts).real, 1.0 / (1.0 + np.exp(-level.real))
    rest = 1.0 / (1.0 + np.exp(level.real))
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        place = middle + push.real
        if level.real < 0.0:
            too_low = (weight / (1.0 + np.exp(-place))).sum() < aim * weight.sum()
        else:
            too_low = (weight / (1.0 + np.exp(place))).sum() > rest * weight.sum()
        if too_low:
            low = middle
        else:
            high = middle
    root = 0.5 * (low + high)
    place = root + push
    yes, no = 1.0 / (1.0 + np.exp(-place)), 1.0 / (1.0 + np.exp(place))
    if level.real < 0.0:
        missing = (mass * counts * (yes - 1.0 / (1.0 + np.exp(-level)))).sum()
    else:
        missing = (mass * counts * (1.0 / (1.0 + np.exp(level)) - no)).sum()
    slope = (mass * counts * yes * no).sum()
    return root - missing / slope


def _walker(rates_of: Any, without: Any) -> Any:
    """The walk of one condition, plain or compiled like its parts."""

    def walk(
        first: int, last: int, begins: Any, turn_contest: Any, turn_variant: Any, stake_turn: Any, move_contest: Any,
        move_from: Any, move_to: Any, move_counts: Any, hazard: Any, push: Any, level: Any,
    ) -> Any:  # fmt: skip
        """Masses of the worlds of one condition after its turns; `first` and `last` are the bounds of these."""
        mass = begins + 0.0 * push[0]
        for turn in range(first, last):
            moves = np.flatnonzero(move_contest == turn_contest[turn])
            stakes = np.flatnonzero(stake_turn == turn)
            members = 1 if turn_variant[turn] > 0 else stakes.size
            risk = move_from[moves[::members]]
            counts = move_counts[moves[::members]]
            there = mass[risk]
            pushed = push[moves].copy().reshape(risk.size, members)
            if turn_variant[turn] > 0:
                place = without(there, counts, pushed[:, 0], level[turn_variant[turn] - 1]) + pushed[:, 0]
                for world in range(risk.size):
                    mass[move_to[moves[world]]] += there[world] / (1.0 + np.exp(-place[world]))
                    mass[risk[world]] = there[world] / (1.0 + np.exp(place[world]))
            else:
                ratio = np.exp(pushed)
                begun = rates_of(there, counts, hazard[stakes], ratio)
                half = there * np.exp(-0.5 * begun.sum(axis=1))
                rates = rates_of(half, counts, hazard[stakes], ratio)
                for world in range(risk.size):
                    total = rates[world].sum()
                    leaving = there[world] * -np.expm1(-total) / (total + LEAST_TOTAL)
                    for member in range(members):
                        mass[move_to[moves[world * members + member]]] += leaving * rates[world, member]
                    mass[risk[world]] = there[world] * np.exp(-total)
        return mass

    return walk


def _both(walk: Any) -> tuple[Any, Any]:
    """The values, dims (2, condition), and the gradient of a weighted sum of them; from the walk of one condition."""

    def values(
        begins: Any, joint: Any, rest: Any, contest_condition: Any, turn_contest: Any, turn_variant: Any, stake_turn: Any,
        move_contest: Any, move_from: Any, move_to: Any, move_counts: Any, hazard: Any, push: Any, level: Any,
    ) -> Any:  # fmt: skip
        of, found = contest_condition[turn_contest], np.zeros((2, begins.shape[0]))
        for n in range(begins.shape[0]):
            first, last = np.searchsorted(of, n), np.searchsorted(of, n + 1)
            mass = walk(
                first, last, begins[n], turn_contest, turn_variant, stake_turn, move_contest, move_from, move_to,
                move_counts, hazard, push, level,
            )  # fmt: skip
            found[0, n], found[1, n] = (joint[n] * mass).sum(), (rest[n] * mass).sum()
        return found

    def gradient(
        begins: Any, joint: Any, rest: Any, contest_condition: Any, turn_contest: Any, turn_variant: Any, stake_turn: Any,
        move_contest: Any, move_from: Any, move_to: Any, move_counts: Any, hazard: Any, push: Any, level: Any,
        weights: Any,
    ) -> Any:  # fmt: skip
        """Of hazard, push and level, one after the other."""
        of = contest_condition[turn_contest]
        numbers = np.concatenate((hazard, push, level)).astype(np.complex128)
        stakes, moves = hazard.size, push.size
        found = np.zeros(numbers.size)
        for n in range(begins.shape[0]):
            first, last = np.searchsorted(of, n), np.searchsorted(of, n + 1)
            for number in range(numbers.size):
                if number < stakes:
                    own = of[stake_turn[number]]
                elif number < stakes + moves:
                    own = contest_condition[move_contest[number - stakes]]
                else:
                    own = n
                if own != n:
                    continue
                numbers[number] += 1j * STEP
                mass = walk(
                    first, last, begins[n], turn_contest, turn_variant, stake_turn, move_contest, move_from, move_to,
                    move_counts, numbers[:stakes], numbers[stakes : stakes + moves], numbers[stakes + moves :],
                )  # fmt: skip
                numbers[number] -= 1j * STEP
                slope = weights[0, n] * (joint[n] * mass).sum().imag + weights[1, n] * (rest[n] * mass).sum().imag
                found[number] += slope / STEP
        return found

    return values, gradient


_VALUES, _GRADIENT = _both(_walker(_rates, _without))


class Chain(Op):
    """Masses at the date of the worlds of condition and effect and of those of the condition alone; dims (2, condition).

    Inputs: `STRUCTURE` and `NUMBERS`.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, [pt.as_tensor_variable(value) for value in inputs], [pt.dmatrix()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        output_storage[0][0] = _VALUES(*inputs)

    def pullback(self, inputs: list[Any], outputs: list[Any], output_gradients: list[Any]) -> list[Any]:
        found = _chain_gradient(*inputs, output_gradients[0])
        hazard, push, _ = inputs[len(STRUCTURE) :]
        stakes, moves = hazard.shape[0], push.shape[0]
        still = [pt.zeros_like(value, dtype="float64") for value in inputs[: len(STRUCTURE)]]
        return [*still, found[:stakes], found[stakes : stakes + moves], found[stakes + moves :]]

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        return [(2, shapes[0][0])]


class ChainGradient(Op):
    """Gradient of a weighted sum of `Chain`; one more input, the weights, of dims (2, condition)."""

    __props__ = ()

    def make_node(self, *inputs: Any) -> Apply:
        return Apply(self, [pt.as_tensor_variable(value) for value in inputs], [pt.dvector()])

    def perform(self, node: Apply, inputs: list[Any], output_storage: list[list[Any]]) -> None:
        output_storage[0][0] = _GRADIENT(*inputs)


def _compiled() -> tuple[Any, Any]:
    return _both(numba_njit(_walker(numba_njit(_rates), numba_njit(_without))))


@register_funcify_default_op_cache_key(Chain)
def _compile_values(op: Chain, node: Apply, **kwargs: Any) -> Any:
    return numba_njit(_compiled()[0])


@register_funcify_default_op_cache_key(ChainGradient)
def _compile_gradient(op: ChainGradient, node: Apply, **kwargs: Any) -> Any:
    return numba_njit(_compiled()[1])


chain = Chain()
_chain_gradient = ChainGradient()
