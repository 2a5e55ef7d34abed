"""How the answer for a number at a date is said."""

from __future__ import annotations

import math

from forecast.answer import QuantityForecast
from forecast.wording.numbers import EN_DASH, MINUS, NO_BREAK_SPACE


def amount(number: float, error: float | None = None) -> str:
    """A number with as many digits as its error leaves, three at most, and thousands apart: `34,100`."""
    if number == 0.0 or not math.isfinite(number):
        return f"{number:g}"
    size = math.floor(math.log10(abs(number)))
    digits = 2 - size
    if error is not None and error > 0.0:
        digits = min(digits, -math.floor(math.log10(error)))
    shown = round(number, digits)
    text = f"{abs(shown):,.{max(digits, 0)}f}"
    return f"{MINUS}{text}" if shown < 0 else text


def amount_range(low: float, high: float) -> str:
    """An interval of numbers; with a dash, or `to` where a sign would be mistaken for one."""
    return f"{amount(low)} to {amount(high)}" if low < 0 else f"{amount(low)}{EN_DASH}{amount(high)}"


def statement_said(quantity: QuantityForecast) -> str:
    """What the study stated, and what else speaks of it."""
    stated = quantity.stated
    level = f"{100 * stated.level:.0f}{NO_BREAK_SPACE}%"
    said = f"Stated: median {amount(stated.median)}, {amount_range(stated.low, stated.high)} ({level})."
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
