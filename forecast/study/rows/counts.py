"""Counts of an indicator's periods as they were known on a day: whole ones, parts of one, and lower bounds.

A count that was known before its period was over is of a part of it. Which part, `exposure` says; without it the count
is a lower bound of what the whole period brings. A period that is not over needs one of the two: a count without
`exposure` and without `known_at` is taken for that of the whole period, known at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from forecast.study.document.calendar import Calendar
from forecast.study.document.fields import LARGEST_COUNT
from forecast.study.reading.table import Row
from forecast.study.rows.left_out import known_later
from forecast.study.rows.row_reader import RowReader

MAX_DISTANCE: Final = 600
"""Periods from the as-of date to an observation, either way."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One count of an indicator; an absent period has none, a quiet one has value 0."""

    period: date
    """First day of the natural period."""
    value: int
    exposure: float | None
    """Share of the period that was covered; None where it is unknown, so that the value is a lower bound."""
    known_at: date
    row: int = 0
    """In its table, from 0."""
    is_over: bool = True
    """Whether the period was over on the as-of date."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing more can be counted in the period."""
        return self.is_over and self.exposure == 1.0


def elapsed_share(period: tuple[date, date], day: date) -> float:
    """Share of a natural period that is over at the end of a day."""
    first, last = period
    return min(max(((day - first).days + 1) / ((last - first).days + 1), 0.0), 1.0)


def known_on(period: tuple[date, date], stated: date | None, exposure: float | None, as_of: date) -> date:
    """The day on which a count became known: as stated, else the end of its period.

    A part of a period that was not over, and that may have been counted by the as-of date, was known on that day.
    """
    if stated is not None:
        return stated
    is_part = exposure is not None and exposure < 1.0 and period[0] <= as_of < period[1]
    if is_part and exposure is not None and exposure <= elapsed_share(period, as_of) + _day_share(period):
        return as_of
    return period[1]


def exposure_of(row: Row) -> float | None:
    """What a row says it covers of its period, as the reader of counts takes it; None where it says nothing that can be read."""
    return _exposure(RowReader((row,), "", None), 0)


def _exposure(reader: RowReader, index: int) -> float | None:
    return reader.number(index, "exposure", low=0.0, high=1.0, required=False)


def covered_share(period: tuple[date, date], known_at: date, exposure: float | None) -> float | None:
    """Share of the period that a count covers; None where that is not said."""
    if exposure is not None:
        return exposure
    return 1.0 if known_at >= period[1] else None


def read_observations(reader: RowReader, calendar: Calendar) -> tuple[Observation, ...]:
    """The counts known on the as-of date, by period; of several for one the one known last holds.

    A blank value says that the period was not observed, which is not zero: it counts as no row, and a later blank
    takes an earlier value back. Rows that are not used are in `reader.left_out`.
    """
    latest: dict[date, _Row] = {}
    for row in _rows(reader, calendar):
        held = latest.setdefault(row.period[0], row)
        if held is not row:
            older, newer = (held, row) if held.known_at < row.known_at else (row, held)
            latest[row.period[0]] = newer
            if older.value is not None:
                reader.leave_out(older.index, _replaced(older, newer, reader))
    return tuple(
        Observation(first, row.value, row.covered, row.known_at, row.index, row.period[1] <= calendar.as_of)
        for first, row in sorted(latest.items())
        if row.value is not None
    )


def dated_rows(rows: Sequence[Row], calendar: Calendar, as_of: date) -> list[Row] | None:
    """Rows of an indicator in which parts of a period have their day, None where nothing is to be written.

    As of an earlier day a part of a period that was running then would be taken as known; as of a later one, a part of the
    period that is running now as known at its end.

    Parameters
    ----------
    calendar
        Of the study that has the rows.
    as_of
        The other day.
    """
    reader, found = RowReader(rows, "", None), {}
    for index, row in enumerate(rows):
        exposure = _exposure(reader, index)
        if row.get("known_at") is None and exposure is not None and exposure < 1.0:
            period = reader.natural_period(index, "period", calendar)
            if period is None:
                continue
            day = known_on(period, None, exposure, calendar.as_of)
            if period[0] <= as_of < period[1] or day < period[1]:
                found[index] = day.isoformat()
    if not found:
        return None
    return [{**row, "known_at": found.get(index, row.get("known_at"))} for index, row in enumerate(rows)]


