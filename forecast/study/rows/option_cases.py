"""Rows of a reference class of a categorical outcome: how often each option turned out true in each case."""

from __future__ import annotations

from collections.abc import Mapping

from forecast.errors import FieldError
from forecast.study.document.calendar import Calendar
from forecast.study.document.cases import Case, Choice
from forecast.study.document.evidence import ReferenceClass
from forecast.study.document.options import part_id
from forecast.study.document.outcome import Outcome
from forecast.study.reading.suggest import nearest_hint
from forecast.study.reading.table import Cell, cell_text
from forecast.study.rows.case_layout import columns_exist, matches
from forecast.study.rows.left_out import LeftOut, known_later
from forecast.study.rows.row_reader import RowReader


def read_option_cases(
    group: ReferenceClass, outcome: Outcome, calendar: Calendar, path: str, file: str | None
) -> tuple[list[Case], list[FieldError]]:
    """The cases known on the as-of date, and everything wrong in the table.

    The table has a column of counts for each option, or a column `option` with one option a row.
    """
    reader = RowReader(group.table_rows, path, file, leaves_out=group.leaves_out)
    return _cases(group, outcome, calendar, reader), reader.errors


def option_cases_left_out(
    group: ReferenceClass, outcome: Outcome, calendar: Calendar, path: str, file: str | None
) -> list[LeftOut]:
    """Rows that `where` selects and that say nothing as of the as-of date; see `read_option_cases`."""
    reader = RowReader(group.table_rows, path, file, leaves_out=group.leaves_out)
    _cases(group, outcome, calendar, reader)
    return reader.left_out


def _cases(group: ReferenceClass, outcome: Outcome, calendar: Calendar, reader: RowReader) -> list[Case]:
    counts = _count_columns(group, outcome, reader) if columns_exist(group, [], reader) else None
    if counts is None:
        return []
    values = _option_values(group, outcome, reader)
    cases: list[Case] = []
    first: dict[str, int] = {}
    selected = [index for index, row in enumerate(reader.rows) if matches(row, group)]
    if not selected:
        message = f"no row of {reader.name} meets the conditions; expected at least one; correct `where`"
        reader.errors.append(FieldError(f"{reader.path}.where", "no_rows", message))
    needed = tuple(counts.values()) or (group.column("option"),)
    for index in selected:
        if reader.lacks(index, *needed):
            continue
        before = len(reader.errors)
        id_column = group.column("id")
        case_id = reader.text(index, id_column) if id_column in reader.columns else str(index + 1)
        weight = _weight(reader, index, group, outcome)
        known_at = reader.day(index, group.column("known_at"), required=False)
        source = reader.optional_text(index, group.column("source"))
        note = reader.optional_text(index, group.column("note"))
        seen = _counted(reader, index, counts) if counts else _chosen(reader, index, group, outcome, values)
        if len(reader.errors) > before or case_id is None or weight is None:
            continue
        if first.setdefault(case_id, index) != index:
            message = (
                f"{case_id!r} is also the id of {reader.place(first[case_id])}; expected one case per id; rename one"
            )
            reader.fail(index, id_column, "duplicate_id", message)
        total = sum(seen.values())
        if total == 0.0:
            reader.leave_out(index, "no option turned out true in it, so it says nothing")
        elif known_at is not None and known_at > calendar.as_of:
            reader.leave_out(index, known_later(calendar.as_of))
        else:
            choices = {part_id(outcome.id, option): Choice(count, total) for option, count in seen.items()}
            cases.append(Case(case_id, group.id, weight, None, source=source, note=note, choices=choices))
    return cases


def _weight(reader: RowReader, index: int, group: ReferenceClass, outcome: Outcome) -> float | None:
    column = group.column("weight")
    weight = reader.number(index, column, low=0.0, high=1.0, default=1.0)
    if weight is not None and 0.0 < weight < 1.0 and outcome.pooling.case_sd > 0.0:
        message = (
            f"{weight:g} in a class of the categorical outcome {outcome.id!r}, whose cases differ by case_sd; expected 1 or 0, "
            "or `pooling: {case_sd: 0}` on the outcome; give one of them"
        )
        reader.fail(index, column, "weight", message)
    return weight


def _count_columns(group: ReferenceClass, outcome: Outcome, reader: RowReader) -> dict[str, str] | None:
    """Column of counts of each option; none where a column `option` says it; None where neither is there."""
    assert outcome.options is not None
    found = {option.id: group.option_columns.get(option.id, option.id) for option in outcome.options}
    missing = [option for option, column in found.items() if column not in reader.columns]
    has_names = group.column("option") in reader.columns
    if not missing and not has_names:
        return found
    if has_names and (len(missing) == len(found) or "option" in group.columns):
        return {}
    if has_names:
        seen = f"{reader.name} has a column {group.column('option')!r} and columns of counts"
        message = f"{seen}; expected one of both; name the one that is meant in `columns: {{option: column}}`"
    else:
        message = (
            f"{reader.name} has no column {', '.join(map(repr, (found[option] for option in missing)))}; expected a column of "
            f"counts for each option of {outcome.id!r}, or a column 'option' with a row for each case; name them in "
            "`option_columns`, or in `columns: {option: column}`"
        )
    reader.errors.append(FieldError(f"{reader.path}.option_columns", "missing_column", message))
    return None


def _counted(reader: RowReader, index: int, columns: Mapping[str, str]) -> dict[str, float]:
    found = {option: reader.number(index, column, low=0.0, whole=True) for option, column in columns.items()}
    return {option: count for option, count in found.items() if count is not None}


def _option_values(group: ReferenceClass, outcome: Outcome, reader: RowReader) -> dict[Cell, str]:
    """What each value of the column `option` means."""
    assert outcome.options is not None
    found: dict[Cell, str] = {}
    for option in outcome.options:
        for value in group.option_value.get(option.id, (option.id,)):
            if found.setdefault(value, option.id) != option.id:
                message = f"{value!r} also means {found[value]!r}; expected one option per value; change one of them"
                reader.errors.append(FieldError(f"{reader.path}.option_value.{option.id}", "ambiguous", message))
    return found


def _chosen(
    reader: RowReader, index: int, group: ReferenceClass, outcome: Outcome, values: Mapping[Cell, str]
) -> dict[str, float]:
    assert outcome.options is not None
    column = group.column("option")
    cell = reader.rows[index].get(column)
    if cell not in values:
        seen = "blank" if cell is None else f"{cell_text(cell)[:60]!r} is no option of {outcome.id!r}"
        names = [cell_text(value) for value in values]
        to_do = "fill it in or leave the row out" if cell is None else nearest_hint(cell_text(cell), names)
        message = f"{seen}; expected {', '.join(names)}; {to_do}, or name it in `option_value`"
        reader.fail(index, column, "unknown", message)
        return {}
    return {option.id: float(option.id == values[cell]) for option in outcome.options}
