"""Codes that people write where a value is missing, such as NA or -99, and how a table says which are its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from forecast.study.reading.table import Cell, Row, cell_text

WORDS: Final = frozenset(
    [
        "na",
        "n/a",
        "n.a.",
        "n.a",
        "#n/a",
        "#na",
        "nan",
        "<na>",
        "null",
        "nil",
        "none",
        "missing",
        "unknown",
        "n.d.",
        "nd",
        ".",
        "..",
        "...",
        "-",
        "--",
        "?",
        "??",
        "#value!",
        "#div/0!",
        "#ref!",
    ]
) | {"not available"}
"""In lower case."""
_ALSO_ENDS: Final = frozenset(["none", "nil", "nd"])
"""Of these, what may as well say that a case has not ended, or has ended otherwise."""
NUMBERS: Final = frozenset(
    [-7, -8, -9, -66, -77, -88, -99, -666, -777, -888, -999, -7777, -8888, -9999, -99999, 999, 9999, 99999, 999999]
)
_AS_EVENTS: Final = NUMBERS | {99}

type Missing = tuple[Cell, ...] | Mapping[str, tuple[Cell, ...]]
"""Codes of all columns of a table, or by column."""


def is_word_for_missing(text: str) -> bool:
    """Whether a text is known as a code for a missing value."""
    return text.strip().lower() in WORDS


def is_code(cell: Cell) -> bool:
    """Whether a cell may be a code for a missing value; a number may be a value as well."""
    return is_word_for_missing(cell) if isinstance(cell, str) else cell is not None and cell in NUMBERS


def is_code_of_event(cell: Cell) -> bool:
    """Whether an event column's cell is one rather than a way in which cases end."""
    if isinstance(cell, str):
        return is_word_for_missing(cell) and cell.strip().lower() not in _ALSO_ENDS
    return cell is not None and cell in _AS_EVENTS


def advice(cell: Cell) -> str:
    """What to do about a cell that may be a code, as the end of an error message; empty for any other cell."""
    return f"; is it a code for a missing value? then say `missing: [{cell_text(cell)}]`" if is_code(cell) else ""


def with_blanks(rows: Sequence[Row], missing: Missing) -> tuple[Row, ...]:
    """The rows with blanks in place of codes; words count in upper and lower case alike."""
    if isinstance(missing, Mapping):
        codes = {column: frozenset(map(_folded, values)) for column, values in missing.items()}
        return tuple(
            {column: None if _folded(cell) in codes.get(column, ()) else cell for column, cell in row.items()}
            for row in rows
        )
    everywhere = frozenset(map(_folded, missing))
    return tuple(
        {column: None if _folded(cell) in everywhere else cell for column, cell in row.items()} for row in rows
    )


def _folded(cell: Cell) -> Cell:
    return cell.lower() if isinstance(cell, str) else cell
