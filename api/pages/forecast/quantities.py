"""Numbers at a date on a forecast's page: where each lies, and how probable it is that some numbers are exceeded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.shared.bars import Bar
from forecast.answer import Exceedance, QuantityForecast
from forecast.wording import numbers
from forecast.wording.quantities import rounded, rounded_range, statement_said


@dataclass(frozen=True)
class ExceedanceRow:
    """One number, and how probable it is that it is exceeded."""

    value: str
    probability: str
    interval: str
    error: str


@dataclass(frozen=True)
class QuantityView:
    """A number at a date."""

    id: str
    title: str
    unit: str
    by: str
    median: str
    half: str
    interval: str
    bar: Bar
    first: str
    last: str
    """Numbers at the ends of the bar."""
    said: str
    asked: tuple[ExceedanceRow, ...]
    """Numbers that the study asks about."""
    law: tuple[ExceedanceRow, ...]
    """The whole law."""


def build_quantities(quantities: Sequence[QuantityForecast]) -> tuple[QuantityView, ...]:
    """In the study's order."""
    return tuple(map(_view, quantities))


def _view(quantity: QuantityForecast) -> QuantityView:
    at = {found.quantile: found for found in quantity.quantiles}
    unit = f" {quantity.unit}" if quantity.unit else ""
    median, interval = (
        rounded(quantity.median, at[0.5].mcse),
        rounded_range(quantity.interval.low, quantity.interval.high),
    )
    low, high = quantity.cumulative[0].value, quantity.cumulative[-1].value

    def place(number: float) -> str:
        if quantity.scale == "log":
            share = math.log(number / low) / math.log(high / low)
        else:
            share = (number - low) / (high - low)
        return f"{100 * min(max(share, 0.0), 1.0):.2f}%"

    return QuantityView(
        id=quantity.id,
        title=quantity.title,
        unit=quantity.unit or "",
        by=numbers.day(quantity.by),
        median=median,
        half=rounded_range(at[0.25].value, at[0.75].value),
        interval=interval,
        bar=Bar(
            low=place(quantity.interval.low),
            high=place(quantity.interval.high),
            estimate=place(quantity.median),
            label=f"{quantity.title}: median {median}{unit}, {interval} with 90 percent",
        ),
        first=rounded(low),
        last=rounded(high),
        said=statement_said(quantity),
        asked=tuple(map(_row, quantity.exceedance)),
        law=tuple(map(_row, quantity.cumulative)),
    )


def _row(found: Exceedance) -> ExceedanceRow:
    return ExceedanceRow(
        value=rounded(found.value),
        probability=numbers.percent(found.probability, found.mcse),
        interval=numbers.percent_range(found.interval),
        error=numbers.points(found.mcse),
    )
