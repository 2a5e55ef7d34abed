"""Dates to periods: steps by the calendar, fractions of the next step."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.study import Calendar, Period

days = st.dates(date(1500, 1, 1), date(2500, 12, 31))
calendars = st.builds(Calendar, st.sampled_from(list(Period)), days)


def months(as_of: str = "2021-01-31") -> Calendar:
    return Calendar(Period.MONTH, date.fromisoformat(as_of))


def test_month_steps_are_clipped_to_the_month_end_and_do_not_drift() -> None:
    ends = [months().end_of(h).isoformat() for h in range(5)]
    assert ends == ["2021-01-31", "2021-02-28", "2021-03-31", "2021-04-30", "2021-05-31"]


def test_leap_day_is_one_year_before_28_february() -> None:
    calendar = Calendar(Period.YEAR, date(2020, 2, 29))
    assert calendar.end_of(1) == date(2021, 2, 28)
    assert calendar.end_of(4) == date(2024, 2, 29)
    assert calendar.periods_until(date(2021, 2, 28)) == 1.0


@pytest.mark.parametrize(
    ("period", "start", "end", "periods"),
    [
        ("day", "2020-02-28", "2020-03-01", 2.0),
        ("week", "2021-01-01", "2021-01-12", 11 / 7),
        ("month", "2021-01-15", "2021-02-15", 1.0),
        ("month", "2021-01-15", "2021-03-01", 1 + 14 / 28),
        ("month", "2021-01-31", "2021-02-28", 1.0),
        ("quarter", "2021-01-01", "2021-05-16", 1 + 45 / 91),
        ("year", "2020-01-01", "2021-07-02", 1 + 182 / 365),
        ("month", "2021-03-15", "2021-02-15", -1.0),
        ("month", "2021-03-15", "2021-03-01", -14 / 28),
        ("month", "2021-03-15", "2021-03-15", 0.0),
    ],
)
def test_periods_between_two_dates(period: str, start: str, end: str, periods: float) -> None:
    calendar = Calendar(Period(period), date(2021, 1, 1))
    assert calendar.periods_between(date.fromisoformat(start), date.fromisoformat(end)) == pytest.approx(periods)


@given(calendars, st.integers(0, 600))
def test_end_of_a_future_period_lies_that_many_periods_ahead(calendar: Calendar, h: int) -> None:
    assert calendar.periods_until(calendar.end_of(h)) == h


@given(calendars, days, days)
def test_periods_grow_strictly_with_the_end(calendar: Calendar, start: date, end: date) -> None:
    here = calendar.periods_between(start, end)
    assert here < calendar.periods_between(start, end + timedelta(days=1))
    assert (here > 0) == (end > start)


@given(calendars, days)
def test_a_date_lies_in_its_natural_period(calendar: Calendar, day: date) -> None:
    first, last = calendar.natural_period(day)
    assert first <= day <= last
    assert calendar.natural_period(first) == (first, last) == calendar.natural_period(last)
    assert calendar.natural_period(last + timedelta(days=1))[0] == last + timedelta(days=1)


def test_natural_quarter_and_week() -> None:
    assert Calendar(Period.QUARTER, date(2021, 1, 1)).natural_period(date(2021, 5, 5)) == (
        date(2021, 4, 1),
        date(2021, 6, 30),
    )
    assert Calendar(Period.WEEK, date(2021, 1, 1)).natural_period(date(2021, 9, 12))[0] == date(2021, 9, 6)


def test_a_step_out_of_the_calendar_is_an_overflow() -> None:
    with pytest.raises(OverflowError, match="leave the calendar"):
        months("2999-01-01").end_of(12 * 7001)
