"""Reads typed values out of table rows and remembers where each one that cannot be read stands."""

from __future__ import annotations

import functools
import math
import re
import sys
from collections.abc import Collection, Sequence
from datetime import date

from forecast.errors import FieldError
from forecast.study.document.calendar import Calendar
from forecast.study.document.fields import COVARIATE_WORDS, LARGEST, TRUTHS, parse_date, percentage
from forecast.study.document.period_labels import read_period
from forecast.study.reading.missing_codes import advice
from forecast.study.reading.problems import MAX_REPORTED, READS, shown
from forecast.study.reading.suggest import nearest_hint
from forecast.study.reading.table import Cell, Row, cell_text
from forecast.study.rows.left_out import LeftOut

MOST_ERRORS = 1000
"""Of one table. The first fifty are reported, and how many more there are at least."""

_WITH_COMMA = re.compile(r"[-+]?[\d.,' \u00a0\u202f]*[,' \u00a0\u202f][\d.,]+\s?%?")
_cached_period = functools.lru_cache(maxsize=65_536)(read_period)
_cached_date = functools.lru_cache(maxsize=65_536)(parse_date)


class RowReader:
    """Values of one table's rows; a bad cell gives None and an entry in `errors`.

    Parameters
    ----------
    rows
        Rectangular rows with canonical cells.
    path
        Where the table stands in the document, as ``reference_classes[0]``.
    file
        The CSV file that the rows came from, None when they stand in the document. Its rows are numbered as a
        spreadsheet shows them: the header is row 1.
    leaves_out
        Whether rows that lack what is needed are left out rather than wrong.
    """

    def __init__(self, rows: Sequence[Row], path: str, file: str | None, *, leaves_out: bool = False) -> None:
        sys.audit(READS, "rows")
        self.rows = rows
        self.path = path
        self.file = file
        self.columns: frozenset[str] = frozenset(rows[0] if rows else ())
        self.errors: list[FieldError] = []
        self.left_out: list[LeftOut] = []
        """Rows that say nothing, and why."""
        self._leaves_out = leaves_out

    def lacks(self, index: int, *columns: str) -> bool:
        """Whether a row lacks one of these columns' cells and is left out for it."""
        if not self._leaves_out:
            return False
        blank = next((column for column in columns if self.rows[index].get(column) is None), None)
        if blank is not None:
            self.leave_out(index, f"its {blank} is unknown, so not used")
        return blank is not None

    @property
    def name(self) -> str:
        """The table, as a message calls it."""
        return self.file or f"{self.path}.rows"

    def place(self, index: int, column: str | None = None) -> str:
        """Where a cell (or a row) is; `index` counts from 0."""
        return row_place(self.file, self.path, index, column)

    def fail(self, index: int, column: str | None, code: str, message: str) -> None:
        """Remember that a cell (or a row) is wrong; beyond many nothing is remembered."""
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(FieldError(self.place(index, column), code, message))

    def leave_out(self, index: int, why: str) -> None:
        """Remember that a row is right, and not used."""
        self.left_out.append(LeftOut(self.path, self.file, index, why))

    def require_columns(self, *columns: str) -> bool:
        """Whether the table has all of these columns; each missing one is an error."""
        missing = [column for column in columns if column not in self.columns]
        for column in missing:
            self.errors.append(
                FieldError(
                    self.path,
                    "missing_column",
                    f"{self.name} has no column {column!r}; expected one; {nearest_hint(column, self.columns)}",
                )
            )
        return not missing

    def text(self, index: int, column: str, *, limit: int = 200) -> str | None:
        """Text that must not be blank."""
        text = self.optional_text(index, column, limit=limit)
        if text is None and self.rows[index].get(column) is None:
            self.fail(index, column, "blank", "blank; expected text; fill it in or leave the row out")
        return text

    def optional_text(self, index: int, column: str, *, limit: int = 20_000) -> str | None:
        """Text, or None when blank or when there is no such column."""
        cell = self.rows[index].get(column)
        if cell is None:
            return None
        text = cell_text(cell)
        if len(text) > limit:
            self.fail(index, column, "too_long", f"{len(text)} characters; expected at most {limit}; shorten it")
            return None
        return text

    def number(
        self,
        index: int,
        column: str,
        *,
        low: float = -LARGEST,
        high: float = LARGEST,
        default: float | None = None,
        whole: bool = False,
        required: bool = True,
    ) -> float | None:
        """A number within low..high; blank gives `default`, and is an error when there is none and one is required."""
        cell = self.rows[index].get(column)
        if cell is None:
            if default is None and required:
                self.fail(
                    index,
                    column,
                    "blank",
                    "blank; expected a number (zero is not missing); fill it in or leave out the row",
                )
            return default
        value = _share(cell) if high <= 1.0 else finite_number(cell)
        if whole and high <= 1.0 and isinstance(cell, str):
            value = TRUTHS.get(cell.lower(), value)
        if value is None or not low <= value <= high or (whole and not value.is_integer()):
            kind = "a whole number" if whole else "a number"
            span = f"from {low:g} to {high:g}" if high < LARGEST else f"of at least {low:g}" if low > -LARGEST else ""
            self.fail(
                index,
                column,
                "number",
                f"{shown(cell)} is not {kind} {span}".rstrip() + "; expected that; correct the cell" + _hint(cell),
            )
            return None
        return value

    def covariate(self, index: int, column: str) -> float | None:
        """A number, a percentage, or yes, no, partial; blank is an error."""
        cell = self.rows[index].get(column)
        if cell is None:
            self.fail(
                index,
                column,
                "blank",
                "a blank covariate (zero is not missing); expected a number or yes, no, partial; fill it in, exclude the "
                "row with `where`, or say `missing: []` to leave such rows out",
            )
            return None
        if isinstance(cell, str) and cell.lower() in COVARIATE_WORDS:
            return COVARIATE_WORDS[cell.lower()]
        value = _share(cell)
        if value is None or abs(value) > LARGEST:
            self.fail(
                index,
                column,
                "covariate",
                f"{shown(cell)} is not a covariate's value; expected a number up to {LARGEST:g} or yes, no, partial; "
                f"correct the cell{_hint(cell)}",
            )
            return None
        return value

    def day(self, index: int, column: str, *, required: bool = True) -> date | None:
        """A date; blank gives None, and is an error when it is required."""
        cell = self.rows[index].get(column)
        if cell is None:
            if required:
                self.fail(
                    index, column, "blank", "blank; expected a date such as 2021-09-10; fill it in or leave the row out"
                )
            return None
        try:
            return _cached_date(cell)
        except ValueError as error:
            self.fail(index, column, "date", f"{error}{advice(cell)}")
            return None

    def natural_period(self, index: int, column: str, calendar: Calendar) -> tuple[date, date] | None:
        """First and last day of the period that a cell (``2021-03``, ``Mar 2021``, ``2021-W09``, ``2021Q1``) names."""
        try:
            return _cached_period(cell_text(self.rows[index].get(column)), calendar)
        except ValueError as error:
            self.fail(index, column, "period", f"{error}{advice(self.rows[index].get(column))}")
            return None

    def word(self, index: int, column: str, known: Collection[str], noun: str, *, required: bool = True) -> str | None:
        """A known word, be it in upper or lower case; else as `one_of`."""
        folded = cell_text(self.rows[index].get(column)).lower()
        return folded if folded in known else self.one_of(index, column, known, noun, required=required)

    def one_of(
        self, index: int, column: str, known: Collection[str], noun: str, *, required: bool = True
    ) -> str | None:
        """A known name; blank gives None, and is an error when one is required."""
        cell = self.rows[index].get(column)
        if cell is None and not required:
            return None
        text = cell_text(cell)
        if text not in known:
            self.fail_unknown(index, column, None if cell is None else text, known, noun)
            return None
        return text

    def fail_unknown(self, index: int, column: str, name: str | None, known: Collection[str], noun: str) -> None:
        """Remember that a cell names what is not known; None for one that is blank."""
        seen = "blank" if name is None else f"{shown(name)} is unknown"
        # Only the first are reported, and looking for the nearest name takes time.
        to_do = nearest_hint(name or "", known) if len(self.errors) < MAX_REPORTED else "correct it"
        self.fail(index, column, "unknown", f"{seen}; expected {noun}; {to_do}{advice(name)}")


def row_place(file: str | None, path: str, index: int, column: str | None = None) -> str:
    """Where a cell (or a row) of a table is, as a spreadsheet or the document counts; see `RowReader`."""
    if file is not None:
        return f"{file} row {index + 2}" + (f" column {column}" if column else "")
    return f"{path}.rows[{index}]" + (f".{column}" if column else "")


def finite_number(cell: Cell) -> float | None:
    """A cell as a finite number; None when it is anything else."""
    if isinstance(cell, str):
        try:
            value = float(cell) if len(cell) <= 60 and "_" not in cell else math.nan
        except ValueError:
            return None
        return value if math.isfinite(value) else None
    return None if cell is None else float(cell)


def _share(cell: Cell) -> float | None:
    """A cell as a finite number, be it a percentage."""
    share = percentage(cell) if isinstance(cell, str) else None
    return finite_number(cell) if share is None else share


def _hint(cell: Cell) -> str:
    """What a cell that is no number may have been meant for, as the end of a message."""
    if isinstance(cell, str) and len(cell) <= 60 and _WITH_COMMA.fullmatch(cell):
        return "; a decimal comma, or thousands? write 1234.5, without separators of thousands"
    return advice(cell)
