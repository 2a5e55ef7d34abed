"""The rule of a schedule: from a request, and from its row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from forecast.jobs.errors import ScheduleError
from forecast.study.document.due_rule import Rule, read_rule


def make_rule(
    cron: str | None, every_seconds: float | None, timezone: str, anchor: datetime, *, least_seconds: float
) -> Rule:
    """A rule from what a user says.

    Parameters
    ----------
    least_seconds
        The shortest time between two due times.

    Raises
    ------
    ScheduleError
        With every place that is wrong.
    """
    rule, errors = read_rule(cron, every_seconds, timezone, anchor, least_seconds=least_seconds)
    if rule is None:
        raise ScheduleError(errors)
    return rule


def rule_of(row: Any) -> Rule:
    """The rule of a stored schedule."""
    return Rule(row.cron, row.every_seconds, row.timezone, row.anchor)
