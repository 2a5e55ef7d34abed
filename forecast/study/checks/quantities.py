"""What is wrong about the quantities of a study beyond their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from forecast.errors import FieldError
from forecast.study.document.document import Study
from forecast.study.rows.quantity_rows import read_quantiles, read_values
from forecast.study.rows.row_reader import RowReader


def quantity_errors(study: Study, table_files: Mapping[str, str]) -> Iterator[FieldError]:
    """Ids, dates, classes without values, and the rows of both tables.

    Parameters
    ----------
    table_files
        CSV file by place in the document, for messages.
    """
    outcomes, end = {outcome.id for outcome in study.outcomes}, study.calendar.end_of(study.horizon)
    quantities = {quantity.id: quantity for quantity in study.quantities}
    for place, quantity in enumerate(study.quantities):
        if quantity.id in outcomes:
            message = f"{quantity.id!r} is also the id of an outcome; expected different ids; rename one"
            yield FieldError(f"quantities[{place}].id", "duplicate_id", message)
        by = quantity.resolution.by
        if by is not None and not study.as_of < by <= end:
            message = f"{by} is not in the forecast; expected a day after {study.as_of} and up to {end} (the horizon); change it"
            yield FieldError(f"quantities[{place}].resolution.by", "date_order", message)
    yield from _table_errors(study, table_files, quantities)


def _table_errors(
    study: Study, table_files: Mapping[str, str], quantities: Mapping[str, object]
) -> Iterator[FieldError]:
    known: dict[str, set[str]] = {}
    by_id = {quantity.id: quantity for quantity in study.quantities}
    for name, block in (("values", study.values), ("quantiles", study.quantiles)):
        if block is None:
            continue
        if not by_id:
            yield FieldError(
                name,
                "no_quantity",
                "the study has no quantity; expected one with `kind: quantity`; add it, or drop the table",
            )
            continue
        reader = RowReader(block.table_rows, name, table_files.get(name), leaves_out=block.missing is not None)
        if name == "values":
            for value in read_values(reader, by_id, study.as_of):
                known.setdefault(value.quantity, set()).add(value.reference_class)
        else:
            read_quantiles(reader, by_id, study.as_of)
        yield from reader.errors
    for place, quantity in enumerate(study.quantities):
        for group in quantity.reference or {}:
            if group not in known.get(quantity.id, set()):
                message = (
                    f"no row of `values` has {quantity.id} of class {group!r} as of {study.as_of}; expected one that counts; add "
                    "it, or drop the weight"
                )
                yield FieldError(f"quantities[{place}].reference.{group}", "unknown_reference", message)
