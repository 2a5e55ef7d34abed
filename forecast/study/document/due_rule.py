"""When something is due again: a cron expression in a time zone, or an interval from a moment; read by croniter.

Across the change to summer time, a local time that does not exist is due at the moment when it would have been (03:00
for 02:30 in Berlin); across the change back, one that comes twice is due the first time, unless the hour is `*`.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from croniter.croniter import CroniterBadDateError, CroniterError

from forecast.errors import FieldError
from forecast.study.reading.suggest import nearest_hint

LONGEST_INTERVAL_SECONDS: Final = 366 * 86_400.0
MAX_CRON_CHARACTERS: Final = 100
_CRON: Final = re.compile(r"[0-9A-Za-z*,/\-# ]+|@[a-z]+")
_RANDOM: Final = re.compile(r"(?:^| )[HRhr](?:\(|/| |$)")
"""croniter draws these at random; a due time must be the same in every process."""


@dataclass(frozen=True)
class Rule:
    """A checked rule."""

    cron: str | None
    every_seconds: float | None
    timezone: str
    anchor: datetime
    """Where an interval begins; its first due time is one interval later."""

    def due_after(self, moment: datetime) -> Iterator[datetime]:
        """Due times later than a moment, in UTC, without end (or until a rule that ends does)."""
        return self._cron_times(moment) if self.cron is not None else self._interval_times(moment)

    def next_after(self, moment: datetime) -> datetime | None:
        """The first of them."""
        return next(self.due_after(moment), None)

    def latest_due(self, first: datetime, last: datetime, most: int) -> list[datetime]:
        """The latest due times from `first` to `last`, both included, at most `most` of them, in order.

        Looks back in steps that double, so that a rule of one minute costs little after a year of standstill.
        """
        width = timedelta(hours=1)
        while True:
            start = max(first - timedelta(microseconds=1), last - width)
            found = list(itertools.takewhile(lambda moment: moment <= last, self.due_after(start)))
            if start < first or len(found) >= most:
                return found[-most:]
            width *= 2

    def first_due(self, first: datetime, last: datetime, most: int) -> list[datetime]:
        """The first due times from `first` to `last`, both included, at most `most` of them, in order."""
        times = itertools.takewhile(lambda moment: moment <= last, self.due_after(first - timedelta(microseconds=1)))
        return list(itertools.islice(times, most))

    def _cron_times(self, moment: datetime) -> Iterator[datetime]:
        expression = str(self.cron)
        every_hour = croniter.expand(expression)[0][1] == ["*"]
        times = croniter(expression, moment.astimezone(ZoneInfo(self.timezone)), max_years_between_matches=5)
        while True:
            try:
                found: datetime = times.get_next(datetime)
            except CroniterBadDateError:
                return
            if every_hour or not found.fold:
                yield found.astimezone(UTC)

    def _interval_times(self, moment: datetime) -> Iterator[datetime]:
        step = timedelta(seconds=float(self.every_seconds or 0.0))
        passed = max(0, (moment - self.anchor) // step)
        while True:
            passed += 1
            if (found := self.anchor + passed * step) > moment:
                yield found


def read_rule(
    cron: str | None, every_seconds: float | None, timezone: str, anchor: datetime, *, least_seconds: float
) -> tuple[Rule | None, list[FieldError]]:
    """A rule from what a user says, or every place that is wrong.

    Parameters
    ----------
    least_seconds
        The shortest time between two due times.
    """
    errors = [*_zone_errors(timezone)]
    if (cron is None) == (every_seconds is None):
        seen = "neither" if cron is None else "both"
        errors.append(FieldError("cron", "one_rule", f"{seen} of cron and every_seconds; expected one of them"))
    elif cron is not None:
        errors += _cron_errors(cron)
    elif every_seconds is not None and not (
        math.isfinite(every_seconds) and least_seconds <= every_seconds <= LONGEST_INTERVAL_SECONDS
    ):
        message = (
            f"{every_seconds:g} seconds; expected {least_seconds:g} to {LONGEST_INTERVAL_SECONDS:g}; choose a longer or "
            "shorter interval"
        )
        errors.append(FieldError("every_seconds", "interval", message))
    if errors:
        return None, errors
    rule = Rule(" ".join(cron.split()) if cron is not None else None, every_seconds, timezone, anchor)
    errors = list(_due_errors(rule, least_seconds))
    return (None, errors) if errors else (rule, [])


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _zone_errors(timezone: str) -> Iterator[FieldError]:
    if timezone not in _zones():
        message = (
            f"{timezone[:60]!r} is no time zone; expected a name of the IANA database such as Europe/Berlin or UTC; "
            f"{nearest_hint(timezone[:60], sorted(_zones()))}"
        )
        yield FieldError("timezone", "unknown", message)


def _cron_errors(cron: str) -> list[FieldError]:
    def error(why: str) -> list[FieldError]:
        message = (
            f"{cron[:60]!r} {why}; expected minute, hour, day of month, month and day of week, as in '0 6 1 * *' for "
            "06:00 on the first of each month, or @daily; correct it"
        )
        return [FieldError("cron", "cron", message)]

    if len(cron) > MAX_CRON_CHARACTERS or not _CRON.fullmatch(cron):
        return error("is not a cron expression")
    if _RANDOM.search(cron):
        return error("holds a random part")
    if not cron.startswith("@") and len(cron.split()) != 5:
        return error(f"has {len(cron.split())} fields")
    try:
        croniter.expand(cron)
    except (CroniterError, ValueError, KeyError, OverflowError):
        return error("cannot be read")
    return []


def _due_errors(rule: Rule, least_seconds: float) -> Iterator[FieldError]:
    """Whether it is ever due, and not too often."""
    times = rule.due_after(rule.anchor)
    first, second = next(times, None), next(times, None)
    if first is None:
        yield FieldError("cron", "never", f"{rule.cron!r} is never due; expected a day that exists; correct it")
    elif second is not None and (second - first).total_seconds() < least_seconds:
        message = f"due every {(second - first).total_seconds():g} seconds; expected at least {least_seconds:g}"
        yield FieldError("cron", "too_often", message + "; make it less frequent")
