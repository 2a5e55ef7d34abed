"""The model's data as named arrays: one study of any shape, ready to be swapped into the compiled program.

Every prior parameter, index and count of the model is an entry of `ARRAYS`; an absent block is an array of length
zero. Nothing here knows of studies or of PyMC. tests/model/test_arrays.py proves that wrong shapes, wrong indices and
numbers that are not finite are refused before they reach compiled code, which checks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ArraySpec:
    """Dims, dtype and bounds of one named array; `indexes` names the dim that its values point into."""

    dims: tuple[str, ...]
    dtype: Literal["float64", "int64"] = "float64"
    indexes: str | None = None
    minimum: float | None = None


ARRAYS: Final[Mapping[str, ArraySpec]] = {
    # Priors of each outcome: level, spread of classes, frailty, age trend, departure from the trend.
    "mu_loc": ArraySpec(("outcome",)),
    "mu_scale": ArraySpec(("outcome",), minimum=0.0),
    "tau_scale": ArraySpec(("outcome",), minimum=0.0),
    "sigma_scale": ArraySpec(("outcome",), minimum=0.0),
    "trend_scale": ArraySpec(("outcome",), minimum=0.0),
    "wiggle_scale": ArraySpec(("outcome",), minimum=0.0),
    "beta_scale": ArraySpec(("covariate",), minimum=0.0),
    # A level is one reference class as one outcome sees it; a unit is one case as one outcome sees it.
    "level_outcome": ArraySpec(("level",), "int64", indexes="outcome"),
    "unit_level": ArraySpec(("unit",), "int64", indexes="level"),
    # 0 means no frailty; k > 0 is frailty k - 1.
    "unit_frailty": ArraySpec(("unit",), "int64", indexes="frailty_or_none"),
    "unit_covariates": ArraySpec(("unit", "covariate")),
    # Binary outcomes: weighted successes and trials.
    "trial_unit": ArraySpec(("trial",), "int64", indexes="unit"),
    "trial_yes": ArraySpec(("trial",), minimum=0.0),
    "trial_n": ArraySpec(("trial",), minimum=0.0),
    # Event outcomes: age bands, and weighted events and exposure of each unit in each band.
    "band_outcome": ArraySpec(("band",), "int64", indexes="outcome"),
    "band_log_age": ArraySpec(("band",)),
    # Centred cumulative sums: random-walk steps to the wiggle of each band.
    "walk": ArraySpec(("band", "step")),
    "cell_unit": ArraySpec(("cell",), "int64", indexes="unit"),
    "cell_band": ArraySpec(("cell",), "int64", indexes="band"),
    "cell_events": ArraySpec(("cell",), minimum=0.0),
    "cell_exposure": ArraySpec(("cell",), minimum=0.0),
    # The present case: its weights over levels, the rest for an unseen class, covariates, event-free history.
    "present_weights": ArraySpec(("outcome", "level"), minimum=0.0),
    "present_new": ArraySpec(("outcome",), minimum=0.0),
    "present_covariates": ArraySpec(("outcome", "covariate")),
    "history_outcome": ArraySpec(("history",), "int64", indexes="outcome"),
    "history_band": ArraySpec(("history",), "int64", indexes="band"),
    "history_exposure": ArraySpec(("history",), minimum=0.0),
}

DIMS: Final = tuple(sorted({dim for spec in ARRAYS.values() for dim in spec.dims} | {"frailty"}))


class ModelArrays(dict[str, npt.NDArray[np.generic]]):
    """Checked named arrays and the length of every dim.

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
            size = self.lengths["frailty"] + 1 if spec.indexes == "frailty_or_none" else self.lengths[spec.indexes]
            low, high = int(values.min()), int(values.max())
            if low < 0 or high >= size:
                raise ValueError(f"array {name} points to {low}..{high}; expected 0..{size - 1} of {spec.indexes}")

    @property
    def parameters(self) -> int:
        """How many unconstrained parameters the sampler sees."""
        n = self.lengths
        return 6 * n["outcome"] + n["outcome"] + n["level"] + n["covariate"] + n["step"] + n["frailty"]


def probe_arrays() -> ModelArrays:
    """Every block present with length one: exercises every term of the density."""
    return ModelArrays(
        {
            name: np.full([1] * len(spec.dims), 0.5 if spec.dtype == "float64" else 0, dtype=spec.dtype)
            for name, spec in ARRAYS.items()
        },
        frailties=1,
    )


def smallest_arrays() -> ModelArrays:
    """One outcome with only a prior, every other block empty: what the program is compiled with."""
    lengths = {dim: 1 if dim == "outcome" else 0 for dim in DIMS}
    arrays = {name: np.zeros([lengths[dim] for dim in spec.dims], dtype=spec.dtype) for name, spec in ARRAYS.items()}
    arrays["mu_scale"] = np.ones(1)
    arrays["present_new"] = np.ones(1)
    return ModelArrays(arrays, frailties=0)
