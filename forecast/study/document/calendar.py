"""The calendar of a study: how dates become periods, the time step in which everything is counted.

Two ways of counting, for two purposes. Time at risk is measured from its own start (a deployment that began on the
17th is one month old on the next 17th), so `periods_between` anchors its steps there. Counts in indicator tables are
made by natural periods (the month of March), so `natural_period` gives those. A study may state on which day of the
week and in which month of the year these begin.
"""

from __future__ import annotations

import calendar as month_lengths
import math
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Period(StrEnum):
    """The time step of a study."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def number(self) -> int:
        """As `date.weekday` counts: 0 is Monday."""
        return list(Weekday).index(self)


class YearName(StrEnum):
    """The calendar year that gives a year its name, where it does not begin in January."""

    START = "start"
    END = "end"


_DAYS = {Period.DAY: 1, Period.WEEK: 7}
_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


@dataclass(frozen=True)
class Calendar:
    """Periods of one length around one as-of date.

    Future period h runs from just after ``end_of(h - 1)`` up to and including ``end_of(h)``; ``end_of(0)`` is the
    as-of date itself.
    """

    period: Period
    as_of: date
    week_starts: Weekday = Weekday.MONDAY
    year_starts: int = 1
    """Month in which natural years begin; quarters are counted from it."""
    year_named: YearName | None = None
    """None: a year that does not begin in January has no name of one number."""

    def step(self, start: date, steps: int) -> date:
        """The date that lies a number of whole periods after `start` (before it, if negative).

        Months keep the day of the month, clipped to the month's end: a month after 31 January is 28 or 29 February,
        and two months after it is 31 March.

        Raises
        ------
        OverflowError
            When the date lies outside the years 1 to 9999.
        """
        if self.period in _DAYS:
            return start + timedelta(days=steps * _DAYS[self.period])
        year, month = divmod(start.year * 12 + start.month - 1 + steps * _MONTHS[self.period], 12)
        if not 1 <= year <= 9999:
            raise OverflowError(f"{steps} {self.period} periods from {start} leave the calendar")
        return date(year, month + 1, min(start.day, month_lengths.monthrange(year, month + 1)[1]))

    def periods_between(self, start: date, end: date) -> float:
        """How many periods lie between two dates: whole steps from `start`, plus the fraction of the next one.

        Exact for days and weeks. Negative when `end` is before `start`; grows strictly with `end`.
        """
        if self.period in _DAYS:
            return (end - start).days / _DAYS[self.period]
        months = (end.year - start.year) * 12 + end.month - start.month
        steps = months // _MONTHS[self.period]
        low = self.step(start, steps)
        if low > end:
            steps -= 1
            low = self.step(start, steps)
        high = self.step(start, steps + 1)
        return steps + (end - low).days / (high - low).days

    def age_on(self, since: date, day: date) -> float:
        """Age in periods, on a day, of what begins at `since`; before that, less the periods that are still to pass."""
        return self.periods_between(since, day) if since <= day else -self.periods_between(day, since)

    def periods_until(self, day: date) -> float:
        """Periods from the as-of date to another date; negative for the past."""
        return self.periods_between(self.as_of, day)

    def end_of(self, period: int) -> date:
        """The last day of a future period (1 is the first one); 0 gives the as-of date."""
        return self.step(self.as_of, period)

    def day_after(self, periods: float) -> date:
        """The day that lies a number of periods, not always whole, after the as-of date; rounded to days."""
        steps = math.floor(periods)
        low, high = self.end_of(steps), self.end_of(steps + 1)
        return low + timedelta(days=round((periods - steps) * (high - low).days))

    def natural_period(self, day: date) -> tuple[date, date]:
        """First and last day of the natural period that holds a date."""
        if self.period is Period.DAY:
            return day, day
        if self.period is Period.WEEK:
            first = day - timedelta(days=(day.weekday() - self.week_starts.number) % 7)
            return first, first + timedelta(days=6)
        months = _MONTHS[self.period]
        late = (self.year_starts - 1) % months
        year, month = divmod((day.year * 12 + day.month - 1 - late) // months * months + late, 12)
        first = date(year, month + 1, 1)
        return first, self.step(first, 1) - timedelta(days=1)

    def natural_periods_between(self, start: date, end: date) -> tuple[tuple[date, date], ...]:
        """First and last day of each natural period from the one that holds `start` to the one that holds `end`.

        Empty when the period of `end` lies before that of `start`.
        """
        periods = []
        period = self.natural_period(start)
        while period[0] <= end:
            periods.append(period)
            period = self.natural_period(period[1] + timedelta(days=1))
        return tuple(periods)

    def natural_distance(self, day: date) -> int:
        """How many natural periods after the as-of date's own one the period of another date lies; negative before it."""
        here, there = self.natural_period(self.as_of)[0], self.natural_period(day)[0]
        if self.period in _DAYS:
            return (there - here).days // _DAYS[self.period]
        return ((there.year - here.year) * 12 + there.month - here.month) // _MONTHS[self.period]

    def last_complete_period(self) -> tuple[date, date]:
        """First and last day of the last natural period that is over; one that ends on the as-of date is."""
        first, last = self.natural_period(self.as_of)
        return (first, last) if last <= self.as_of else self.natural_period(first - timedelta(days=1))
