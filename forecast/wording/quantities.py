"""How the answer for a number at a date is said."""

from __future__ import annotations

import math

from forecast.answer import QuantityForecast
from forecast.wording.numbers import EN_DASH, MINUS, NO_BREAK_SPACE

_SMALLEST, _LARGEST = -6, 14
"""Powers of ten of numbers that are written out."""


def rounded(number: float, error: float | None = None) -> str:
    """A number with as many digits as its error leaves, one at least and three at most, thousands apart: `34,100`."""
    if number == 0.0:
        return "0"
    size = math.floor(math.log10(abs(number)))
    if not _SMALLEST <= size <= _LARGEST:
        return f"{number:.2e}".replace("-", MINUS)
    digits = 2 - size
    if error is not None and error > 0.0:
        digits = max(min(digits, -math.floor(math.log10(error))), -size)
    shown = round(number, digits)
    text = f"{abs(shown):,.{max(digits, 0)}f}"
    return f"{MINUS}{text}" if shown < 0 else text


def rounded_range(low: float, high: float) -> str:
    """An interval of numbers; with a dash, or `to` where a sign would be mistaken for one."""
    return f"{rounded(low)} to {rounded(high)}" if low < 0 else f"{rounded(low)}{EN_DASH}{rounded(high)}"


def statement_said(quantity: QuantityForecast) -> str:
    """What the study stated, and what else speaks of it."""
    stated = quantity.stated
    level = f"{100 * stated.level:.0f}{NO_BREAK_SPACE}%"
    said = f"Stated: median {rounded(stated.median)}, {rounded_range(stated.low, stated.high)} ({level})."
    heard = []
    if quantity.cases:
        heard.append(f"{quantity.cases} historical {'case' if quantity.cases == 1 else 'cases'}")
    if quantity.experts:
        heard.append(f"{len(quantity.experts)} {'expert' if len(quantity.experts) == 1 else 'experts'}")
    return (
        f"{said} With {' and '.join(heard)} it became what stands here."
        if heard
        else f"{said} Nothing else speaks of it."
    )
