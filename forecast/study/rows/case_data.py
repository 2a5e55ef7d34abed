"""What the columns of events say in a row of a reference class: a spell by days or by ages, or counts."""

from __future__ import annotations

from datetime import date

from forecast.study.document.calendar import Calendar
from forecast.study.document.cases import Count, Datum, Spell
from forecast.study.document.evidence import ReferenceClass
from forecast.study.rows.case_layout import Layout, TableLayout
from forecast.study.rows.event_values import EventValues
from forecast.study.rows.row_reader import RowReader

_NO_TIME = (
    "{event!r} happened with no time at risk; expected the end after entry; correct one of them or leave the row out"
)


class DatumReader:
    """Reads them row by row; every bad cell is in ``reader.errors`` afterwards."""

    def __init__(
        self,
        group: ReferenceClass,
        layout: TableLayout,
        calendar: Calendar,
        reader: RowReader,
        events: EventValues,
    ) -> None:
        self._group, self._layout, self._calendar = group, layout, calendar
        self._reader, self._events = reader, events
        self.unknown_ends: set[int] = set()
        """Rows that do not say whether the event ended them."""

    def read(self, index: int) -> Datum | None:
        """The spell or the counts of a row; None where it has none, or where something in them is wrong."""
        layout = self._layout.events
        if layout is None or (self._layout.binary and self.is_blank(index, layout)):
            return None
        match layout:
            case Layout.DATES:
                return self._dated_spell(index)
            case Layout.DURATIONS:
                return self._timed_spell(index)
            case Layout.COUNTS:
                return self._count(index)

    def is_blank(self, index: int, layout: Layout) -> bool:
        """Whether a row says nothing in the columns of a layout."""
        return all(self._reader.rows[index].get(self._column(name)) is None for name in layout.value)

    def ends_later(self, index: int) -> bool:
        """Whether a dated case begins or ends after the as-of date."""
        days = [self._reader.day(index, self._column(name), required=False) for name in ("entered", "exited")]
        return any(day is not None and day > self._calendar.as_of for day in days)

    def _event(self, index: int, *, has_ended: bool) -> str | None:
        column = self._column("event")
        cell = self._reader.rows[index][column]
        if cell is None and self._events.outcome(None) is None:
            if has_ended:
                self.unknown_ends.add(index)
            return None
        problem = self._events.problem(cell)
        if problem is not None:
            self._reader.fail(index, column, "event", problem)
        return self._events.outcome(cell)

    def _dated_spell(self, index: int) -> Spell | None:
        entered = self._reader.day(index, self._column("entered"))
        exited = self._reader.day(index, self._column("exited"), required=False)
        origin = self._reader.day(index, self._column("origin"), required=False) or entered
        event = self._event(index, has_ended=exited is not None)
        if entered is None or origin is None:
            return None
        if not self._dates_in_order(index, origin, entered, exited, event):
            return None
        as_of = self._calendar.as_of
        if exited is None or exited > as_of:
            exited, event = as_of, None
        if exited <= entered:
            return None
        between = self._calendar.periods_between
        return Spell(between(origin, entered), between(origin, exited), event, entered, exited)

    def _dates_in_order(self, index: int, origin: date, entered: date, exited: date | None, event: str | None) -> bool:
        reader = self._reader
        if origin > entered:
            reader.fail(
                index,
                self._column("origin"),
                "date_order",
                f"{origin} is after entry on {entered}; expected the clock to begin on entry or before; swap the dates",
            )
        elif exited is not None and exited < entered:
            reader.fail(
                index,
                self._column("exited"),
                "date_order",
                f"{exited} is before entry on {entered}; expected the exit after it; correct one of the dates",
            )
        elif exited is None and event is not None and reader.rows[index].get(self._column("exited")) is None:
            reader.fail(
                index,
                self._column("exited"),
                "blank",
                f"{event!r} happened but the date is blank; expected the day of the event; fill it in",
            )
        elif exited == entered and event is not None:
            reader.fail(index, self._column("exited"), "no_exposure", _NO_TIME.format(event=event))
        else:
            return True
        return False

    def _timed_spell(self, index: int) -> Spell | None:
        event = self._event(index, has_ended=True)
        duration = self._reader.number(index, self._column("duration"), low=0.0)
        entry = self._reader.number(index, self._column("entry"), low=0.0, default=0.0)
        if duration is None or entry is None:
            return None
        if duration < entry:
            self._reader.fail(
                index,
                self._column("duration"),
                "date_order",
                f"{duration:g} is before entry at {entry:g}; expected the end after it; correct one of them",
            )
        elif duration == entry and event is not None:
            self._reader.fail(index, self._column("duration"), "no_exposure", _NO_TIME.format(event=event))
        return Spell(entry, duration, event) if duration > entry else None

    def _count(self, index: int) -> Count | None:
        exposure = self._reader.number(index, self._column("exposure"), low=0.0)
        events = self._reader.number(index, self._column("events"), low=0.0, whole=True)
        age_column = self._column("age")
        age = None
        if "age" not in self._group.covariates and self._reader.rows[index].get(age_column) is not None:
            age = self._reader.number(index, age_column, low=0.0)
        if exposure is None or events is None:
            return None
        if exposure == 0.0 and events > 0.0:
            message = f"{events:g} events in no time at risk; expected exposure above 0; correct one of them"
            self._reader.fail(index, self._column("exposure"), "no_exposure", message)
        return Count(exposure, events, age) if exposure > 0.0 else None

    def _column(self, name: str) -> str:
        return self._group.column(name)
