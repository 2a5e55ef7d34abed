"""Numbers with a decimal comma, as spreadsheets in many countries write them: ``3,5`` is 3.5.

A spreadsheet writes all its numbers one way. They are read so where a column has nothing but numbers, one of them can
be nothing else (``3,5``; ``1,234`` may be a thousand), and no number of the table has a decimal point.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from forecast.study.reading.missing_codes import is_word_for_missing

_KINDS: Final = re.compile(
    r"(?P<neutral>(?:[-+]?\d+(?:[eE][-+]?\d+)?\s?%?|yes|no|true|false|partial)?)"
    r"|(?P<point>[-+]?\d*\.\d+(?:[eE][-+]?\d+)?\s?%?)"
    r"|(?P<thousands>[-+]?[1-9]\d{0,2}(?:,\d{3})+\s?%?)"
    r"|(?P<comma>[-+]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+(?:[eE][-+]?\d+)?\s?%?)",
    re.ASCII | re.IGNORECASE,
)
"""What a cell may be in a column of numbers; `thousands` may be a decimal comma as well, unless it has two."""

_LONGEST: Final = 40


def with_decimal_points(lines: Sequence[list[str]]) -> Sequence[list[str]]:
    """The cells of a table, decimal commas as points where its numbers have them."""
    width = len(lines[0]) if lines else 0
    with_commas = [place for place in range(width) if any("," in cells[place] for cells in lines)]
    # Of most tables nothing more needs to be looked at.
    if not any(_Column(lines, place).is_certain for place in with_commas):
        return lines
    columns = [_Column(lines, place) for place in range(width)]
    if any(column.is_numbers and column.has_points for column in columns):
        return lines
    places = {place for place, column in enumerate(columns) if column.is_numbers and column.has_commas}
    return [[_pointed(cell) if place in places else cell for place, cell in enumerate(cells)] for cells in lines]


class _Column:
    """What the cells of one column look like."""

    def __init__(self, lines: Sequence[list[str]], place: int) -> None:
        self.has_commas = self.has_points = self._has_certain = False
        self.is_numbers = True
        for cells in lines:
            cell = cells[place].strip()
            if len(cell) > _LONGEST or not self._take(cell):
                self.is_numbers = False
                return

    @property
    def is_certain(self) -> bool:
        """Whether it has nothing but numbers, and one of them has a comma that can only be a decimal one."""
        return self.is_numbers and self._has_certain

    def _take(self, cell: str) -> bool:
        found = _KINDS.fullmatch(cell)
        kind = found.lastgroup if found is not None else None
        if kind is None:
            return is_word_for_missing(cell)
        self.has_points |= kind == "point"
        self._has_certain |= kind == "comma"
        self.has_commas |= kind in ("comma", "thousands")
        # Two commas are thousands, so that a comma is no decimal one here.
        return kind != "thousands" or cell.count(",") == 1


def _pointed(cell: str) -> str:
    return cell.replace(".", "").replace(",", ".") if "," in cell else cell
