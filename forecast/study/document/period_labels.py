"""Labels of the natural periods in which counts are made: days, ISO weeks, months by name, quarters, fiscal years.

A label names a period, or is a day in it. Of a week only its first day is one: people label weeks by their first day or
by their last, and a Sunday may be either.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from forecast.study.document.calendar import Calendar, Period, Weekday, YearName
from forecast.study.document.fields import parse_date

LONGEST: Final = 40
_MONTHS: Final = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_NAMES: Final = {name[:length]: place for place, name in enumerate(_MONTHS, start=1) for length in (3, len(name))} | {
    "sept": 9
}
_GAP: Final = r"[\s./_,-]*"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR: Final = re.compile(r"(?:FY\s?)?(\d{4})", re.ASCII | re.IGNORECASE)
_TWO_YEARS: Final = re.compile(r"(?:FY\s?)?(\d{4})/(\d{2}|\d{4})", re.ASCII | re.IGNORECASE)
_MONTH: Final = (
    re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{1,2})", re.ASCII),
    re.compile(r"(?P<month>\d{1,2})/(?P<year>\d{4})", re.ASCII),
    re.compile(r"(?P<year>\d{4})-?M(?P<month>\d{1,2})", re.ASCII | re.IGNORECASE),
)
_NAMED: Final = (
    re.compile(rf"(?P<name>[a-z]{{3,9}}){_GAP}(?P<year>\d{{4}})", re.ASCII | re.IGNORECASE),
    re.compile(rf"(?P<year>\d{{4}}){_GAP}(?P<name>[a-z]{{3,9}})\.?", re.ASCII | re.IGNORECASE),
)
_QUARTER: Final = (
    re.compile(rf"(?:FY\s?)?(?P<year>\d{{4}}){_GAP}Q(?P<part>[1-4])", re.ASCII | re.IGNORECASE),
    re.compile(rf"Q(?P<part>[1-4]){_GAP}(?:FY\s?)?(?P<year>\d{{4}})", re.ASCII | re.IGNORECASE),
    re.compile(rf"(?P<part>[1-4])Q{_GAP}(?P<year>\d{{4}})", re.ASCII | re.IGNORECASE),
)
_WEEK: Final = (
    re.compile(rf"(?P<year>\d{{4}}){_GAP}W(?P<part>\d{{1,2}})(?:-1)?", re.ASCII | re.IGNORECASE),
    re.compile(rf"W(?P<part>\d{{1,2}}){_GAP}(?P<year>\d{{4}})", re.ASCII | re.IGNORECASE),
)
_EXPECTED: Final = {
    Period.DAY: "a day such as 2024-01-15",
    Period.WEEK: "a week such as 2024-W03, or its first day",
    Period.MONTH: "a month such as 2024-01 or Jan 2024, or a day in it",
    Period.QUARTER: "a quarter such as 2024Q1, or a day in it",
    Period.YEAR: "a year such as 2024, or a day in it",
}


def read_period(label: str, calendar: Calendar) -> tuple[date, date]:
    """First and last day of the natural period that a label names.

    Raises
    ------
    ValueError
        When it names none, or not for certain, with what was expected.
    """
    label = label.strip()
    if len(label) > LONGEST:
        raise ValueError(f"{len(label)} characters; expected {_EXPECTED[calendar.period]}; correct it")
    if _DATE.fullmatch(label):
        return _of_day(parse_date(label), calendar)
    found = _named_period(label, calendar)
    if found is None:
        raise ValueError(f"{label!r} is not a {calendar.period}; expected {_EXPECTED[calendar.period]}; write it so")
    return calendar.natural_period(_within_reach(found))


def _named_period(label: str, calendar: Calendar) -> date | None:
    """A day in the period that a label names; None when it names none of the study's length."""
    match calendar.period:
        case Period.WEEK:
            return _week(label, calendar)
        case Period.MONTH:
            return _month(label)
        case Period.QUARTER:
            return _quarter(label, calendar) or _month(label)
        case Period.YEAR:
            return _year(label, calendar) or _month_of_year(label, calendar)
    return None


def _of_day(day: date, calendar: Calendar) -> tuple[date, date]:
    first, last = calendar.natural_period(day)
    if calendar.period is Period.WEEK and day != first:
        own, following = (f"{each} ({_week_label(each, calendar)})" for each in (first, last + timedelta(days=1)))
        raise ValueError(
            f"{day} is a {_day_name(day)}, and weeks begin on {calendar.week_starts.value.capitalize()}; expected {own} for "
            f"the week that holds it, {following} for the one after; write one of them, or state `week_starts: "
            f"{list(Weekday)[day.weekday()].value}` if it begins there"
        )
    return first, last


