"""Due times: cron expressions in time zones, intervals, and what is refused."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from forecast.jobs.errors import ScheduleError
from forecast.timeline.schedule_rule import Rule, make_rule

ANCHOR = datetime(2021, 3, 26, 12, tzinfo=UTC)


def rule(cron: str | None = None, every: float | None = None, zone: str = "Europe/Berlin") -> Rule:
    return make_rule(cron, every, zone, ANCHOR, least_seconds=60)


def due(made: Rule, after: datetime, count: int) -> list[str]:
    return [f"{moment:%m-%d %H:%M}" for moment in itertools.islice(made.due_after(after), count)]


def test_a_local_time_keeps_its_hour_when_the_clocks_change() -> None:
    assert due(rule("0 6 * * *"), ANCHOR, 3) == ["03-27 05:00", "03-28 04:00", "03-29 04:00"]
    autumn = datetime(2021, 10, 29, 12, tzinfo=UTC)
    assert due(rule("0 6 * * *"), autumn, 3) == ["10-30 04:00", "10-31 05:00", "11-01 05:00"]


def test_a_time_that_does_not_exist_is_due_once_and_so_is_one_that_comes_twice() -> None:
    assert due(rule("30 2 * * *"), ANCHOR, 3) == ["03-27 01:30", "03-28 01:00", "03-29 00:30"]
    autumn = datetime(2021, 10, 29, 12, tzinfo=UTC)
    assert due(rule("30 2 * * *"), autumn, 3) == ["10-30 00:30", "10-31 00:30", "11-01 01:30"]


def test_every_hour_is_every_hour_whatever_the_clocks_do() -> None:
    night = datetime(2021, 10, 30, 22, 30, tzinfo=UTC)
    times = list(itertools.islice(rule("0 * * * *").due_after(night), 6))
    assert {later - earlier for earlier, later in itertools.pairwise(times)} == {timedelta(hours=1)}


def test_the_way_through_a_year_has_every_day_once() -> None:
    times = list(itertools.islice(rule("15 2 * * *").due_after(ANCHOR), 365))
    assert len({moment.date() for moment in times}) == 365
    assert times == sorted(times)


def test_due_times_do_not_depend_on_when_they_are_worked_out() -> None:
    for made in (rule("*/7 * * * *"), rule(every=420.0)):
        straight = list(itertools.islice(made.due_after(ANCHOR), 50))
        assert [made.next_after(moment - timedelta(seconds=1)) for moment in straight] == straight


def test_an_interval_begins_at_its_anchor() -> None:
    hourly = rule(every=3600.0)
    assert due(hourly, ANCHOR, 2) == ["03-26 13:00", "03-26 14:00"]
    assert due(hourly, ANCHOR + timedelta(hours=5, minutes=30), 1) == ["03-26 18:00"]
    assert due(hourly, ANCHOR - timedelta(days=3), 1) == ["03-26 13:00"]


BAD: dict[str, tuple[str | None, float | None, str, str]] = {
    "nonsense": ("every morning", None, "UTC", "cron"),
    "empty": ("", None, "UTC", "cron"),
    "four fields": ("0 6 * *", None, "UTC", "cron"),
    "seconds": ("* * * * * *", None, "UTC", "cron"),
    "out of range": ("61 6 * * *", None, "UTC", "cron"),
    "no such day": ("0 6 30 2 *", None, "UTC", "cron"),
    "random": ("H 6 * * *", None, "UTC", "cron"),
    "random in a range": ("R(0-10) 6 * * *", None, "UTC", "cron"),
    "a newline": ("0 6 * * *\n", None, "UTC", "cron"),
    "very long": ("0,"*200 + "0 6 * * *", None, "UTC", "cron"),
    "no rule": (None, None, "UTC", "cron"),
    "two rules": ("0 6 * * *", 3600.0, "UTC", "cron"),
    "zero": (None, 0.0, "UTC", "every_seconds"),
    "one second": (None, 1.0, "UTC", "every_seconds"),
    "negative": (None, -60.0, "UTC", "every_seconds"),
    "not a number": (None, float("nan"), "UTC", "every_seconds"),
    "endless": (None, float("inf"), "UTC", "every_seconds"),
    "unknown zone": ("0 6 * * *", None, "Europe/Berlim", "timezone"),
    "a path as a zone": ("0 6 * * *", None, "../../etc/passwd", "timezone"),
}  # fmt: skip


@pytest.mark.parametrize(("cron", "every", "zone", "path"), BAD.values(), ids=BAD)
def test_nonsense_is_refused_with_its_place(cron: str | None, every: float | None, zone: str, path: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        rule(cron, every, zone)
    assert [error.path for error in caught.value.errors] == [path]
    assert "expected" in caught.value.errors[0].message


def test_a_zone_that_is_almost_right_is_suggested() -> None:
    with pytest.raises(ScheduleError, match="Europe/Berlin"):
        rule("0 6 * * *", None, "Europe/Berlim")
