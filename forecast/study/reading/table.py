"""Tables as rows of canonical cells, one form whether a CSV file or the document itself brought them.

A cell is a number, a text or None (blank). Text that is a plain number is that number, so that ``1`` in a CSV file and
1 in JSON are one thing and give one digest; ``007``, ``+5`` and anything longer than 15 digits stay text. ``TRUE`` and
``False``, as spreadsheets and programs write them, are the words ``true`` and ``false``.
"""

from __future__ import annotations

import math
import re
from typing import Final

Cell = str | int | float | None
Row = dict[str, Cell]

MAX_ROWS: Final = 20_000
MAX_COLUMNS: Final = 200
MAX_CELLS: Final = 600_000
MAX_CELL_CHARACTERS: Final = 20_000

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-][0-9]+)?")
_WORDS: Final = {"TRUE": "true", "True": "true", "FALSE": "false", "False": "false"}
_MAX_DIGITS: Final = 15
"""Whole numbers up to here are exact in every JSON reader."""


def canonical_cell(value: object) -> Cell:
    """The canonical form of one cell; booleans become the words ``true`` and ``false``.

    Raises
    ------
    ValueError
        For NaN, infinity, lists and mappings.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value if abs(value) < 10**_MAX_DIGITS else str(value)
    if isinstance(value, float):
        return _canonical_number(value)
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if (text[0].isdigit() or text[0] == "-") and len(text) <= 40 and _PLAIN_NUMBER.fullmatch(text):
            return _number_of(text)
        return _WORDS.get(text, text)
    raise ValueError(
        f"a {type(value).__name__} in a cell; expected text, a number or nothing; put it into plain columns"
    )


def _number_of(text: str) -> Cell:
    if text.lstrip("-").isdigit():
        number = int(text)
        return number if abs(number) < 10**_MAX_DIGITS else text
    value = float(text)
    return _canonical_number(value) if math.isfinite(value) else text


def _canonical_number(value: float) -> Cell:
    """Whole floats as integers, so that 1 and 1.0 are one thing."""
    if not math.isfinite(value):
        raise ValueError(
            f"{value} in a cell; expected a finite number or a blank; leave the cell blank if it is unknown"
        )
    return int(value) if value.is_integer() and abs(value) < 10**_MAX_DIGITS else value


def cell_text(cell: Cell) -> str:
    """A cell as a person reads it; blank cells are empty."""
    return "" if cell is None else str(cell)


def canonical_rows(rows: list[dict[str, object]]) -> tuple[Row, ...]:
    """Inline rows made rectangular: each has every column that any of them has, missing cells blank.

    Raises
    ------
    CellError
        For a cell that is not one.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    result = []
    for index, row in enumerate(rows):
        cells: Row = {}
        for name in columns:
            try:
                cells[name] = canonical_cell(row.get(name))
            except ValueError as error:
                raise CellError(index, name, str(error)) from None
        result.append(cells)
    return tuple(result)


class CellError(ValueError):
    """A cell that cannot be one; `row` counts from 0."""

    def __init__(self, row: int, column: str, message: str) -> None:
        self.row, self.column = row, column
        super().__init__(message)
