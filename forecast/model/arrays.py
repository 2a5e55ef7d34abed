"""The model's data as named arrays: one study of any shape, ready to be swapped into the compiled program.

tests/model/test_arrays.py proves that wrong shapes, wrong indices and numbers that are not finite are refused before
they reach compiled code, which checks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from forecast.model.array_specs import OR_NONE, ArraySpec
from forecast.model.latent_specs import LATENTS
from forecast.model.specs import ARRAYS, DIMS

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class ModelArrays(dict[str, npt.NDArray[np.generic]]):
    """Checked named arrays and the length of every dim.

    Parameters
    ----------
    arrays
        Every entry of `ARRAYS`.
    frailties
        Length of the dim frailty, which no array has.

    Raises
    ------
    ValueError
        From the constructor: an array is missing or unknown, has the wrong number of dims, disagrees about the length
        of a dim, points outside the dim that it indexes, is negative where it may not be, or is not finite.
    """

    def __init__(self, arrays: Mapping[str, npt.ArrayLike], *, frailties: int) -> None:
        unknown, missing = set(arrays) - set(ARRAYS), set(ARRAYS) - set(arrays)
        if unknown or missing:
            raise ValueError(
                f"unknown arrays {sorted(unknown)}, missing arrays {sorted(missing)}; expected {sorted(ARRAYS)}"
            )
        super().__init__({name: np.ascontiguousarray(arrays[name], dtype=spec.dtype) for name, spec in ARRAYS.items()})
        self.lengths: dict[str, int] = {"frailty": frailties}
        for name, spec in ARRAYS.items():
            self._check_shape(name, spec)
        for name, spec in ARRAYS.items():
            self._check_values(name, spec)

    def _check_shape(self, name: str, spec: ArraySpec) -> None:
        shape = self[name].shape
        if len(shape) != len(spec.dims):
            raise ValueError(f"array {name} has {len(shape)} dims; expected {spec.dims}")
        for dim, size in zip(spec.dims, shape, strict=True):
            if self.lengths.setdefault(dim, size) != size:
                raise ValueError(
                    f"array {name} has length {size} along {dim}; the other arrays have {self.lengths[dim]}"
                )

    def _check_values(self, name: str, spec: ArraySpec) -> None:
        values = self[name]
        if values.size == 0:
            return
        if not np.isfinite(values).all():
            raise ValueError(f"array {name} holds a number that is not finite")
        if spec.minimum is not None and float(values.min()) < spec.minimum:
            raise ValueError(f"array {name} holds {values.min()}; expected at least {spec.minimum}")
        if spec.indexes is not None:
            dim = spec.indexes.removesuffix(OR_NONE)
            size = self.lengths[dim] + (dim != spec.indexes)
            low, high = int(values.min()), int(values.max())
            if low < 0 or high >= size:
                raise ValueError(f"array {name} points to {low}..{high}; expected 0..{size - 1} of {spec.indexes}")

    @property
    def parameters(self) -> int:
        """How many unconstrained parameters the sampler sees."""
        return sum(int(np.prod([self.lengths[dim] for dim in latent.dims])) for latent in LATENTS.values())


def probe_arrays() -> ModelArrays:
    """Every block present with length one, and two of outcomes, which a pair needs, and of worlds: exercises every term of the density."""
    lengths = {"outcome": 2, "variant": 2, "world": 2}
    values = {
        name: np.full(
            [lengths.get(dim, 1) for dim in spec.dims], 0.5 if spec.dtype == "float64" else 0, dtype=spec.dtype
        )
        for name, spec in ARRAYS.items()
    }
    ones = (
        "history_period",
        "indicator_factor",
        "question_link",
        "part_link",
        "question_steps",
        "question_is_sure",
        "pair_row",
        "integral_unit",
        "move_to",
        "cell_stage",
        "span_stage",
        "candidate_choice",
        "poll_steps",
        "grade_weight",
    )
    values |= {name: np.ones_like(values[name]) for name in ones}
    values["rule_from"] = np.zeros(1)
    values["variant_outcome"] = np.arange(2)
    values["outcome_leader"] = np.zeros(2)
    values["outcome_reflection"] = np.ones(2)
    # A judged event; and what is turned within a group of one is reflected.
    values["question_is_binary"] = np.zeros(1)
    values["expert_reflection"] = np.array([np.sqrt(2.0)])
    return ModelArrays(values, frailties=1)


def empty_arrays(**lengths: int) -> dict[str, npt.NDArray[np.generic]]:
    """Zeros of the given lengths; a dim that is not named has length zero."""
    unknown = set(lengths) - set(DIMS)
    if unknown:
        raise ValueError(f"unknown dims {sorted(unknown)}; expected some of {DIMS}")
    return {
        name: np.full([lengths.get(dim, 0) for dim in spec.dims], spec.minimum or 0, dtype=spec.dtype)
        for name, spec in ARRAYS.items()
    }


def smallest_arrays() -> ModelArrays:
    """One outcome with only a prior, every other block empty: what the program is compiled with."""
    arrays = empty_arrays(outcome=1, variant=1)
    arrays["mu_scale"] = np.ones(1)
    arrays["present_new"] = np.ones(1)
    return ModelArrays(arrays, frailties=0)
