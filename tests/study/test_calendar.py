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


@pytest.mark.parametrize(
    ("period", "as_of", "first", "last"),
    [
        ("day", "2021-09-10", "2021-09-10", "2021-09-10"),
        ("week", "2021-09-12", "2021-09-06", "2021-09-12"),  # a Sunday
        ("week", "2021-09-11", "2021-08-30", "2021-09-05"),
        ("month", "2020-02-29", "2020-02-01", "2020-02-29"),
        ("month", "2020-02-28", "2020-01-01", "2020-01-31"),
        ("month", "2021-01-15", "2020-12-01", "2020-12-31"),
        ("quarter", "2021-06-30", "2021-04-01", "2021-06-30"),
        ("quarter", "2021-06-29", "2021-01-01", "2021-03-31"),
        ("year", "2021-12-31", "2021-01-01", "2021-12-31"),
        ("year", "2021-12-30", "2020-01-01", "2020-12-31"),
    ],
)
def test_a_period_that_ends_on_the_as_of_date_is_complete(period: str, as_of: str, first: str, last: str) -> None:
    found = Calendar(Period(period), date.fromisoformat(as_of)).last_complete_period()
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


@given(calendars)
def test_no_later_period_is_complete(calendar: Calendar) -> None:
    _, last = calendar.last_complete_period()
    assert last <= calendar.as_of < calendar.natural_period(last + timedelta(days=1))[1]


@pytest.mark.parametrize(
    ("period", "start", "end", "firsts"),
    [
        ("day", "2020-02-28", "2020-03-01", ["2020-02-28", "2020-02-29", "2020-03-01"]),
        ("week", "2021-09-10", "2021-09-20", ["2021-09-06", "2021-09-13", "2021-09-20"]),
        ("month", "2020-11-30", "2021-02-01", ["2020-11-01", "2020-12-01", "2021-01-01", "2021-02-01"]),
        ("quarter", "2020-11-30", "2021-02-01", ["2020-10-01", "2021-01-01"]),
        ("year", "2019-12-31", "2021-01-01", ["2019-01-01", "2020-01-01", "2021-01-01"]),
        ("month", "2021-03-31", "2021-03-01", ["2021-03-01"]),
        ("month", "2021-03-01", "2021-02-28", []),
    ],
)
def test_natural_periods_are_listed_with_both_ends(period: str, start: str, end: str, firsts: list[str]) -> None:
    calendar = Calendar(Period(period), date(2021, 1, 1))
    periods = calendar.natural_periods_between(date.fromisoformat(start), date.fromisoformat(end))
    assert [first.isoformat() for first, _ in periods] == firsts
    assert all(calendar.natural_period(last) == (first, last) for first, last in periods)


@given(st.sampled_from(list(Period)), days, st.integers(-800, 800))
def test_natural_distance_counts_the_listed_periods(period: Period, as_of: date, apart: int) -> None:
    calendar = Calendar(period, as_of)
    day = as_of + timedelta(days=apart)
    forth, back = calendar.natural_periods_between(as_of, day), calendar.natural_periods_between(day, as_of)
    assert calendar.natural_distance(day) == (len(forth) - 1 if apart >= 0 else 1 - len(back))


@given(calendars, st.integers(0, 600))
def test_the_day_after_whole_periods_is_the_end_of_a_period(calendar: Calendar, h: int) -> None:
    assert calendar.day_after(h) == calendar.end_of(h)
    assert calendar.end_of(h) <= calendar.day_after(h + 0.5) <= calendar.end_of(h + 1)


def test_half_a_month_is_rounded_to_days() -> None:
    assert months("2021-03-01").day_after(1.5) == date(2021, 4, 16)


def test_a_step_out_of_the_calendar_is_an_overflow() -> None:
    with pytest.raises(OverflowError, match="leave the calendar"):
        months("2999-01-01").end_of(12 * 7001)
