"""Quantities of the answer: quantiles and exceedance from the exact law that each draw gives."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.special import ndtr

from forecast.answer import Exceedance, Interval, QuantityForecast, QuantityQuantile, StatedQuantity
from forecast.futures.numbers import Numbers
from forecast.futures.scenarios import spread
from forecast.model.encoding.encoded import EncodedStudy
from forecast.montecarlo import mcse_of_mean
from forecast.study import Quantity, resolve_values, value_of
from forecast.study.document.quantity import Scale
from forecast.summary.draw_reader import DrawReader

FloatArray = npt.NDArray[np.float64]

QUANTILES: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
CURVE: Final = np.linspace(-3.0, 3.0, 25)
"""Places of the stated prior's scale at which the whole law is told."""
_WIDEST: Final = 12.0
"""Standard deviations of the stated prior within which quantiles are looked for."""


def read_numbers(encoded: EncodedStudy, read: DrawReader) -> Numbers | None:
    """What each draw says; None without quantities."""
    found = encoded.quantities
    if not found.items:
        return None
    return Numbers(
        names=tuple(quantity.id for quantity in found.items),
        scales=tuple(quantity.curve for quantity in found.items),
        quantity=np.asarray(encoded.arrays["grade_quantity"], dtype=np.int64),
        weight=np.asarray(encoded.arrays["grade_weight"], dtype=float),
        level=read.values("grade_level", "grade", found.coords["grade"]),
        spread=read.values("quantity_spread", "quantity", found.coords["quantity"]),
    )


def summarize_quantities(
    encoded: EncodedStudy, posterior: xr.Dataset, chains: int, values: dict[str, FloatArray]
) -> tuple[QuantityForecast, ...]:
    """The answer of every quantity, in the study's order.

    Parameters
    ----------
    values
        Numbers of the futures by quantity, dims (draw, replicate); for means alone.
    """
    numbers = read_numbers(encoded, DrawReader(posterior, None))
    if numbers is None:
        return ()
    return tuple(
        _summarize(encoded, quantity, place, numbers, chains, values[quantity.id])
        for place, quantity in enumerate(encoded.quantities.items)
    )


def quantity_errors(quantities: tuple[QuantityForecast, ...]) -> dict[str, float]:
    """Largest Monte Carlo error of the probabilities that make up each quantity's law."""
    return {
        value_of(quantity.id): max(found.mcse for found in (*quantity.cumulative, *quantity.exceedance))
        for quantity in quantities
    }


def _summarize(
    encoded: EncodedStudy, quantity: Quantity, place: int, numbers: Numbers, chains: int, values: FloatArray
) -> QuantityForecast:
    stated, study = quantity.prior.value, encoded.study
    quantiles = tuple(_quantile(numbers, place, quantile, chains) for quantile in QUANTILES)
    by_quantile = {found.quantile: found.value for found in quantiles}
    curve = quantity.curve.numbers(CURVE)
    return QuantityForecast(
        id=quantity.id,
        title=quantity.title,
        unit=quantity.unit,
        scale=quantity.scale.value,
        by=quantity.resolution.by or study.calendar.end_of(study.horizon),
        median=by_quantile[0.5],
        mean=None if quantity.scale is Scale.LOG else float(values.mean()),
        interval=Interval(low=by_quantile[0.05], high=by_quantile[0.95]),
        quantiles=quantiles,
        cumulative=_exceedance(numbers, place, curve, chains),
        exceedance=_exceedance(numbers, place, np.array(quantity.thresholds, dtype=float), chains),
        stated=StatedQuantity(low=stated.low, median=stated.median, high=stated.high, level=stated.level),
        cases=sum(value.quantity == quantity.id for value in resolve_values(study))
        if encoded.selection.reference_classes
        else 0,
        experts=tuple(expert for of, expert in encoded.quantities.estimators if of == quantity.id),
    )


def _exceedance(numbers: Numbers, place: int, at: FloatArray, chains: int) -> tuple[Exceedance, ...]:
    if not at.size:
        return ()
    above = 1.0 - at_most(numbers, place, at)
    errors = mcse_of_mean(above.T.reshape(len(at), chains, -1))
    return tuple(
        Exceedance(
            value=float(number),
            probability=float(np.clip(own.mean(), 0.0, 1.0)),
            mcse=float(np.nan_to_num(error)),
            interval=spread(own),
        )
        for number, own, error in zip(at, above.T, errors, strict=True)
    )


def at_most(numbers: Numbers, place: int, at: FloatArray) -> FloatArray:
    """Probability of each draw that a quantity is at most each number, exact; dims (draw, number)."""
    w, spread_within = numbers.scales[place].places(at), numbers.spread[:, place, None]
    found = np.zeros((len(numbers.level), len(w)))
    for grade in np.flatnonzero((numbers.quantity == place) & (numbers.weight > 0.0)):
        found += numbers.weight[grade] * ndtr((w - numbers.level[:, grade, None]) / spread_within)
    return found


def _quantile(numbers: Numbers, place: int, quantile: float, chains: int) -> QuantityQuantile:
    """By halving on the scale; its error is that of the probability there over the density."""
    scale, low, high = numbers.scales[place], -_WIDEST, _WIDEST
    for _ in range(60):
        middle = 0.5 * (low + high)
        if at_most(numbers, place, scale.numbers(np.array([middle]))).mean() < quantile:
            low = middle
        else:
            high = middle
    step = 1e-3
    around = scale.numbers(np.array([low - step, low, low + step]))
    chances = at_most(numbers, place, around)
    density = (chances[:, 2].mean() - chances[:, 0].mean()) / (around[2] - around[0])
    (error,) = mcse_of_mean(chances[:, 1].reshape(1, chains, -1))
    return QuantityQuantile(
        quantile=quantile, value=float(around[1]), mcse=float(np.nan_to_num(error) / max(density, 1e-300))
    )
