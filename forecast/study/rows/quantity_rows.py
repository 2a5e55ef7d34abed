"""Rows about quantities as typed evidence, as of the study's date."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from forecast.study.document.fields import LARGEST
from forecast.study.document.quantity import Quantity, Scale
from forecast.study.reading.problems import shown
from forecast.study.rows.left_out import known_later
from forecast.study.rows.row_reader import RowReader


@dataclass(frozen=True, slots=True)
class HistoricalValue:
    """The number that a historical case had."""

    quantity: str
    reference_class: str
    case: str
    value: float
    weight: float
    row: int


@dataclass(frozen=True, slots=True)
class StatedQuantile:
    """An expert's statement: with this probability the number is at most `value`."""

    expert: str
    quantity: str
    quantile: float
    value: float
    on: date
    row: int


def read_values(reader: RowReader, quantities: Mapping[str, Quantity], as_of: date) -> tuple[HistoricalValue, ...]:
    """The values known on the as-of date, in the order of the table; undated ones are taken as known."""
    if not reader.require_columns("quantity", "class", "case", "value"):
        return ()
    found: list[HistoricalValue] = []
    first: dict[tuple[str, str, str], str] = {}
    for index in range(len(reader.rows)):
        if reader.lacks(index, "quantity", "class", "case", "value"):
            continue
        before = len(reader.errors)
        name = reader.word(index, "quantity", quantities, "a quantity")
        group, case = reader.text(index, "class", limit=64), reader.text(index, "case")
        value = _value(reader, index, quantities.get(name or ""))
        weight = reader.number(index, "weight", low=0.0, high=1.0, required=False)
        known_at = reader.day(index, "known_at", required=False)
        if name is None or group is None or case is None or value is None or len(reader.errors) > before:
            continue
        place = first.setdefault((name, group, case), reader.place(index))
        if place != reader.place(index):
            message = (
                f"{shown(case)} of {shown(group)} has a value of {name} in {place} already; expected one; remove one"
            )
            reader.fail(index, "case", "duplicate", message)
        elif known_at is not None and known_at > as_of:
            reader.leave_out(index, known_later(as_of))
        elif weight == 0.0:
            reader.leave_out(index, "its weight is 0")
        else:
            found.append(HistoricalValue(name, group, case, value, 1.0 if weight is None else weight, index))
    return tuple(found)


def read_quantiles(reader: RowReader, quantities: Mapping[str, Quantity], as_of: date) -> tuple[StatedQuantile, ...]:
    """Of each expert and quantity what was said on the last day, known on the as-of date; higher quantiles are higher numbers."""
    if not reader.require_columns("expert", "quantity", "quantile", "value", "on"):
        return ()
    said: list[StatedQuantile] = []
    for index in range(len(reader.rows)):
        if reader.lacks(index, "expert", "quantity", "quantile", "value", "on"):
            continue
        before = len(reader.errors)
        expert = reader.text(index, "expert")
        name = reader.word(index, "quantity", quantities, "a quantity")
        quantile = reader.number(index, "quantile", low=0.0, high=1.0)
        if quantile is not None and quantile in (0.0, 1.0):
            reader.fail(
                index,
                "quantile",
                "number",
                f"the quantile {quantile:g} is a bound; expected a number between 0 and 1, such as 0.9",
            )
        value = _value(reader, index, quantities.get(name or ""))
        on = reader.day(index, "on")
        known_at = reader.day(index, "known_at", required=False) or on
        if expert is None or name is None or quantile is None or value is None or on is None:
            continue
        if len(reader.errors) > before:
            continue
        if known_at is not None and known_at > as_of:
            reader.leave_out(index, known_later(as_of))
            continue
        said.append(StatedQuantile(expert, name, quantile, value, on, index))
    last: dict[tuple[str, str], date] = {}
    for statement in said:
        key = statement.expert, statement.quantity
        last[key] = max(last.get(key, statement.on), statement.on)
    kept = []
    for statement in said:
        if statement.on == last[statement.expert, statement.quantity]:
            kept.append(statement)
        else:
            reader.leave_out(statement.row, "the same expert said something later on the same quantity")
    _check_order(reader, kept)
    return tuple(kept)


def _value(reader: RowReader, index: int, quantity: Quantity | None) -> float | None:
    value = reader.number(index, "value", low=-LARGEST, high=LARGEST)
    if value is not None and quantity is not None and quantity.scale is Scale.LOG and value <= 0.0:
        message = f"{value:g} of {quantity.id}, which has a log scale; expected a number above 0; correct it, or take the scale linear"
        reader.fail(index, "value", "number", message)
        return None
    return value


def _check_order(reader: RowReader, said: Sequence[StatedQuantile]) -> None:
    """Two quantiles of one expert that cross, or one that is stated twice."""
    by_expert: dict[tuple[str, str], list[StatedQuantile]] = {}
    for statement in said:
        by_expert.setdefault((statement.expert, statement.quantity), []).append(statement)
    for (expert, quantity), statements in by_expert.items():
        statements.sort(key=lambda statement: statement.quantile)
        for low, high in itertools.pairwise(statements):
            if low.quantile == high.quantile:
                message = (
                    f"{shown(expert)} states the quantile {high.quantile:g} of {quantity} in {reader.place(low.row)} already; expected "
                    "it once; remove one"
                )
                reader.fail(high.row, "quantile", "duplicate", message)
            elif high.value <= low.value:
                message = (
                    f"{shown(expert)} puts the quantile {high.quantile:g} of {quantity} at {high.value:g} and {low.quantile:g} at "
                    f"{low.value:g} ({reader.place(low.row)}); expected a higher number for a higher quantile; correct one"
                )
                reader.fail(high.row, "value", "crossing_quantiles", message)
