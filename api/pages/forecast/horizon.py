"""The table of all outcomes by the end of each future period."""

from __future__ import annotations

from dataclasses import dataclass

from forecast.answer import HorizonPoint, Interval, OutcomeForecast
from forecast.wording import numbers


@dataclass(frozen=True)
class HorizonColumn:
    """One outcome of the horizon table."""

    id: str
    title: str


@dataclass(frozen=True)
class HorizonRow:
    """All outcomes by the end of one period."""

    period: str
    date: str
    cells: tuple[tuple[str, str], ...]
    """Probability and interval, by outcome."""


def horizon_rows(outcomes: tuple[OutcomeForecast, ...]) -> tuple[HorizonRow, ...]:
    """A row for each future period."""
    if not outcomes:
        return ()
    return tuple(
        HorizonRow(
            period=str(same_end[0].period),
            date=numbers.short_day(same_end[0].date),
            cells=tuple(_horizon_cell(point, outcome) for point, outcome in zip(same_end, outcomes, strict=True)),
        )
        for same_end in zip(*(outcome.horizon for outcome in outcomes), strict=True)
    )


def _horizon_cell(point: HorizonPoint, outcome: OutcomeForecast) -> tuple[str, str]:
    if outcome.kind in ("binary", "categorical") and point.high == 0.0:
        return numbers.NONE, ""
    spread = Interval(low=point.low, high=point.high)
    return numbers.percent(point.probability, outcome.mcse), numbers.percent_range(spread, outcome.mcse)
