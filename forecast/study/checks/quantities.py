"""What is wrong about the quantities of a study beyond their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from forecast.errors import FieldError
from forecast.study.document.document import Study
from forecast.study.document.evidence import TableBlock
from forecast.study.reading.table import cell_text
from forecast.study.rows.quantity_rows import read_quantiles, read_values
from forecast.study.rows.row_reader import RowReader

FARTHEST: Final = 20.0
"""Standard deviations of the stated prior that a number may lie away from its median."""


def quantity_errors(study: Study, table_files: Mapping[str, str]) -> Iterator[FieldError]:
    """Ids, dates, classes without values, and the rows of both tables.

    Parameters
    ----------
    table_files
        CSV file by place in the document, for messages.
    """
    outcomes, end = {outcome.id for outcome in study.outcomes}, study.calendar.end_of(study.horizon)
    rows = study.values.table_rows if study.values is not None else ()
    classes = {(cell_text(row.get("quantity")), cell_text(row.get("class"))) for row in rows}
    for place, quantity in enumerate(study.quantities):
        if quantity.id in outcomes:
            message = f"{quantity.id!r} is also the id of an outcome; expected different ids; rename one"
            yield FieldError(f"quantities[{place}].id", "duplicate_id", message)
        by = quantity.resolution.by
        if by is not None and not study.as_of < by <= end:
            message = f"{by} is not in the forecast; expected a day after {study.as_of} and up to {end} (the horizon); change it"
            yield FieldError(f"quantities[{place}].resolution.by", "date_order", message)
        for group in quantity.reference or {}:
            # Whatever the day: a study that knows of its cases may be looked at as of an earlier one.
            if (quantity.id, group) not in classes:
                message = (
                    f"no row of `values` has {quantity.id} of class {group!r}; expected one; add it, or drop the weight"
                )
                yield FieldError(f"quantities[{place}].reference.{group}", "unknown_reference", message)
    for name, block in (("values", study.values), ("quantiles", study.quantiles)):
        if block is not None:
            yield from _table_errors(study, name, block, table_files.get(name))


def _table_errors(study: Study, name: str, block: TableBlock, file: str | None) -> Iterator[FieldError]:
    by_id = {quantity.id: quantity for quantity in study.quantities}
    if not by_id:
        message = "the study has no quantity; expected one with `kind: quantity`; add it, or drop the table"
        yield FieldError(name, "no_quantity", message)
        return
    reader = RowReader(block.table_rows, name, file, leaves_out=block.leaves_out)
    read = read_values if name == "values" else read_quantiles
    for found in read(reader, by_id, study.as_of):
        away = float(by_id[found.quantity].curve.places(found.value))
        if abs(away) > FARTHEST:
            message = (
                f"{found.value:g} lies {abs(away):.3g} standard deviations of the prior of {found.quantity} away from its median; "
                f"expected at most {FARTHEST:g}; correct the number, or state a wider prior"
            )
            reader.fail(found.row, "value", "far_out", message)
    yield from reader.errors
