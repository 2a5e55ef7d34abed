"""Rows of resolutions as typed evidence, as of the study's date."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast

from forecast.study.rows.left_out import known_later
from forecast.study.rows.row_reader import RowReader

type ResolutionValue = Literal["yes", "no", "ambiguous", "annulled"]
_RESOLUTIONS: Final = ("yes", "no", "ambiguous", "annulled")


@dataclass(frozen=True, slots=True)
class Resolved:
    """How an outcome turned out; of several rows for one outcome the one known last holds."""

    outcome: str
    resolution: ResolutionValue
    on: date
    source: str | None
    known_at: date
    is_counted: bool = False
    """Whether no row says so, but the counts of an indicator do."""


def read_resolutions(reader: RowReader, outcomes: Collection[str], as_of: date) -> tuple[Resolved, ...]:
    """The resolutions known on the as-of date, in the order of the table."""
    if not reader.require_columns("outcome", "resolution", "on"):
        return ()
    resolved = []
    for index in range(len(reader.rows)):
        if reader.lacks(index, "outcome", "resolution", "on"):
            continue
        outcome = reader.one_of(index, "outcome", outcomes, "an outcome of the study")
        resolution = reader.one_of(index, "resolution", _RESOLUTIONS, "yes, no, ambiguous or annulled")
        on = reader.day(index, "on")
        known_at = reader.day(index, "known_at", required=False) or on
        source = reader.optional_text(index, "source")
        if on is not None and known_at is not None and known_at < on:
            reader.fail(index, "known_at", "date_order", f"{known_at} is before {on}, when it resolved; correct it")
        if outcome is None or resolution is None or on is None or known_at is None:
            continue
        if known_at > as_of:
            reader.leave_out(index, known_later(as_of))
        else:
            resolved.append(Resolved(outcome, cast("ResolutionValue", resolution), on, source, known_at))
    return tuple(resolved)
