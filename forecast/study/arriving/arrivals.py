"""Evidence that arrives after a study was written: rows of observations, judgments and resolutions, checked one by one.

A row is never changed. A later row in the same slot (the same indicator, period and `known_at`, for example) corrects an
earlier one; a row of another `known_at` is what became known on another day, and the study's own rules say which counts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from forecast.errors import FieldError, StudyError
from forecast.study.document.calendar import Calendar
from forecast.study.document.document import Study
from forecast.study.document.evidence_kind import COLUMNS, EvidenceKind
from forecast.study.loading import study_from_canonical
from forecast.study.reading.problems import MAX_REPORTED, shown, study_error
from forecast.study.reading.suggest import nearest_hint
from forecast.study.reading.table import Row, canonical_cell, cell_text
from forecast.study.rows.conditions import written_alike
from forecast.study.rows.counts import exposure_of, known_on, not_over, to_come
from forecast.study.rows.row_reader import RowReader

MAX_ARRIVALS: Final = 5_000
"""Rows of one request."""


ABOUT: Final[Mapping[EvidenceKind, tuple[str, ...]]] = {
    EvidenceKind.OBSERVATIONS: ("indicator", "period"),
    EvidenceKind.JUDGMENTS: ("expert", "outcome", "option", "by", "given", "given_at", "on"),
    EvidenceKind.RESOLUTIONS: ("outcome",),
}
"""The columns that say what a row is about; with `known_at` they are its slot."""
_PLACE: Final = re.compile(r"(?:indicators\[\d+\]|judgments|resolutions)\.rows\[(\d+)\](.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One row, checked against the study that it is about."""

    kind: EvidenceKind
    subject: str
    """The indicator or outcome."""
    cells: Row
    """Canonical, with `known_at`; an observation's indicator stands in `subject`."""
    known_at: date
    slot: str
    """What it is about, and when it became known, as a digest: a later row in the same slot is a correction."""


def accept_arrivals(
    study: Study,
    kind: EvidenceKind,
    rows: Sequence[Mapping[str, object]],
    today: date,
    *,
    most: int = MAX_ARRIVALS,
) -> tuple[Arrival, ...]:
    """The rows of a request, all or none; a row that stands in it twice is taken once.

    Parameters
    ----------
    rows
        Cells by column, as from JSON or CSV.
    today
        What `known_at` is when it is blank; nothing can be known later.
    most
        Rows at once.

    Raises
    ------
    StudyError
        With every place that is wrong, as in ``rows[3].value``.
    """
    if not rows:
        raise study_error([FieldError("rows", "no_rows", "nothing here; expected at least one row; send one")])
    if len(rows) > most:
        message = f"{len(rows):,} rows; expected at most {most:,} at once; send them in parts"
        raise study_error([FieldError("rows", "too_many", message)])
    canonical, errors = _canonical(kind, rows, today)
    if not errors:
        dated = [row.get("known_at") not in (None, "") for row in rows]
        errors = _check_times(study, kind, canonical, dated, today)
    if errors:
        raise study_error(errors)
    arrivals = [_arrival(study.calendar, kind, row) for row in canonical]
    places, errors = _distinct(arrivals)
    if not errors:
        errors = _check_meaning(study, kind, canonical, places)
    if errors:
        raise study_error(errors)
    return tuple(arrivals[place] for place in places)


def slot_of(calendar: Calendar, kind: EvidenceKind, row: Row) -> str:
    """SHA-256 of the slot of a row that has been checked; a blank `known_at` is what the study's own tables take it for."""
    about, known_at = about_of(calendar, kind, row)
    return hashlib.sha256(json.dumps([*about, known_at], ensure_ascii=False).encode()).hexdigest()


