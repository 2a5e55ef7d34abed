"""Puts the rows of a document's tables in place of their file names, so that the document stands on its own."""

from __future__ import annotations

from typing import Any, cast

from forecast.errors import FieldError, StudyError
from forecast.study.reading.csv_table import read_csv
from forecast.study.reading.plain_data import MAX_BYTES
from forecast.study.reading.problems import Location, one_error, path_text, study_error
from forecast.study.reading.table import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, CellError, Row, canonical_rows
from forecast.study.reading.table_files import TableSource


def inline_tables(document: dict[str, Any], source: TableSource) -> tuple[dict[str, Any], dict[str, str]]:
    """The document with every `table` replaced by `rows` of canonical cells, and the files by place in the document.

    Raises
    ------
    StudyError
        With everything that is wrong in any table's form; what the rows mean is checked later.
    """
    inliner = _Inliner(source)
    document = dict(document)
    for key in ("reference_classes", "indicators"):
        if isinstance(document.get(key), list):
            document[key] = [inliner.block(block, (key, index)) for index, block in enumerate(document[key])]
    for key in ("judgments", "track_records", "resolutions", "values", "quantiles"):
        if key in document:
            document[key] = inliner.block(document[key], (key,))
    if inliner.errors:
        raise study_error(inliner.errors)
    return document, inliner.files


class _Inliner:
    """Reads each file once, and keeps count of what all tables together bring."""

    def __init__(self, source: TableSource) -> None:
        self.errors: list[FieldError] = []
        self.files: dict[str, str] = {}
        self._source = source
        self._tables: dict[str, tuple[tuple[Row, ...], int]] = {}
        self._failed: set[str] = set()
        self._cells = 0
        self._bytes = 0

    def block(self, block: object, at: Location) -> object:
        """A block with its rows in place; what is not a block with a table comes back as it is."""
        if not isinstance(block, dict) or not ("table" in block or "rows" in block):
            return block
        path = path_text(at)
        try:
            if "table" in block and "rows" in block:
                raise one_error(path, "two_tables", "both table and rows are given; expected one of them; remove one")
            rows = self._from_file(block["table"], path) if "table" in block else _inline_rows(block["rows"], path)
            self._count(rows, path)
        except StudyError as error:
            self.errors.extend(error.errors)
            return block
        return {**{key: value for key, value in block.items() if key != "table"}, "rows": rows}

    def _from_file(self, name: object, path: str) -> tuple[Row, ...]:
        if not isinstance(name, str):
            raise one_error(f"{path}.table", "type", f"{name!r:.60} is not a file name; expected text; write the name")
        self.files[path] = name
        if name in self._failed:
            return ()  # the file's errors are reported once, not once per class
        if name not in self._tables:
            self._failed.add(name)
            content = self._source.read(name, f"{path}.table")
            self._tables[name] = read_csv(content, name), len(content)
            self._failed.remove(name)
        rows, size = self._tables[name]
        self._bytes += size
        if self._bytes > MAX_BYTES:
            raise one_error(
                f"{path}.table",
                "too_large",
                f"tables of over {MAX_BYTES:,} bytes in all; expected less; leave out rows",
            )
        return rows

    def _count(self, rows: tuple[Row, ...], path: str) -> None:
        self._cells += sum(len(row) for row in rows)
        if self._cells > MAX_CELLS:
            raise one_error(
                path, "too_large", f"tables of over {MAX_CELLS:,} cells in all; expected fewer; leave some out"
            )


def _inline_rows(rows: object, path: str) -> tuple[Row, ...]:
    if not isinstance(rows, list | tuple) or not rows:
        raise one_error(f"{path}.rows", "no_rows", "expected a list of rows, at least one; add rows or drop the table")
    if len(rows) > MAX_ROWS:
        raise one_error(f"{path}.rows", "rows", f"{len(rows):,} rows; expected at most {MAX_ROWS:,}; leave some out")
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or not row:
            raise one_error(
                f"{path}.rows[{index}]",
                "row",
                "not a row; expected a mapping from column to cell; write {column: cell}",
            )
    columns = {name for row in rows for name in row}
    if len(columns) > MAX_COLUMNS:
        raise one_error(
            f"{path}.rows", "columns", f"{len(columns):,} columns; expected at most {MAX_COLUMNS}; leave some out"
        )
    if any(not name.strip() or name != name.strip() for name in columns):
        raise one_error(f"{path}.rows", "header", "a column's name is blank or has blanks around it; rename the column")
    if len(columns) * len(rows) > MAX_CELLS:
        raise one_error(f"{path}.rows", "too_large", f"over {MAX_CELLS:,} cells; expected fewer; leave columns out")
    try:
        return canonical_rows(cast("list[dict[str, object]]", rows))
    except CellError as error:
        raise one_error(f"{path}.rows[{error.row}].{error.column}", "cell", str(error)) from None
