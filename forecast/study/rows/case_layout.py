"""Which columns of a table mean what to a reference class, and which of its rows are meant."""

from __future__ import annotations

from enum import Enum

from forecast.errors import FieldError
from forecast.study.document.evidence import CASE_COLUMNS, ReferenceClass
from forecast.study.document.prior import OutcomeKind
from forecast.study.reading.suggest import nearest_hint
from forecast.study.reading.table import Row
from forecast.study.rows.row_reader import RowReader


class Layout(Enum):
    """The four layouts of a row; each value is the set of required columns."""

    DATES = ("entered", "exited", "event")
    DURATIONS = ("duration", "event")
    COUNTS = ("exposure", "events")
    TRIALS = ("successes",)


_MARKS = {
    Layout.DATES: ("entered", "exited", "origin"),
    Layout.DURATIONS: ("duration", "entry"),
    Layout.COUNTS: ("exposure", "events"),
}
_KEYS = {Layout.DATES: "entered", Layout.DURATIONS: "duration", Layout.COUNTS: "exposure"}


def find_layout(group: ReferenceClass, kind: OutcomeKind, reader: RowReader) -> Layout | None:
    """How the class's table is laid out; None when it is unclear, with the reason in ``reader.errors``.

    What `columns` names decides; only when it names none of the marks do the table's own column names.
    """
    if not _columns_exist(group, reader):
        return None
    if kind is OutcomeKind.BINARY:
        layouts = [Layout.TRIALS]
    else:
        layouts = [layout for layout, marks in _MARKS.items() if any(mark in group.columns for mark in marks)]
        if not layouts:
            own = reader.columns - set(group.covariates)
            layouts = [layout for layout, key in _KEYS.items() if key in own]
    if len(layouts) != 1:
        seen = "several of" if layouts else "none of"
        reader.errors.append(
            FieldError(
                f"{reader.path}.columns",
                "layout",
                f"{reader.name} has {seen} dates (entered, exited), duration and exposure with events; expected exactly "
                "one of them for an event outcome; name its columns in `columns`",
            )
        )
        return None
    layout = layouts[0]
    missing = [name for name in layout.value if group.column(name) not in reader.columns]
    for name in missing:
        reader.errors.append(
            FieldError(
                f"{reader.path}.columns",
                "missing_column",
                f"{reader.name} has no column {group.column(name)!r}; expected columns for {', '.join(layout.value)}; "
                f"name it in `columns`; {nearest_hint(group.column(name), reader.columns)}",
            )
        )
    return None if missing else layout


def _columns_exist(group: ReferenceClass, reader: RowReader) -> bool:
    before = len(reader.errors)
    known = CASE_COLUMNS | set(group.covariates)
    for ours, theirs in group.columns.items():
        if ours not in known:
            message = f"{ours!r} is not a column of ours; expected one or a covariate of the class"
            reader.errors.append(
                FieldError(f"{reader.path}.columns.{ours}", "unknown_key", f"{message}; {nearest_hint(ours, known)}")
            )
        elif theirs not in reader.columns:
            _no_column(f"columns.{ours}", theirs, reader)
    for index, covariate in enumerate(group.covariates):
        if covariate not in group.columns and covariate not in reader.columns:
            _no_column(f"covariates[{index}]", covariate, reader)
    for column in group.where:
        if column not in reader.columns:
            _no_column(f"where.{column}", column, reader)
    return len(reader.errors) == before


def _no_column(key: str, column: str, reader: RowReader) -> None:
    message = f"{reader.name} has no column {column!r}; expected one; {nearest_hint(column, reader.columns)}"
    reader.errors.append(FieldError(f"{reader.path}.{key}", "missing_column", message))


def matches(row: Row, group: ReferenceClass) -> bool:
    """Whether a row meets every condition of the class's `where`."""
    return all((row[column] in values) != negated for column, (values, negated) in group.where.items())