def _day_name(day: date) -> str:
    return list(Weekday)[day.weekday()].value.capitalize()


def _first_week(year: int, calendar: Calendar) -> date:
    """First day of the week that holds 4 January, as in ISO 8601 and, with Sundays, in epidemiology."""
    return calendar.natural_period(date(year, 1, 4))[0]


def _week_label(first: date, calendar: Calendar) -> str:
    year = (first + timedelta(days=3)).year
    return f"{year}-W{(first - _first_week(year, calendar)).days // 7 + 1:02}"


def _week(label: str, calendar: Calendar) -> date | None:
    found = _match(_WEEK, label)
    if found is None:
        return None
    year, week = _year_number(found["year"]), int(found["part"])
    first = _first_week(year, calendar) + timedelta(weeks=week - 1)
    last = (_first_week(year + 1, calendar) - _first_week(year, calendar)).days // 7
    if not 1 <= week <= last:
        raise ValueError(f"{label!r} is no week of {year}; expected 1 to {last}; correct it")
    return first


def _month(label: str) -> date | None:
    found = _match(_MONTH, label)
    number = int(found["month"]) if found is not None else None
    if found is None:
        found = _match(_NAMED, label)
        number = _NAMES.get(found["name"].lower()) if found is not None else None
    if found is None or number is None:
        return None
    if not 1 <= number <= 12:
        raise ValueError(f"{label!r} has the month {number}; expected 1 to 12; correct it")
    return date(_year_number(found["year"]), number, 1)


def _quarter(label: str, calendar: Calendar) -> date | None:
    found = _match(_QUARTER, label)
    if found is None:
        return None
    first = _first_of_year(_year_number(found["year"]), label, calendar)
    months = first.month - 1 + 3 * (int(found["part"]) - 1)
    return date(first.year + months // 12, months % 12 + 1, 1)


def _year(label: str, calendar: Calendar) -> date | None:
    found = _YEAR.fullmatch(label)
    if found is not None:
        return _first_of_year(_year_number(found[1]), label, calendar)
    found = _TWO_YEARS.fullmatch(label)
    if found is None:
        return None
    year, last = _year_number(found[1]), found[2]
    if str(year + 1)[-len(last) :] != last:
        raise ValueError(f"{label!r} are no two years that follow one another; expected such as 2023/24; correct it")
    if calendar.year_starts == 1:
        raise ValueError(
            f"{label!r} are two years, and years begin in January; expected one such as {year}; write that, or state "
            "`year_starts`, the month in which they begin"
        )
    return date(year, calendar.year_starts, 1)


def _month_of_year(label: str, calendar: Calendar) -> date | None:
    """A month in a year; ``2011-12`` may be two years as well where years do not begin in January."""
    found = _MONTH[0].fullmatch(label)
    if found is not None and calendar.year_starts != 1 and int(found["month"]) == (int(found["year"]) + 1) % 100:
        year = int(found["year"])
        raise ValueError(
            f"{label!r} may be a month or two years; expected {year}/{found['month']} or {year}-{found['month']}-01; write one of them"
        )
    return _month(label)


def _first_of_year(year: int, label: str, calendar: Calendar) -> date:
    if calendar.year_starts == 1:
        return date(year, 1, 1)
    if calendar.year_named is None:
        month = _MONTHS[calendar.year_starts - 1].capitalize()
        ways = f"{year - 1}/{year % 100:02} or {year}/{(year + 1) % 100:02}"
        expected = ways if calendar.period is Period.YEAR else f"a day in the quarter, as the year may be {ways}"
        raise ValueError(
            f"{label!r} names one year, and years begin in {month}; expected {expected}; write that, or state "
            "`year_named: start` or `year_named: end`"
        )
    return date(year - (calendar.year_named is YearName.END), calendar.year_starts, 1)


def _year_number(text: str) -> int:
    return _within_reach(date(max(int(text), 1), 1, 4)).year


def _within_reach(day: date) -> date:
    """The day, if it is one that a study may speak of."""
    return parse_date(day)


def _match(patterns: tuple[re.Pattern[str], ...], label: str) -> re.Match[str] | None:
    return next((found for pattern in patterns if (found := pattern.fullmatch(label)) is not None), None)
