"""Rows of indicators, judgments, track records and resolutions as typed evidence, as of the study's date."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from forecast.study.calendar import Calendar
from forecast.study.row_reader import RowReader

type ResolutionValue = Literal["yes", "no", "ambiguous", "annulled"]
_RESOLUTIONS = ("yes", "no", "ambiguous", "annulled")


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
class Judgment:
    """A probability that somebody stated."""

    expert: str
    outcome: str
    by: date | float | None
    """A date, a number of periods from the as-of date, or None for the day the outcome resolves."""
    probability: float
    on: date
    known_at: date
    given: str | None
    """The outcome that it is conditional on."""


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """An earlier probability with what happened."""

    expert: str
    question: str
    probability: float
    outcome: bool
    on: date | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """How an outcome turned out; of several rows for one outcome the one known last holds."""

    outcome: str
    resolution: ResolutionValue
    on: date
    source: str | None
    known_at: date


def read_observations(reader: RowReader, calendar: Calendar) -> tuple[Observation, ...]:
    """The counts known on the as-of date, by period; of several for one period the one known last holds.

    A blank value says that the period was not observed, which is not zero: it counts as no row, and a later blank
    takes an earlier value back.
    """
    if not reader.require_columns("period", "value"):
        return ()
    latest: dict[date, tuple[date, Observation | None]] = {}
    seen: dict[tuple[date, date], int] = {}
    for index in range(len(reader.rows)):
        period = reader.natural_period(index, "period", calendar)
        before = len(reader.errors)
        is_blank = reader.rows[index].get("value") is None
        value = None if is_blank else reader.number(index, "value", low=0.0, high=1e9, whole=True)
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
        if known_at < first:
            reader.fail(
                index, "known_at", "date_order", f"{known_at} is before {first}; expected a later day; correct it"
            )
        elif seen.setdefault((first, known_at), index) != index:
            other = reader.place(seen[first, known_at])
            reader.fail(
                index, "period", "duplicate", f"{first} is also in {other}; expected one; give a later known_at"
            )
        elif known_at <= calendar.as_of and (first not in latest or latest[first][0] < known_at):
            observation = None if value is None else Observation(first, int(value), exposure, known_at)
            latest[first] = known_at, observation
    return tuple(found for _, (_, found) in sorted(latest.items(), key=lambda item: item[0]) if found is not None)


def read_judgments(
    reader: RowReader, outcomes: Collection[str], calendar: Calendar, horizon: int
) -> tuple[Judgment, ...]:
    """The judgments known on the as-of date, in the order of the table."""
    if not reader.require_columns("expert", "outcome", "probability", "on"):
        return ()
    judgments = []
    for index, row in enumerate(reader.rows):
        before = len(reader.errors)
        expert = reader.text(index, "expert")
        outcome = reader.one_of(index, "outcome", outcomes, "an outcome of the study")
        given = reader.one_of(index, "given", outcomes, "an outcome of the study or blank", required=False)
        probability = reader.number(index, "probability", low=0.0, high=1.0)
        on = reader.day(index, "on")
        known_at = reader.day(index, "known_at", required=False) or on
        by: date | float | None
        if isinstance(row.get("by"), str):
            by = reader.day(index, "by")
            if by is not None and on is not None and by < on:
                reader.fail(
                    index, "by", "date_order", f"{by} is before {on}, when it was said; expected later; correct it"
                )
        else:
            by = None if row.get("by") is None else reader.number(index, "by", low=1.0, high=float(horizon))
        if on is not None and known_at is not None and known_at < on:
            reader.fail(index, "known_at", "date_order", f"{known_at} is before {on}, when it was said; correct it")
        if outcome is not None and outcome == given:
            reader.fail(
                index, "given", "given", f"{outcome!r} is given itself; expected another outcome; leave it blank"
            )
        if len(reader.errors) > before or expert is None or outcome is None:
            continue
        if probability is not None and on is not None and known_at is not None and known_at <= calendar.as_of:
            judgments.append(Judgment(expert, outcome, by, probability, on, known_at, given))
    return tuple(judgments)


def read_track_records(reader: RowReader, as_of: date) -> tuple[TrackRecord, ...]:
    """The track records dated up to the as-of date; undated ones are taken as known."""
    if not reader.require_columns("expert", "question", "probability", "outcome"):
        return ()
    records = []
    for index in range(len(reader.rows)):
        expert = reader.text(index, "expert")
        question = reader.text(index, "question", limit=2000)
        probability = reader.number(index, "probability", low=0.0, high=1.0)
        outcome = reader.number(index, "outcome", low=0.0, high=1.0, whole=True)
        on = reader.day(index, "on", required=False)
        if expert is None or question is None or probability is None or outcome is None:
            continue
        if on is None or on <= as_of:
            records.append(TrackRecord(expert, question, probability, bool(outcome), on))
    return tuple(records)


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