@dataclass(frozen=True, slots=True)
class _Row:
    index: int
    period: tuple[date, date]
    value: int | None
    exposure: float | None
    known_at: date

    @property
    def covered(self) -> float | None:
        return covered_share(self.period, self.known_at, self.exposure)


def _rows(reader: RowReader, calendar: Calendar) -> Iterator[_Row]:
    """Rows without an error that were known on the as-of date."""
    if not reader.require_columns("period", "value"):
        return
    seen: dict[tuple[date, date], int] = {}
    for index in range(len(reader.rows)):
        row = _row(reader, index, calendar)
        if row is None:
            continue
        first, last = row.period
        if seen.setdefault((first, row.known_at), index) != index:
            other = reader.place(seen[first, row.known_at])
            reader.fail(
                index, "period", "duplicate", f"{first} is also in {other}; expected one; give a later known_at"
            )
        elif first > calendar.as_of:
            reader.leave_out(index, to_come(calendar, calendar.as_of))
        elif row.known_at > calendar.as_of:
            is_running = last > calendar.as_of and reader.rows[index].get("known_at") is None
            reader.leave_out(index, not_over(calendar, calendar.as_of) if is_running else known_later(calendar.as_of))
        else:
            yield row


def _row(reader: RowReader, index: int, calendar: Calendar) -> _Row | None:
    period = reader.natural_period(index, "period", calendar)
    before = len(reader.errors)
    is_blank = reader.rows[index].get("value") is None
    value = None if is_blank else reader.number(index, "value", low=0.0, high=LARGEST_COUNT, whole=True)
    exposure = _exposure(reader, index)
    stated = reader.day(index, "known_at", required=False)
    if exposure == 0.0:
        reader.fail(index, "exposure", "no_exposure", "no part of the period was covered; leave the row out instead")
    if period is None or len(reader.errors) > before:
        return None
    first, last = period
    distance = calendar.natural_distance(first)
    if abs(distance) > MAX_DISTANCE:
        reader.fail(
            index,
            "period",
            "outside_study",
            f"{first} lies outside the study, {abs(distance):,} {calendar.period} periods "
            f"{'after' if distance > 0 else 'before'} the as-of date {calendar.as_of}; expected at most "
            f"{MAX_DISTANCE} either way; correct it or leave the row out",
        )
    elif stated is not None and stated < first:
        message = f"{stated} is before {first}, when the {calendar.period} begins; expected a later day; correct it"
        reader.fail(index, "known_at", "date_order", message)
    elif stated is not None and exposure is not None and exposure > _most_covered(period, stated):
        message = (
            f"{exposure:g} of a {calendar.period} that ends on {last}, known on {stated}, when {_most_covered(period, stated):.2g}"
            " of it was over; expected at most that; correct one of them, or leave this blank for a lower bound"
        )
        reader.fail(index, "exposure", "more_than_elapsed", message)
    else:
        return _Row(
            index,
            period,
            None if value is None else int(value),
            exposure,
            known_on(period, stated, exposure, calendar.as_of),
        )
    return None


def to_come(calendar: Calendar, day: date) -> str:
    """What is said of a count of a period that has not begun."""
    return f"a count of a {calendar.period} that had not begun on {day}; nothing can be counted in it yet, so it is not used"


def not_over(calendar: Calendar, day: date) -> str:
    """What is said of a count of a running period that does not say what it covers."""
    return (
        f"a count of a {calendar.period} that was not over on {day}, without the share of it that was counted; it is not "
        "used before its end; say that share in `exposure`, or the day of the count in `known_at` for a lower bound"
    )


def _replaced(row: _Row, later: _Row, reader: RowReader) -> str:
    why = f"replaced by {reader.place(later.index)}, which became known later"
    if later.value is not None and row.value is not None and later.value < row.value and row.known_at < row.period[1]:
        why += f", although it says {later.value:,} after {row.value:,} and what is counted can only grow: look at both"
    return why


def _most_covered(period: tuple[date, date], day: date) -> float:
    """Share of a period that may have been counted on a day, with a day for rounding."""
    return min(elapsed_share(period, day) + _day_share(period), 1.0) if day < period[1] else 1.0


def _day_share(period: tuple[date, date]) -> float:
    return 1.0 / ((period[1] - period[0]).days + 1)
