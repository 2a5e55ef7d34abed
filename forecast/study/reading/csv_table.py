"""CSV files to rows, strictly: every line has a cell for every column.

Separator, encoding and decimal comma are recognised where a file leaves no doubt of them. Read with the standard library
rather than a data frame: polars fills a short line with nulls without a word, and a blank means "unknown" here, so a
lost comma would become missing data. 20,000 lines take a tenth of a second.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from forecast.errors import FieldError
from forecast.study.reading.decimal_commas import with_decimal_points
from forecast.study.reading.problems import one_error, shown, study_error
from forecast.study.reading.separators import SEPARATORS, foreign_separator, split_off_separator
from forecast.study.reading.suggest import duplicates
from forecast.study.reading.table import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROWS, Row, canonical_cell
from forecast.study.reading.table_text import read_table_text

if TYPE_CHECKING:
    from _csv import Reader as _CsvLines


def read_csv(body: bytes, name: str) -> tuple[Row, ...]:
    """The rows of a CSV file, cells canonical.

    It is in UTF-8, UTF-16 or Windows-1252, with commas, semicolons, tabs or bars between cells, and double quotes.

    Parameters
    ----------
    body
        The file's bytes.
    name
        The file's name, for messages.

    Raises
    ------
    StudyError
        For a file without rows, a header with blank or repeated names, a line with another number of cells than the
        header (by line number), or too many of anything.
    """
    separator, text = split_off_separator(read_table_text(body, name), name)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = next(reader, None)
        columns = _column_names(header, name)
        foreign = foreign_separator(text, columns)
        if foreign is not None:
            message = f"one column called {shown(columns[0])}, with {foreign} in every line"
            to_do = "expected commas, semicolons, tabs or bars between cells; save it so"
            raise one_error(f"{name} line 1", "separator", f"{message}; {to_do}")
        rows = _rows(reader, columns, name, SEPARATORS[separator])
    except csv.Error as error:
        raise one_error(
            f"{name} line {reader.line_num}",
            "csv",
            f"not CSV: {error}; cells seem to be separated by {SEPARATORS[separator]}; check the quotes",
        ) from None
    if not rows:
        raise one_error(
            name, "no_rows", "the table has a header and no rows; expected at least one; add rows or drop it"
        )
    return rows


def _column_names(header: list[str] | None, name: str) -> list[str]:
    columns = [column.strip() for column in header or []]
    if not any(columns):
        raise one_error(name, "no_header", "the first line is blank; expected column names; add a header line")
    if len(columns) > MAX_COLUMNS:
        raise one_error(name, "columns", f"{len(columns)} columns; expected at most {MAX_COLUMNS}; leave some out")
    if not all(columns):
        position = columns.index("") + 1
        raise one_error(
            f"{name} line 1", "header", f"column {position} has no name; expected one per column; name or remove it"
        )
    for column in duplicates(columns):
        raise one_error(
            f"{name} line 1", "header", f"two columns are called {shown(column)}; expected different names; rename one"
        )
    return columns


def _rows(reader: _CsvLines, columns: list[str], name: str, separator: str) -> tuple[Row, ...]:
    lines: list[list[str]] = []
    errors: list[FieldError] = []
    for cells in reader:
        line = reader.line_num
        if not cells:
            continue  # a blank line, as many editors leave at the end
        if len(cells) != len(columns):
            errors.append(
                FieldError(
                    f"{name} line {line}",
                    "ragged",
                    f"{len(cells)} cells; expected {len(columns)} as in the header, separated by {separator}; check its "
                    f"{separator} and quotes" + (", and that decimals have a point" if separator == "commas" else ""),
                )
            )
        elif len(lines) >= MAX_ROWS:
            raise one_error(name, "rows", f"more than {MAX_ROWS:,} rows; expected at most that; leave some out")
        elif any(len(cell) > MAX_CELL_CHARACTERS for cell in cells):
            errors.append(
                FieldError(
                    f"{name} line {line}", "cell", f"a cell has over {MAX_CELL_CHARACTERS:,} characters; shorten it"
                )
            )
        else:
            lines.append(cells)
    if errors:
        raise study_error(errors)
    return tuple(
        {column: canonical_cell(cell) for column, cell in zip(columns, cells, strict=True)}
        for cells in with_decimal_points(lines)
    )
