"""What lies between two forecasts of one study: documents that change one thing at a time.

The order is fixed: first the method (everything in the document that is not evidence), then the clock (the as-of date),
then evidence that was corrected, then evidence about something of which nothing was known before. Each document is a
whole study, so each step can be computed by the same program.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from forecast.errors import StudyError
from forecast.study.document.calendar import Calendar
from forecast.study.document.document import Study
from forecast.study.document.evidence import TableBlock
from forecast.study.loading import dated_outcomes, study_from_canonical
from forecast.study.reading.table import Row, cell_text
from forecast.study.rows.conditions import written_alike
from forecast.study.rows.counts import exposure_of, known_on
from forecast.study.rows.row_reader import RowReader

Thing = tuple[str, ...]
Rows = list[Row]
Evidence = dict[str, Rows]
"""Rows by where they stand: an indicator as ``indicators.ID``, else the block's name."""

INDICATOR: Final = "indicators."
THINGS: Final = {
    "judgments": ("expert", "outcome", "option", "by", "given", "given_at", "on"),
    "track_records": ("expert", "question", "on"),
    "resolutions": ("outcome",),
}
"""What a row of each block is about; a later row about the same thing corrects it."""


class Cause(StrEnum):
    """Why a probability moved from one forecast to the next."""

    METHOD = "method"
    """The study, its priors or the program changed."""
    CLOCK = "clock"
    """Time passed, and what might have happened in it was not reported."""
    DATA = "data"
    """Evidence that was known before was corrected or withdrawn."""
    WORLD = "world"
    """Something became known of which nothing was known before."""


@dataclass(frozen=True)
class Change:
    """The study with everything up to one cause changed."""

    cause: Cause
    study: Study | None
    """None where this makes no valid study by itself: its share is then part of the next cause's."""


def changes_between(before: Study, after: Study) -> tuple[Change, ...]:
    """The studies on the way from one to the other, in the order method, clock, data, world; the last is `after`."""
    known = _known(before, before.as_of)
    revised = _revised(before, after, known)
    at_first = {"as_of": before.as_of.isoformat()}
    return (
        Change(Cause.METHOD, _made(after, known, at_first)),
        Change(Cause.CLOCK, _made(after, known, {})),
        Change(Cause.DATA, _made(after, revised, {})),
        Change(Cause.WORLD, after),
    )


def is_same_question(before: Study, after: Study) -> bool:
    """Whether two studies differ in their as-of date, evidence and sampler settings alone.

    A stated probability has a day: where two leave it open, it is another statement on another as-of date.
    """
    return _question(before) == _question(after)


def _question(study: Study) -> dict[str, Any]:
    document = {name: block for name, block in study.document.items() if name not in ("as_of", "sampler", "title")}
    document["outcomes"] = dated_outcomes(study)
    for name in THINGS:
        rest = {key: value for key, value in document.pop(name, {}).items() if key != "rows"}
        if rest:
            document[name] = rest
    if "indicators" in document:
        document["indicators"] = [
            {key: value for key, value in block.items() if key != "rows"} for block in document["indicators"]
        ]
    return document


def _made(after: Study, evidence: Evidence, changes: dict[str, Any]) -> Study | None:
    """`after` with other evidence; an indicator that `before` does not have belongs to the method and keeps its rows."""
    document: dict[str, Any] = {**after.document, **changes}
    document["indicators"] = [
        {**block, "rows": evidence.get(f"{INDICATOR}{block['id']}", block.get("rows", []))}
        for block in document.get("indicators", [])
    ]
    if not document["indicators"]:
        del document["indicators"]
    for name in THINGS:
        rows = evidence.get(name, [])
        document.pop(name, None)
        if rows:
            document[name] = {**after.document.get(name, {}), "rows": rows}
    try:
        return study_from_canonical(document, {})
    except StudyError:
        return None


def _known(study: Study, day: date) -> Evidence:
    """All evidence of a study that was known on a day."""
    return {
        place: [row for row in rows if _known_at(study.calendar, place, row) <= day] for place, rows in _evidence(study)
    }


def _revised(before: Study, after: Study, known: Evidence) -> Evidence:
    """What `after` says about the things of which something was known."""
    things = {place: {_thing(before.calendar, place, row) for row in rows} for place, rows in known.items()}
    return {
        place: [row for row in rows if _thing(after.calendar, place, row) in things[place]]
        for place, rows in _evidence(after)
        if place in things
    }


def _evidence(study: Study) -> Iterator[tuple[str, Rows]]:
    """Rows with blanks in place of codes for missing values."""
    for indicator in study.indicators:
        yield f"{INDICATOR}{indicator.id}", list(indicator.table_rows)
    for name in THINGS:
        block: TableBlock | None = getattr(study, name)
        yield name, [] if block is None else list(block.table_rows)


def _thing(calendar: Calendar, place: str, row: Row) -> Thing:
    if place.startswith(INDICATOR):
        return (_period(calendar, row)[0].isoformat(),)
    cells = {column: row.get(column) for column in THINGS[place]}
    if cells.get("given") is not None:
        cells["given"] = written_alike(cell_text(cells["given"]))
    return tuple(cell_text(cell) for cell in cells.values())


def _known_at(calendar: Calendar, place: str, row: Row) -> date:
    """As the readers of each block take it."""
    stated = row.get("known_at")
    if place.startswith(INDICATOR):
        day = None if stated is None else date.fromisoformat(cell_text(stated))
        return known_on(_period(calendar, row), day, exposure_of(row), calendar.as_of)
    said = stated if stated is not None else row.get("on")
    return date.min if said is None else date.fromisoformat(cell_text(said))


def _period(calendar: Calendar, row: Row) -> tuple[date, date]:
    period = RowReader((row,), INDICATOR, None).natural_period(0, "period", calendar)
    assert period is not None, "the study has been checked"
    return period
