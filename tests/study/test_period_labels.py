"""Labels of counts: what names a natural period, what may be two of them, and where weeks and years begin."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import StudyError
from forecast.study import Calendar, Period, resolve_observations, study_from_document
from forecast.study.document.calendar import Weekday, YearName
from forecast.study.document.period_labels import read_period

AS_OF = date(2024, 1, 14)
SUNDAYS = {"week_starts": Weekday.SUNDAY}
days = st.dates(date(1901, 1, 1), date(2199, 12, 31))


def read(period: str, label: str, **keys: Any) -> tuple[str, str]:
    first, last = read_period(label, Calendar(Period(period), AS_OF, **keys))
    return first.isoformat(), last.isoformat()


@pytest.mark.parametrize(
    ("period", "label", "keys", "first", "last"),
    [
        ("week", "2024-W03", {}, "2024-01-15", "2024-01-21"),
        ("week", "2024W3", {}, "2024-01-15", "2024-01-21"),
        ("week", "W03 2024", {}, "2024-01-15", "2024-01-21"),
        ("week", "2024-01-15", {}, "2024-01-15", "2024-01-21"),
        ("week", "2020-W53", {}, "2020-12-28", "2021-01-03"),
        ("week", "2024-01-14", SUNDAYS, "2024-01-14", "2024-01-20"),
        ("week", "2024-W03", SUNDAYS, "2024-01-14", "2024-01-20"),
        ("week", "2023-W01", SUNDAYS, "2023-01-01", "2023-01-07"),
        ("month", "2024-02", {}, "2024-02-01", "2024-02-29"),
        ("month", "Feb 2024", {}, "2024-02-01", "2024-02-29"),
        ("month", "february, 2024", {}, "2024-02-01", "2024-02-29"),
        ("month", "2024-Sept", {}, "2024-09-01", "2024-09-30"),
        ("month", "2024M2", {}, "2024-02-01", "2024-02-29"),
        ("month", "02/2024", {}, "2024-02-01", "2024-02-29"),
        ("month", "2024-02-29", {}, "2024-02-01", "2024-02-29"),
        ("quarter", "2023Q1", {}, "2023-01-01", "2023-03-31"),
        ("quarter", "Q4 2023", {}, "2023-10-01", "2023-12-31"),
        ("quarter", "2023-q2", {}, "2023-04-01", "2023-06-30"),
        ("quarter", "May 2023", {}, "2023-04-01", "2023-06-30"),
        ("quarter", "2023-05", {"year_starts": 2}, "2023-05-01", "2023-07-31"),
        ("quarter", "Q4 2023", {"year_starts": 4, "year_named": YearName.START}, "2024-01-01", "2024-03-31"),
        ("quarter", "FY2024Q1", {"year_starts": 10, "year_named": YearName.END}, "2023-10-01", "2023-12-31"),
        ("year", "2023", {}, "2023-01-01", "2023-12-31"),
        ("year", "2023/24", {"year_starts": 10}, "2023-10-01", "2024-09-30"),
        ("year", "FY2024", {"year_starts": 10, "year_named": YearName.END}, "2023-10-01", "2024-09-30"),
        ("year", "2023", {"year_starts": 4, "year_named": YearName.START}, "2023-04-01", "2024-03-31"),
        ("year", "2024-03-31", {"year_starts": 4}, "2023-04-01", "2024-03-31"),
        ("year", "2024-03", {"year_starts": 4}, "2023-04-01", "2024-03-31"),
        ("day", "2024-01-14", {}, "2024-01-14", "2024-01-14"),
    ],
)
def test_a_label_names_its_natural_period(period: str, label: str, keys: dict[str, Any], first: str, last: str) -> None:
    assert read(period, label, **keys) == (first, last)


@pytest.mark.parametrize(
    ("period", "label", "keys", "words"),
    [
        ("week", "2024-01-14", {}, r"is a Sunday.* Monday; expected 2024-01-08 \(2024-W02\).* 2024-01-15 \(2024-W03\)"),
        ("week", "2024-01-15", SUNDAYS, r"is a Monday.* Sunday; expected 2024-01-14 \(2024-W03\)"),
        ("week", "2024-W53", {}, "no week of 2024; expected 1 to 52"),
        ("week", "2024-03", {}, "not a week"),
        ("month", "2024", {}, "not a month; expected a month such as 2024-01"),
        ("month", "2024-W03", {}, "not a month"),
        ("month", "Jan-24", {}, "not a month"),
        ("month", "Mayo 2024", {}, "not a month"),
        ("month", "13/2024", {}, "the month 13"),
        ("quarter", "2023", {}, "not a quarter; expected a quarter such as 2024Q1"),
        ("quarter", "2023Q5", {}, "not a quarter"),
        ("quarter", "2023Q1", {"year_starts": 4}, "2022/23 or 2023/24"),
        ("year", "2024", {"year_starts": 10}, "expected 2023/24 or 2024/25"),
        ("year", "2023/25", {"year_starts": 10}, "no two years"),
        ("year", "2023/24", {}, "years begin in January"),
        ("year", "2011-12", {"year_starts": 10}, "a month or two years"),
        ("day", "2024-01", {}, "not a day"),
        ("year", "0999", {}, "too far away"),
        ("month", "x" * 41, {}, "41 characters"),
        ("month", "", {}, "not a month"),
    ],
)
def test_a_label_of_another_length_or_of_two_meanings_is_refused(
    period: str, label: str, keys: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        read(period, label, **keys)


@given(days, st.sampled_from(list(Weekday)))
def test_weeks_begin_on_the_stated_day_and_have_one_label(day: date, starts: Weekday) -> None:
    calendar = Calendar(Period.WEEK, AS_OF, starts)
    first, last = calendar.natural_period(day)
    assert first <= day <= last
    assert (first.weekday(), (last - first).days) == (starts.number, 6)
    if starts is Weekday.MONDAY:
        year, week, _ = day.isocalendar()
        assert read_period(f"{year}-W{week:02}", calendar) == (first, last)


@given(days, st.integers(1, 12), st.sampled_from([Period.QUARTER, Period.YEAR]))
def test_years_begin_in_the_stated_month(day: date, starts: int, period: Period) -> None:
    calendar = Calendar(period, AS_OF, year_starts=starts)
    first, last = calendar.natural_period(day)
    assert first <= day <= last
    assert first.day == 1
    assert (first.month - starts) % (12 if period is Period.YEAR else 3) == 0
    assert calendar.natural_period(last + timedelta(days=1))[0] == last + timedelta(days=1)


@given(st.text(max_size=45), st.sampled_from(list(Period)), st.integers(1, 12))
def test_no_label_ends_in_anything_but_a_period_or_a_message(label: str, period: Period, starts: int) -> None:
    with suppress(ValueError):
        first, last = read_period(label, Calendar(period, AS_OF, year_starts=starts))
        assert first <= last


def test_a_study_says_where_its_weeks_begin(document: dict[str, Any]) -> None:
    """Of a week labelled by its Sunday, which is the as-of date, one day is over and not seven."""
    rows = [{"period": "2024-01-07", "value": 11}, {"period": "2024-01-14", "value": 95}]
    document |= {"as_of": "2024-01-14", "period": "week", "indicators": [{"id": "cases", "rows": rows}]}
    document["outcomes"][1]["resolution"]["by"] = "2024-06-30"
    with pytest.raises(StudyError, match="2024-01-07 is a Sunday"):
        study_from_document(document)
    document["week_starts"] = "sunday"
    found = resolve_observations(study_from_document(document))["cases"]
    assert [(seen.period.isoformat(), seen.value) for seen in found if seen.period < AS_OF] == [("2024-01-07", 11)]