def about_of(calendar: Calendar, kind: EvidenceKind, row: Row) -> tuple[tuple[str, ...], str]:
    """What a checked row is about, whenever it became known; and the day (ISO) on which it did."""
    cells = dict(row)
    if kind is EvidenceKind.OBSERVATIONS:
        period = RowReader((row,), kind, None).natural_period(0, "period", calendar)
        assert period is not None, "a row in the store has been checked"
        cells["period"] = period[0].isoformat()
        by_default = known_on(period, None, exposure_of(row), calendar.as_of).isoformat()
    else:
        by_default = cell_text(cells["on"])
    if cells.get("given") is not None:
        cells["given"] = written_alike(cell_text(cells["given"]))
    known_at = cell_text(cells.get("known_at") or by_default)
    return (kind.value, *(cell_text(cells.get(column)) for column in ABOUT[kind])), known_at


def _canonical(
    kind: EvidenceKind, rows: Sequence[Mapping[str, object]], today: date
) -> tuple[list[Row], list[FieldError]]:
    known, errors, result = COLUMNS[kind], [], []
    for index, row in enumerate(rows):
        cells: Row = dict.fromkeys(known)
        for column, value in row.items():
            place = f"rows[{index}].{column[:60]}"
            if column not in known:
                message = f"unknown column; expected one of {', '.join(known)}; {nearest_hint(column, known)}"
                errors.append(FieldError(place, "unknown_column", message))
            else:
                try:
                    cells[column] = canonical_cell(value)
                except ValueError as error:
                    errors.append(FieldError(place, "cell", str(error)))
            if len(errors) > MAX_REPORTED:
                # No more are reported, so no more is read.
                return [], errors
        if cells["known_at"] is None:
            cells["known_at"] = today.isoformat()
        result.append(cells)
    return result, errors


def _check_times(
    study: Study, kind: EvidenceKind, rows: Sequence[Row], dated: Sequence[bool], today: date
) -> list[FieldError]:
    """Nothing is known before it can be; `dated` says which rows state when they became known."""
    reader = RowReader(rows, "", None)
    for index in range(len(rows)):
        known_at = reader.day(index, "known_at")
        if known_at is not None and known_at > today:
            reader.fail(
                index,
                "known_at",
                "future",
                f"{known_at} is after today, {today}; expected that day or earlier; correct it",
            )
        if kind is EvidenceKind.OBSERVATIONS:
            _check_period(reader, index, study.calendar, known_at, is_dated=dated[index])
        if kind is EvidenceKind.JUDGMENTS and isinstance(rows[index]["by"], int | float):
            reader.fail(
                index,
                "by",
                "moving",
                f"{rows[index]['by']} periods from a day that moves; expected a date; write 2025-11-10, or leave it blank",
            )
    return [FieldError(error.path.removeprefix("."), error.code, error.message) for error in reader.errors]


def _check_period(reader: RowReader, index: int, calendar: Calendar, known_at: date | None, *, is_dated: bool) -> None:
    """What a document would leave out, and say why, is not taken here."""
    period = reader.natural_period(index, "period", calendar)
    if period is None or known_at is None:
        return
    if period[0] > known_at:
        reader.fail(index, "period", "to_come", to_come(calendar, known_at))
    elif known_at < period[1] and not is_dated and reader.rows[index].get("exposure") is None:
        reader.fail(index, "period", "not_over", not_over(calendar, known_at))


def _check_meaning(study: Study, kind: EvidenceKind, rows: Sequence[Row], places: Sequence[int]) -> list[FieldError]:
    """What the study's own rules say about the rows, as if they were the only ones of their table."""
    document = dict(study.document)
    if kind is not EvidenceKind.OBSERVATIONS:
        return _errors_of({**document, kind.value: {"rows": [rows[place] for place in places]}}, places)
    reader = RowReader(rows, "", None)
    names = [indicator.id for indicator in study.indicators]
    groups: dict[str, list[int]] = {}
    for index in places:
        indicator = reader.one_of(index, "indicator", names, "an indicator of the study")
        if indicator is not None:
            groups.setdefault(indicator, []).append(index)
    errors = [FieldError(error.path.removeprefix("."), error.code, error.message) for error in reader.errors]
    for name, members in groups.items():
        mine = [{key: cell for key, cell in rows[index].items() if key != "indicator"} for index in members]
        indicators = [
            _with_rows(block, mine) if block["id"] == name else block for block in document.get("indicators", [])
        ]
        errors += _errors_of({**document, "indicators": indicators}, members)
    return errors


