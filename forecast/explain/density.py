"""Log densities of draws under other arrays, by the compiled program itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from forecast.explain.runs import Fit, Runs
from forecast.inference.deviations import in_deviations, join_latents
from forecast.inference.engine.program import Program
from forecast.model.arrays import ModelArrays
from forecast.model.latent_specs import LATENTS
from forecast.model.specs import ARRAYS

FloatArray = npt.NDArray[np.float64]

DATA: tuple[str, ...] = (
    "trial", "cell", "span", "integral", "history", "verdict", "press", "race", "stretch", "count", "floor", "judgment", "record",
    "mark", "tally", "ruling", "word", "opinion",
)  # fmt: skip
"""Dims along which the likelihood adds up; nothing is sampled along them."""

CHECK_EVERY = 500
"""Draws between two questions whether to stop: some hundredths of a second, where no case has several correlated outcomes."""
TERMS_CHECK_EVERY = 20


def sampled_points(fit: Fit, without: str | None = None) -> FloatArray:
    """The draws as deviations, dims (draw, parameter); one variable may be left out."""
    values = {name: fit.values(name) for name in LATENTS}
    return join_latents({name: value[:, :0] if name == without else value for name, value in values.items()})


def log_densities(runs: Runs, arrays: ModelArrays, points: FloatArray) -> FloatArray:
    """Log density of each draw as deviations, priors and likelihood together; dims (draw).

    Raises
    ------
    ValueError
        When the points do not have the arrays' number of parameters, or a density is not finite.
    """
    if points.shape[1] != arrays.parameters:
        raise ValueError(f"points have {points.shape[1]} parameters; expected {arrays.parameters}, those of the arrays")
    loaded, result = runs.program.load(in_deviations(arrays)), np.empty(len(points))
    for start in range(0, len(points), CHECK_EVERY):
        runs.going_on()
        some = slice(start, start + CHECK_EVERY)
        result[some] = loaded.log_densities(points[some])
    if not np.isfinite(result).all():
        raise ValueError("the log density of a draw is not finite under other arrays; expected a finite number")
    return result


def with_arrays(arrays: ModelArrays, **changes: npt.ArrayLike) -> ModelArrays:
    """The same arrays with some replaced."""
    return ModelArrays({**arrays, **changes}, frailties=arrays.lengths["frailty"])


def likelihood_terms(
    program: Program, arrays: ModelArrays, points: FloatArray, going_on: Callable[[], None] = lambda: None
) -> dict[str, FloatArray]:
    """Terms of the log likelihood under each draw as deviations, by name; dims (draw, term).

    Parameters
    ----------
    going_on
        Called now and then; what it raises ends the work.
    """
    loaded = program.load(in_deviations(arrays))
    parts: list[dict[str, FloatArray]] = []
    for start in range(0, len(points), TERMS_CHECK_EVERY):
        going_on()
        parts.append(loaded.terms(points[start : start + TERMS_CHECK_EVERY]))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def keep_rows(arrays: ModelArrays, dim: str, kept: npt.NDArray[np.bool_]) -> dict[str, npt.ArrayLike]:
    """All arrays along a dim with some of its rows."""
    return {
        name: np.compress(kept, arrays[name], axis=spec.dims.index(dim))
        for name, spec in ARRAYS.items()
        if dim in spec.dims
    }


def without_data(arrays: ModelArrays) -> ModelArrays:
    """The same model with no data but the answers of track records, whose questions are sampled themselves."""
    changes: dict[str, npt.ArrayLike] = {}
    for dim in DATA:
        changes |= keep_rows(arrays, dim, np.zeros(arrays.lengths[dim], dtype=bool))
    return with_arrays(arrays, **changes)
