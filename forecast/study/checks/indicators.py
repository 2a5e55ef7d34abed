"""Seasons and breaks that an indicator states, against its counts and the study's calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from forecast.errors import FieldError
from forecast.study.document.calendar import Calendar, Period
from forecast.study.document.evidence import Indicator
from forecast.study.rows.counts import Observation

WITHOUT_SEASONS = (Period.DAY, Period.YEAR)


def course_errors(
    indicator: Indicator, found: Sequence[Observation], calendar: Calendar, path: str
) -> Iterator[FieldError]:
    """What is wrong with the season and the breaks of one indicator.

    Parameters
    ----------
    found
        Its counts that are used. As of an earlier day there may be none, or a break may lie beyond the horizon: neither is wrong.
    """
    if indicator.season == "pooled" and calendar.period in WITHOUT_SEASONS:
        message = f"a season by {calendar.period}; expected a study by week, month or quarter; remove it, or change the period"
        yield FieldError(f"{path}.season", "no_season", message)
    begun = min((observation.period for observation in found), default=None)
    seen: dict[date, date] = {}
    for place, day in enumerate(indicator.breaks):
        where, first = f"{path}.breaks[{place}]", calendar.natural_period(day)[0]
        if begun is not None and first <= begun:
            message = (
                f"a break on {day}, and the first count is of the period that begins on {begun}; expected a break after a "
                "count, whose level it leaves; remove it"
            )
            yield FieldError(where, "break_too_early", message)
        elif first in seen:
            message = f"a break on {day} in the same period as that on {seen[first]}; expected one; remove one of them"
            yield FieldError(where, "duplicate", message)
        seen.setdefault(first, day)