def _with_rows(block: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """A block with these rows alone, and no codes of columns that they have not."""
    missing = block.get("missing")
    if isinstance(missing, dict):
        missing = {column: codes for column, codes in missing.items() if any(column in row for row in rows)}
    return {**block, "rows": rows, "missing": missing}


def _errors_of(document: dict[str, Any], places: Sequence[int]) -> list[FieldError]:
    """Errors of a document with these rows in it, each where the request has its row."""
    try:
        study_from_canonical(document, {})
    except StudyError as error:
        found = []
        for problem in error.errors:
            match = _PLACE.fullmatch(problem.path)
            path = f"rows[{places[int(match[1])]}]{match[2]}" if match else problem.path
            found.append(FieldError(path, problem.code, problem.message))
        return found
    return []


def _arrival(calendar: Calendar, kind: EvidenceKind, row: Row) -> Arrival:
    subject = cell_text(row["indicator" if kind is EvidenceKind.OBSERVATIONS else "outcome"])
    cells: Row = {column: cell for column, cell in row.items() if column != "indicator"}
    return Arrival(kind, subject, cells, date.fromisoformat(cell_text(row["known_at"])), slot_of(calendar, kind, row))


def _distinct(arrivals: Sequence[Arrival]) -> tuple[list[int], list[FieldError]]:
    """Places of the rows, each once; two that say different things in one slot are an error, as nothing orders them."""
    first: dict[str, int] = {}
    errors = []
    for place, arrival in enumerate(arrivals):
        other = first.setdefault(arrival.slot, place)
        if arrivals[other].cells != arrival.cells:
            message = (
                f"says something else than rows[{other}] about {shown(arrival.subject)}, known on the same day; expected "
                "one row; remove the wrong one"
            )
            errors.append(FieldError(f"rows[{place}]", "contradiction", message))
    return list(first.values()), errors


def with_arrivals(study: Study, arrivals: Iterable[Arrival]) -> Study:
    """The study with rows that arrived, in the order in which they did.

    A row takes the place of an earlier one in its slot, be it in the document or among those that arrived.

    Raises
    ------
    StudyError
        When the document cannot hold them, because of its limits or because it has changed since they were accepted.
    """
    latest = {arrival.slot: arrival for arrival in arrivals}
    if not latest:
        return study
    document: dict[str, Any] = dict(study.document)
    grouped: dict[EvidenceKind, dict[str, list[Arrival]]] = {}
    for arrival in latest.values():
        grouped.setdefault(arrival.kind, {}).setdefault(arrival.subject, []).append(arrival)
    observed = grouped.pop(EvidenceKind.OBSERVATIONS, {})
    if observed:
        document["indicators"] = [
            _extended(study.calendar, block, observed.get(block["id"], []), block["id"])
            for block in document.get("indicators", [])
        ]
    for kind, subjects in grouped.items():
        rows = [arrival for arrivals_of in subjects.values() for arrival in arrivals_of]
        document[kind.value] = _extended(study.calendar, document.get(kind.value) or {"rows": []}, rows, None)
    return study_from_canonical(document, {})


def _extended(
    calendar: Calendar, block: dict[str, Any], arrivals: Sequence[Arrival], indicator: str | None
) -> dict[str, Any]:
    if not arrivals:
        return block
    kind, taken = arrivals[0].kind, {arrival.slot for arrival in arrivals}
    subject: Row = {} if indicator is None else {"indicator": indicator}
    kept = [row for row in block["rows"] if slot_of(calendar, kind, {**row, **subject}) not in taken]
    rows = [*kept, *(arrival.cells for arrival in arrivals)]
    filled = (column for arrival in arrivals for column, cell in arrival.cells.items() if cell is not None)
    columns = list(dict.fromkeys([*(column for row in block["rows"] for column in row), *filled]))
    return {**block, "rows": [{column: row.get(column) for column in columns} for row in rows]}
