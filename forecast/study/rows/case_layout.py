"""Which columns of a table mean what to a reference class, and which of its rows are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from forecast.errors import FieldError
from forecast.study.document.evidence import CASE_COLUMNS, ReferenceClass
from forecast.study.reading.suggest import nearest_hint
from forecast.study.reading.table import Row
from forecast.study.rows.row_reader import RowReader


class Layout(Enum):
    """The three layouts of an event's columns; each value is the set of required columns."""

    DATES = ("entered", "exited", "event")
    DURATIONS = ("duration", "event")
    COUNTS = ("exposure", "events")


@dataclass(frozen=True, slots=True)
class TrialColumns:
    """The table's columns of one binary outcome."""

    successes: str
    trials: str


@dataclass(frozen=True, slots=True)
class TableLayout:
    """How a class's table is laid out."""

    events: Layout | None
    """Of the columns of events; None where the class serves none."""
    binary: dict[str, TrialColumns]
    """By binary outcome."""


_MARKS = {
    Layout.DATES: ("entered", "exited", "origin"),
    Layout.DURATIONS: ("duration", "entry"),
    Layout.COUNTS: ("exposure", "events"),
}
_OF_EVERY_CASE = ("id", "weight", "source", "note", "known_at")
_KEYS = {Layout.DATES: "entered", Layout.DURATIONS: "duration", Layout.COUNTS: "exposure"}


def find_layout(group: ReferenceClass, binary: Sequence[str], reader: RowReader) -> TableLayout | None:
    """How the class's table is laid out; None when it is unclear, with the reason in ``reader.errors``.

    Parameters
    ----------
    binary
        The binary ones of the outcomes that the class serves.
    """
    if not columns_exist(group, binary, reader):
        return None
    before = len(reader.errors)
    events = _find_events(group, len(group.outcomes) - len(binary), reader)
    columns = _find_trials(group, binary, reader)
    if len(reader.errors) == before:
        _check_own(group, events, columns, reader)
    return None if len(reader.errors) > before else TableLayout(events, columns)


def _find_events(group: ReferenceClass, events: int, reader: RowReader) -> Layout | None:
    """The layout of the columns of so many events.

    What `columns` names decides; only when it names none of the marks do the table's own column names.
    """
    if not events:
        return None
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
    if layout is Layout.COUNTS and events > 1:
        message = f"{events} events for one column of counts; expected one event; make a class for each"
        reader.errors.append(FieldError(f"{reader.path}.outcome", "shared_counts", message))
    for name in layout.value:
        if group.column(name) not in reader.columns:
            _no_required(group.column(name), ", ".join(layout.value), reader)
    return layout


def _find_trials(group: ReferenceClass, binary: Sequence[str], reader: RowReader) -> dict[str, TrialColumns]:
    """The columns of each binary outcome; one without a column is an error."""
    if "successes" in group.columns and (len(binary) > 1 or group.success_columns):
        seen = f"one column of successes for {len(binary)} binary outcomes" if len(binary) > 1 else "named twice"
        message = f"{seen}; expected one for each; name them in `success_columns` instead"
        reader.errors.append(FieldError(f"{reader.path}.columns.successes", "shared_counts", message))
        return {}
    found: dict[str, TrialColumns] = {}
    missing: list[str] = []
    for outcome in binary:
        own = group.success_columns.get(outcome)
        column = own or (outcome if len(binary) > 1 else group.column("successes"))
        found[outcome] = TrialColumns(column, group.trial_columns.get(outcome, group.column("trials")))
        if not own and column not in reader.columns:
            missing.append(column)
    if missing and len(binary) == 1:
        _no_required(missing[0], "successes", reader)
    elif missing:
        message = (
            f"{reader.name} has no column {', '.join(map(repr, missing))}; expected one for each binary outcome of the "
            f"class, called as the outcome is or named here; add `{missing[0]}: column`"
        )
        reader.errors.append(FieldError(f"{reader.path}.success_columns", "missing_column", message))
    return found


def _check_own(
    group: ReferenceClass, layout: Layout | None, binary: dict[str, TrialColumns], reader: RowReader
) -> None:
    """A column of successes that is read as something else as well is an error: two outcomes would always agree."""
    names = {*_OF_EVERY_CASE, *group.covariates, *((*layout.value, *_MARKS[layout]) if layout else ())}
    taken = {group.column(name): f"`{name}`" for name in sorted(names)}
    for outcome, columns in binary.items():
        taken.setdefault(columns.trials, f"trials of {outcome!r}")
    for outcome, columns in binary.items():
        column = columns.successes
        if column in taken:
            message = (
                f"column {column!r} is also read as {taken[column]}; expected one of its own for the successes of "
                f"{outcome!r}; name another"
            )
            key = f"success_columns.{outcome}" if len(binary) > 1 or group.success_columns else "columns.successes"
            reader.errors.append(FieldError(f"{reader.path}.{key}", "read_twice", message))
        taken.setdefault(column, f"successes of {outcome!r}")


def _no_required(column: str, needed: str, reader: RowReader) -> None:
    reader.errors.append(
        FieldError(
            f"{reader.path}.columns",
            "missing_column",
            f"{reader.name} has no column {column!r}; expected columns for {needed}; name it in `columns`; "
            f"{nearest_hint(column, reader.columns)}",
        )
    )


def columns_exist(group: ReferenceClass, binary: Sequence[str], reader: RowReader) -> bool:
    """Whether every column that the class names is there; each one that is not is an error."""
    before = len(reader.errors)
    known = CASE_COLUMNS | set(group.covariates)
    for ours, theirs in group.columns.items():
        if ours not in known:
            message = f"{ours!r} is not a column of ours; expected one or a covariate of the class"
            own = f"name its successes in `success_columns: {{{ours}: column}}`"
            hint = own if ours in binary else nearest_hint(ours, known)
            reader.errors.append(FieldError(f"{reader.path}.columns.{ours}", "unknown_key", f"{message}; {hint}"))
        elif theirs not in reader.columns:
            _no_column(f"columns.{ours}", theirs, reader)
    for key in ("success_columns", "trial_columns", "option_columns"):
        columns: dict[str, str] = getattr(group, key)
        for outcome, theirs in columns.items():
            if theirs not in reader.columns:
                _no_column(f"{key}.{outcome}", theirs, reader)
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
