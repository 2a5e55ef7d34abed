"""Which character separates the cells of a table: a comma, a semicolon, a tab or a bar."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from forecast.study.reading.problems import one_error, shown

SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""In the order in which they are preferred, with their names in messages."""

_SAMPLE_CHARACTERS: Final = 100_000
_SAMPLE_RECORDS: Final = 200
_STATED: Final = re.compile(r'\A\ufeff?"?sep=(?P<mark>[^"\r\n]{0,20})"?(?:\r\n|\r|\n)', re.IGNORECASE)
"""What spreadsheets write above the header, and do not show."""
_OTHERS: Final = {" ": "blanks", ":": "colons", "^": "carets", "~": "tildes", "/": "slashes"}
_LINES: Final = 20


def split_off_separator(text: str, name: str) -> tuple[str, str]:
    """The separator of a table, and its text without a line ``sep=;`` at the top.

    The separator is the one with which most lines have as many cells as the header, and the header most cells.

    Raises
    ------
    StudyError
        When the table states another separator than the four.
    """
    stated = _STATED.match(text)
    if stated is None:
        return _found(text), text
    mark = stated["mark"].replace("\\t", "\t")
    if mark not in SEPARATORS:
        raise one_error(
            f"{name} line 1",
            "separator",
            f"its cells are said to be separated by {shown(mark)}; expected a comma, a semicolon, a tab or |; save it so",
        )
    return mark, text[stated.end() :]


def _found(text: str) -> str:
    best, best_score = ",", (0.0, 1)
    for separator in SEPARATORS:
        score = _score(text, separator)
        if score > best_score:
            best, best_score = separator, score
    return best


def _score(text: str, separator: str) -> tuple[float, int]:
    """Share of lines with as many cells as the header, and that number; nothing without a second column."""
    sample = io.StringIO(text[:_SAMPLE_CHARACTERS], newline="")
    try:
        records = [len(cells) for cells in islice(csv.reader(sample, delimiter=separator), _SAMPLE_RECORDS) if cells]
    except csv.Error:
        return 0.0, 1
    if len(text) > _SAMPLE_CHARACTERS and len(records) > 2:
        records.pop()  # cut off
    if not records or records[0] < 2:
        return 0.0, 1
    rows = records[1:]
    # A header alone says nothing against a separator.
    return (sum(count == records[0] for count in rows) + 0.5) / (len(rows) + 0.5), records[0]


def foreign_separator(text: str, columns: Sequence[str]) -> str | None:
    """What seems to separate the cells of a table of a single column, when that is none of the four; else None."""
    lines = [line.strip() for line in text.splitlines()[: _LINES + 1] if line.strip()]
    if len(columns) != 1 or len(lines) < 2:
        return None
    for mark, words in _OTHERS.items():
        counts = {len(line.split(mark if mark != " " else None)) for line in lines}
        if len(counts) == 1 and counts.pop() > 1:
            return words
    return None
