"""Rows of reference classes to cases, as of the study's date.

Every row that `where` selects is checked, also those that were not known yet; only then are the latter left out and
later ends cut off at the as-of date, so that going back in time finds no new mistakes in a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from forecast.errors import FieldError
from forecast.study.document.calendar import Calendar
from forecast.study.document.cases import Case
from forecast.study.document.evidence import ReferenceClass
from forecast.study.reading.table import MAX_ROWS
from forecast.study.rows.case_data import DatumReader
from forecast.study.rows.case_layout import Layout, TableLayout, find_layout, matches
from forecast.study.rows.case_stages import Line, as_known, begin, join_lines
from forecast.study.rows.case_trials import read_trial
from forecast.study.rows.event_values import EventValues
from forecast.study.rows.left_out import LeftOut, known_later
from forecast.study.rows.row_reader import RowReader


def read_cases(
    group: ReferenceClass, binary: Sequence[str], calendar: Calendar, path: str, file: str | None
) -> tuple[list[Case], list[FieldError]]:
    """The cases of one reference class that were known on the as-of date, and everything wrong in its table.

    A spell without time at risk (left or begun on the as-of date, or a censoring on its first day) says nothing and is
    left out. So are the trials of a dated case that ends after the as-of date: they may not have been known.

    Parameters
    ----------
    binary
        The binary ones of the outcomes that the class serves.
    path, file
        Where the class stands in the document, and the CSV file that its rows came from.
    """
    reader = _reader(group, path, file)
    return _cases(group, binary, calendar, reader), reader.errors


def cases_left_out(
    group: ReferenceClass, binary: Sequence[str], calendar: Calendar, path: str, file: str | None
) -> list[LeftOut]:
    """Rows of one reference class that `where` selects and that say nothing as of the as-of date; see `read_cases`."""
    reader = _reader(group, path, file)
    _cases(group, binary, calendar, reader)
    return reader.left_out


def _reader(group: ReferenceClass, path: str, file: str | None) -> RowReader:
    return RowReader(group.table_rows, path, file, leaves_out=group.leaves_out)


def _cases(group: ReferenceClass, binary: Sequence[str], calendar: Calendar, reader: RowReader) -> list[Case]:
    layout = find_layout(group, binary, reader)
    return [] if layout is None else list(_ClassReader(group, layout, calendar, reader).cases())


class _ClassReader:
    """Reads one class's rows; every bad cell is in ``reader.errors`` afterwards."""

    def __init__(self, group: ReferenceClass, layout: TableLayout, calendar: Calendar, reader: RowReader) -> None:
        self._group = group
        self._layout = layout
        self._calendar = calendar
        self._reader = reader
        self._events = EventValues(group, [o for o in group.outcomes if o not in layout.binary])
        self._is_shared = len(group.outcomes) > 1
        self._ids: dict[str, int] = {}
        self._broken: set[str] = set()
        """Ids with an error in a row."""
        self._data = DatumReader(group, layout, calendar, reader, self._events)

    def cases(self) -> Iterator[Case]:
        selected = [index for index, row in enumerate(self._reader.rows) if matches(row, self._group)]
        if not selected:
            self._reader.errors.append(
                FieldError(
                    f"{self._reader.path}.where",
                    "no_rows",
                    f"no row of {self._reader.name} meets the conditions; expected at least one; correct `where`",
                )
            )
        lines: dict[str, list[Line]] = {}
        for index in selected[: MAX_ROWS + 1]:
            if self._reader.lacks(index, *self._needed(index)):
                continue
            line = self._line(index)
            if line is not None:
                lines.setdefault(line.case.id, []).append(line)
            else:
                self._reader.leave_out(index, _SAYS_NOTHING.format(as_of=self._calendar.as_of))
        for name, found in lines.items():
            own = self._with_known_end(found)
            if not own:
                continue
            known = {line.index for line in as_known(own, self._calendar)}
            for line in own:
                if line.index not in known:
                    self._reader.leave_out(line.index, known_later(self._calendar.as_of))
            if len(own) == 1:
                case = next((line.case for line in as_known(own, self._calendar)), None)
            else:
                case = None
                if name not in self._broken:
                    case = join_lines(own, self._column("id"), self._calendar, self._reader)
            if case is not None:
                yield case

    def _with_known_end(self, lines: list[Line]) -> list[Line]:
        """The rows of a case without a last one whose end is unknown; before others a case goes on."""
        last = max(lines, key=begin)
        if last.index not in self._data.unknown_ends:
            return lines
        column = self._column("event")
        if not self._reader.lacks(last.index, column):
            self._reader.fail(last.index, column, "blank", self._events.problem(None) or "")
        return [line for line in lines if line is not last]

    def _line(self, index: int) -> Line | None:
        before = len(self._reader.errors)
        case_id = self._case_id(index)
        weight = self._reader.number(index, self._column("weight"), low=0.0, high=1.0, default=1.0)
        covariates = {name: self._reader.covariate(index, self._column(name)) for name in self._group.covariates}
        known_at = self._reader.day(index, self._column("known_at"), required=False)
        source = self._reader.optional_text(index, self._column("source"))
        note = self._reader.optional_text(index, self._column("note"))
        datum = self._data.read(index)
        trials = {
            outcome: read_trial(self._reader, index, columns, is_shared=self._is_shared)
            for outcome, columns in self._layout.binary.items()
        }
        if len(self._reader.errors) > before and case_id is not None:
            self._broken.add(case_id)
        if len(self._reader.errors) > before or case_id is None or weight is None:
            return None
        is_dated = self._layout.events is Layout.DATES
        if is_dated and self._data.ends_later(index):
            trials = dict.fromkeys(trials)
        if not self._is_shared and trials:
            (datum,), trials = trials.values(), {}
        if datum is None and all(trial is None for trial in trials.values()):
            return None
        origin = self._reader.day(index, self._column("origin"), required=False) if is_dated else None
        case = Case(
            id=case_id,
            reference_class=self._group.id,
            weight=weight,
            data=datum,
            covariates={name: value for name, value in covariates.items() if value is not None},
            source=source,
            note=note,
            trials=trials,
        )
        return Line(index, case, known_at is None or known_at <= self._calendar.as_of, origin)

    def _needed(self, index: int) -> Iterator[str]:
        """Columns of which a case needs to say something."""
        yield from (self._column(name) for name in self._group.covariates)
        if not self._is_shared:
            yield from (columns.successes for columns in self._layout.binary.values())
        layout = self._layout.events
        if layout is not None and not (self._layout.binary and self._data.is_blank(index, layout)):
            yield from (self._column(name) for name in _NEEDED[layout])

    def _column(self, name: str) -> str:
        return self._group.column(name)

    def _case_id(self, index: int) -> str | None:
        column = self._column("id")
        if column not in self._reader.columns:
            return str(index + 1)
        case_id = self._reader.text(index, column)
        if case_id is None:
            return None
        first = self._ids.setdefault(case_id, index)
        if first != index and self._layout.events in (Layout.COUNTS, None):
            self._reader.fail(
                index,
                column,
                "duplicate_id",
                f"{case_id!r} is also the id of {self._reader.place(first)}; expected one case per id; rename one",
            )
        return case_id


_SAYS_NOTHING = "no time at risk before {as_of} and no trial, so it says nothing"
_NEEDED: Final = {
    Layout.DATES: ("entered",),
    Layout.DURATIONS: ("duration",),
    Layout.COUNTS: ("exposure", "events"),
}
