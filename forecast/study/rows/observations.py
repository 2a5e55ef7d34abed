"""Rows of resolutions as typed evidence, as of the study's date."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast

from forecast.study.document.fields import TRUTHS
from forecast.study.document.options import part_id
from forecast.study.document.outcome import Outcome
from forecast.study.reading.table import Cell, cell_text
from forecast.study.rows.left_out import known_later
from forecast.study.rows.row_reader import RowReader

type ResolutionValue = Literal["yes", "no", "ambiguous", "annulled"]
_RESOLUTIONS: Final = ("yes", "no", "ambiguous", "annulled")
_TRUTHS: Final = {"1": 1.0, "0": 0.0, **TRUTHS}
UNDECIDED: Final = ("ambiguous", "annulled")
"""Resolutions of a question that was not decided."""


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


@dataclass(frozen=True, slots=True)
class _Row:
    index: int
    outcome: str
    resolution: str
    known_at: date


def resolution_word(cell: Cell, options: Collection[str]) -> str:
    """What a cell says of how an outcome turned out: yes also for 1, true, y and t in upper or lower case, no for their
    opposites; of an outcome with options the word itself, in lower case."""
    word = cell_text(cell).lower()
    truth = None if options else _TRUTHS.get(word)
    return word if truth is None else "yes" if truth else "no"


def read_resolutions(reader: RowReader, outcomes: Sequence[Outcome], as_of: date) -> tuple[Resolved, ...]:
    """The resolutions known on the as-of date, in the order of the table; of a categorical outcome one for each part.

    Outcomes that exclude one another and are both resolved yes are an error, on the as-of date or by the whole table.
    """
    by_id = {outcome.id: outcome for outcome in outcomes}
    if not reader.require_columns("outcome", "resolution", "on"):
        return ()
    resolved = []
    rows: list[_Row] = []
    said: dict[tuple[str, date], tuple[str, date, str]] = {}
    for index in range(len(reader.rows)):
        if reader.lacks(index, "outcome", "resolution", "on"):
            continue
        outcome = reader.one_of(index, "outcome", by_id, "an outcome of the study")
        options = [option.id for option in by_id[outcome].options or ()] if outcome is not None else []
        known: Sequence[str] = _RESOLUTIONS
        words = "yes, no, ambiguous or annulled"
        if options:
            known = (*options, *UNDECIDED)
            words = f"the option that turned out true ({', '.join(options)}), {' or '.join(UNDECIDED)}"
        resolution: str | None = resolution_word(reader.rows[index].get("resolution"), options)
        if resolution not in known:
            resolution = reader.one_of(index, "resolution", known, words)
        on = reader.day(index, "on")
        known_at = reader.day(index, "known_at", required=False) or on
        source = reader.optional_text(index, "source")
        if on is not None and known_at is not None and known_at < on:
            reader.fail(index, "known_at", "date_order", f"{known_at} is before {on}, when it resolved; correct it")
        if outcome is None or resolution is None or on is None or known_at is None:
            continue
        other, day, place = said.setdefault((outcome, known_at), (resolution, on, reader.place(index)))
        if (other, day) != (resolution, on):
            message = (
                f"{outcome} is {resolution} on {on} here and {other} on {day} in {place}, both known on {known_at}, so nothing "
                "says which holds; expected one of them; remove the wrong one, or give the correction a later known_at"
            )
            reader.fail(index, "resolution", "contradiction", message)
        rows.append(_Row(index, outcome, resolution, known_at))
        if known_at > as_of:
            reader.leave_out(index, known_later(as_of))
        else:
            found = _by_part(outcome, resolution, options)
            resolved += [Resolved(part, value, on, source, known_at) for part, value in found]
    _refuse_rivals(reader, rows, by_id, as_of)
    return tuple(resolved)


def _refuse_rivals(reader: RowReader, rows: Sequence[_Row], outcomes: Mapping[str, Outcome], as_of: date) -> None:
    """An error for each outcome that is resolved yes although one that excludes it is.

    What holds on the as-of date is looked at, and what holds once all rows are known: a study goes on to later days.
    """
    refused: set[int] = set()
    for known in ([row for row in rows if row.known_at <= as_of], rows):
        latest: dict[str, _Row] = {}
        for row in known:
            if row.outcome not in latest or latest[row.outcome].known_at <= row.known_at:
                latest[row.outcome] = row
        first: dict[str, _Row] = {}
        for row in sorted(latest.values(), key=lambda row: (row.known_at, row.index)):
            group = outcomes[row.outcome].competes
            if row.resolution != "yes" or group is None:
                continue
            other = first.setdefault(group, row)
            if other is not row and row.index not in refused:
                refused.add(row.index)
                message = (
                    f"{row.outcome} is resolved yes here and {other.outcome} in {reader.place(other.index)}, but outcomes that "
                    f"compete ({group!r}) exclude one another; expected one of them at most; correct one of the rows, or "
                    "resolve one no with a later known_at"
                )
                reader.fail(row.index, "resolution", "contradiction", message)


def _by_part(outcome: str, resolution: str, options: Sequence[str]) -> Iterator[tuple[str, ResolutionValue]]:
    """What a resolution says of an outcome, or of each part of a categorical one."""
    if not options:
        yield outcome, cast("ResolutionValue", resolution)
    for option in options:
        part = part_id(outcome, option)
        yield (
            part,
            cast("ResolutionValue", resolution) if resolution in UNDECIDED else "yes" if resolution == option else "no",
        )
