"""Columns that `missing` names, and that their table has not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forecast.errors import FieldError
from forecast.study.document.document import Study
from forecast.study.document.evidence import TableBlock
from forecast.study.reading.suggest import nearest_hint


def missing_column_errors(study: Study, table_files: Mapping[str, str]) -> Iterator[FieldError]:
    """One for each; its codes would be read as values, and nothing would say so.

    Parameters
    ----------
    table_files
        CSV file by place in the document, for messages.
    """
    for path, block in _tables(study):
        rows = block.rows or ()
        if not isinstance(block.missing, Mapping) or not rows:
            continue
        for column in block.missing:
            if not any(column in row for row in rows):
                name = table_files.get(path, f"{path}.rows")
                message = f"{name} has no column {column!r}; expected one; {nearest_hint(column, tuple(dict.fromkeys(name for row in rows for name in row)))}"
                yield FieldError(f"{path}.missing.{column[:60]}", "missing_column", message)


def _tables(study: Study) -> Iterator[tuple[str, TableBlock]]:
    """Every block that brings a table, by its place in the document."""
    for index, group in enumerate(study.reference_classes):
        yield f"reference_classes[{index}]", group
    for index, indicator in enumerate(study.indicators):
        yield f"indicators[{index}]", indicator
    for path in ("judgments", "track_records", "resolutions", "values", "quantiles"):
        block: TableBlock | None = getattr(study, path)
        if block is not None:
            yield path, block
