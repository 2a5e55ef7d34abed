"""Rows of indicators and of resolutions as typed evidence, as of the study's date."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast

from forecast.study.document.calendar import Calendar
from forecast.study.document.fields import LARGEST_COUNT
from forecast.study.rows.row_reader import RowReader

type ResolutionValue = Literal["yes", "no", "ambiguous", "annulled"]
_RESOLUTIONS: Final = ("yes", "no", "ambiguous", "annulled")

MAX_DISTANCE: Final = 600
"""Periods from the as-of date to an observation, either way."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One count of an indicator; an absent period has none, a quiet one has value 0."""

    period: date
    """First day of the natural period."""
    value: int
    exposure: float
    """Share of the period that was covered."""
    known_at: date


@dataclass(frozen=True, slots=True)
class Resolved:
    """How an outcome turned out; of several rows for one outcome the one known last holds."""

    outcome: str
    resolution: ResolutionValue
    on: date
    source: str | None
    known_at: date


def read_observations(reader: RowReader, calendar: Calendar) -> tuple[Observation, ...]:
    """The counts of complete periods known on the as-of date, by period; of several for one the one known last holds.

    A blank value says that the period was not observed, which is not zero: it counts as no row, and a later blank
    takes an earlier value back. A count of a period that is not over on the as-of date is not used.
    """
    if not reader.require_columns("period", "value"):
        return ()
    latest: dict[date, tuple[date, Observation | None]] = {}
    seen: dict[tuple[date, date], int] = {}
    for index in range(len(reader.rows)):
        period = reader.natural_period(index, "period", calendar)
        before = len(reader.errors)
        is_blank = reader.rows[index].get("value") is None
        value = None if is_blank else reader.number(index, "value", low=0.0, high=LARGEST_COUNT, whole=True)
        exposure = reader.number(index, "exposure", low=0.0, high=1.0, default=1.0)
        known_at = reader.day(index, "known_at", required=False)
        if exposure == 0.0:
            reader.fail(
                index, "exposure", "no_exposure", "no part of the period was covered; leave the row out instead"
            )
        if period is None or len(reader.errors) > before or exposure is None:
            continue
        first, last = period
        known_at = known_at or last
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
            continue
        if known_at < first:
            reader.fail(
                index, "known_at", "date_order", f"{known_at} is before {first}; expected a later day; correct it"
            )
        elif seen.setdefault((first, known_at), index) != index:
            other = reader.place(seen[first, known_at])
            reader.fail(
                index, "period", "duplicate", f"{first} is also in {other}; expected one; give a later known_at"
            )
        elif max(last, known_at) <= calendar.as_of and (first not in latest or latest[first][0] < known_at):
            observation = None if value is None else Observation(first, int(value), exposure, known_at)
            latest[first] = known_at, observation
    return tuple(found for _, (_, found) in sorted(latest.items(), key=lambda item: item[0]) if found is not None)


def read_resolutions(reader: RowReader, outcomes: Collection[str], as_of: date) -> tuple[Resolved, ...]:
    """The resolutions known on the as-of date, in the order of the table."""
    if not reader.require_columns("outcome", "resolution", "on"):
        return ()
    resolved = []
    for index in range(len(reader.rows)):
        outcome = reader.one_of(index, "outcome", outcomes, "an outcome of the study")
        resolution = reader.one_of(index, "resolution", _RESOLUTIONS, "yes, no, ambiguous or annulled")
        on = reader.day(index, "on")
        known_at = reader.day(index, "known_at", required=False) or on
        source = reader.optional_text(index, "source")
        if on is not None and known_at is not None and known_at < on:
            reader.fail(index, "known_at", "date_order", f"{known_at} is before {on}, when it resolved; correct it")
        if outcome is None or resolution is None or on is None or known_at is None:
            continue
        if known_at <= as_of:
            resolved.append(Resolved(outcome, cast("ResolutionValue", resolution), on, source, known_at))
    return tuple(resolved)
