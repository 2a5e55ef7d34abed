"""Numbers of a study's tables, column by column, and those among them that may not mean what they say.

Codes for missing values, values far from all others, and scales on which an effect of the stated size makes no sense.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from forecast.study.document.document import Study
from forecast.study.document.evidence import ReferenceClass
from forecast.study.reading.missing_codes import is_code
from forecast.study.rows.case_layout import matches
from forecast.study.rows.row_reader import RowReader

FEWEST: Final = 5
"""Values, and three different ones of them, for one to be far from all others."""
FAR: Final = 3.0
"""Ranges of all other values between them and one that is far from them."""
FAR_RATIO: Final = 10.0
"""At least, between a time or a count and the nearest other, for it to be far from them."""
_FEW: Final = 0.1
"""Share of all values that may be far from the others."""
_OF_TIMES: Final = ("duration", "entry", "exposure", "events")


@dataclass(frozen=True)
class Column:
    """The numbers of one column."""

    reader: RowReader
    name: str
    """In the table."""
    numbers: Mapping[int, float]
    """By row, counted from 0."""
    is_ratio: bool
    """Whether values are compared by their ratio, as times and counts are."""
    may_have_codes: bool
    """Whether the study leaves open which codes for missing values the column has."""

    def places(self, rows: Sequence[int]) -> str:
        """Rows as a question names them."""
        shown = ", ".join(self.reader.place(row, self.name) for row in rows[:_SHOWN])
        return shown + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


_SHOWN: Final = 5


def columns(study: Study) -> Iterator[Column]:
    """Covariates, times and counts of reference classes, and the counts of indicators."""
    for index, group in enumerate(study.reference_classes):
        path = f"reference_classes[{index}]"
        reader = RowReader(group.table_rows, path, study.table_files.get(path))
        rows = [row for row, cells in enumerate(reader.rows) if matches(cells, group)]
        names = {group.column(name): False for name in group.covariates}
        names |= {group.column(name): True for name in _OF_TIMES if name not in group.covariates}
        for name, is_ratio in names.items():
            if name in reader.columns:
                yield _column(reader, name, rows, group.missing, is_ratio=is_ratio)
    for index, indicator in enumerate(study.indicators):
        path = f"indicators[{index}]"
        reader = RowReader(indicator.table_rows, path, study.table_files.get(path))
        yield _column(reader, "value", range(len(reader.rows)), indicator.missing, is_ratio=True)


def _column(reader: RowReader, name: str, rows: Sequence[int], missing: object, *, is_ratio: bool) -> Column:
    numbers = {
        row: float(cell)
        for row in rows
        if isinstance(cell := reader.rows[row].get(name), int | float) and not isinstance(cell, bool)
    }
    is_said = missing == () or (isinstance(missing, Mapping) and name in missing)
    return Column(reader, name, numbers, is_ratio, not is_said)


def codes(column: Column) -> dict[float, list[int]]:
    """Rows of numbers that may be codes for missing values, by code: those outside the range of all others."""
    if not column.may_have_codes:
        return {}
    found = {value for value in column.numbers.values() if value.is_integer() and is_code(int(value))}
    if not found:
        return {}
    others = [value for value in column.numbers.values() if value not in found]
    outside = {value for value in found if not others or not min(others) <= value <= max(others)}
    return {value: [row for row, number in column.numbers.items() if number == value] for value in sorted(outside)}


def far_values(column: Column) -> tuple[list[int], float] | None:
    """Rows far from all others, and how many ranges of the others they are away; None without any."""
    aside = codes(column)
    numbers = {row: value for row, value in column.numbers.items() if value not in aside}
    scale: Callable[[float], float] = (lambda value: math.log1p(max(value, 0.0))) if column.is_ratio else float
    if len(numbers) < FEWEST:
        return None
    ordered = sorted({scale(value) for value in numbers.values()})
    gaps = [(high - low, low, high) for low, high in pairwise(ordered)]
    if len(gaps) < 3:
        return None
    gap, low, high = max(gaps)
    above = [row for row, value in numbers.items() if scale(value) >= high]
    below = [row for row, value in numbers.items() if scale(value) <= low]
    few, rest = (
        (above, ordered[: ordered.index(high)]) if len(above) < len(below) else (below, ordered[ordered.index(high) :])
    )
    width = rest[-1] - rest[0]
    if (
        len(few) > max(1.0, _FEW * len(numbers))
        or len(rest) < 3
        or gap <= FAR * width * (0.5 if column.is_ratio else 1.0)
    ):
        return None
    if column.is_ratio and gap < math.log(FAR_RATIO):
        return None
    return few, gap / width


def mixed_percentages(study: Study, group: ReferenceClass, reader: RowReader) -> Iterator[tuple[str, int, int]]:
    """(column, row of a percentage, row of a plain number above 1) of covariates that are written both ways."""
    for name in group.covariates:
        column = group.column(name)
        cells = [(row, cells.get(column)) for row, cells in enumerate(reader.rows) if matches(cells, group)]
        percent = next((row for row, cell in cells if isinstance(cell, str) and cell.endswith("%")), None)
        number = next((row for row, cell in cells if isinstance(cell, int | float) and abs(cell) > 1.0), None)
        if percent is not None and number is not None:
            yield column, percent, number
