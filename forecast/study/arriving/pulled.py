"""From a table that was fetched to the rows in it that say something new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from forecast.errors import FieldError, StudyError
from forecast.study.arriving.arrivals import ABOUT, Arrival, about_of, accept_arrivals
from forecast.study.document.document import Study
from forecast.study.document.evidence_kind import COLUMNS, EvidenceKind
from forecast.study.document.pull_source import PullSource
from forecast.study.reading.csv_table import read_csv
from forecast.study.reading.plain_data import plain_copy, read_json
from forecast.study.reading.problems import one_error, shown, study_error
from forecast.study.reading.suggest import nearest_hint
from forecast.study.reading.table import MAX_ROWS, Row, canonical_cell
from forecast.study.rows.row_reader import RowReader

JSON_TYPES: Final = ("application/json", "text/json")


@dataclass(frozen=True)
class News:
    """What a fetched table adds to what is known."""

    arrivals: tuple[Arrival, ...]
    rows: int
    """In the table."""
    early: int
    """Rows about periods that are not over, which are left for later."""


def read_table(source: PullSource, body: bytes, media_type: str) -> tuple[dict[str, object], ...]:
    """The rows of a fetched table under our names of the columns, with the cells that the source itself gives.

    Parameters
    ----------
    media_type
        JSON is read as JSON, as is a file in ``.json``; all else as CSV.

    Raises
    ------
    StudyError
        When it is not such a table, or lacks a column that the source names.
    """
    is_json = media_type.endswith("+json") or media_type in JSON_TYPES or _file_of(source.url).endswith(".json")
    rows = _json_rows(source, body) if is_json else _csv_rows(source, body)
    if not rows:
        return ()
    seen: dict[str, None] = {column: None for row in rows for column in row}
    errors = []
    for ours, theirs in source.columns.items():
        if theirs not in seen:
            message = f"the table has no column {shown(theirs)}; expected it; {nearest_hint(theirs, seen)}"
            errors.append(FieldError(f"columns.{ours}", "no_column", message))
    if errors:
        raise study_error(errors)
    own = (name for name in COLUMNS[source.kind] if name in seen)
    taken = {**{name: name for name in own}, **source.columns}
    columns = {ours: theirs for ours, theirs in taken.items() if ours not in source.values}
    return tuple({**{ours: row.get(theirs) for ours, theirs in columns.items()}, **source.values} for row in rows)


def _csv_rows(source: PullSource, body: bytes) -> Sequence[Mapping[str, Any]]:
    try:
        return read_csv(body, source.id)
    except StudyError as error:
        if [problem.code for problem in error.errors] == ["no_rows"]:
            return ()  # nothing has been reported yet
        raise


def _file_of(url: str) -> str:
    return url.partition("?")[0].partition("#")[0].lower()


def _json_rows(source: PullSource, body: bytes) -> Sequence[Mapping[str, Any]]:
    value: Any = plain_copy(read_json(body), is_table=True)
    for key in source.records.split(".") if source.records else ():
        if not isinstance(value, dict) or key not in value:
            known = value if isinstance(value, dict) else ()
            message = f"there is no {shown(key)} in the document; expected it; {nearest_hint(key, known)}"
            raise one_error("records", "no_records", message)
        value = value[key]
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        message = "no list of objects; expected one object per row; say in `records` where the list lies"
        raise one_error("records", "no_records", message)
    if len(value) > MAX_ROWS:
        raise one_error(
            "records", "too_many", f"{len(value):,} rows; expected at most {MAX_ROWS:,}; name a smaller table"
        )
    return value


def news_of(study: Study, source: PullSource, rows: Sequence[Mapping[str, object]], today: date) -> News:
    """The rows that say something else than what is known of the same thing, checked.

    A table that does not state when its rows became known repeats itself at every fetch. Repeated rows are not new, and
    changed ones became known today.

    Parameters
    ----------
    study
        With all its evidence.
    rows
        As `read_table` gives them.

    Raises
    ------
    StudyError
        When any row cannot be used; none is then.
    """
    ready = [row for row in rows if not _is_early(study, source.kind, row, today)]
    early = len(rows) - len(ready)
    if not ready:
        return News((), len(rows), early)
    arrivals = accept_arrivals(study, source.kind, ready, today, most=MAX_ROWS)
    slots, latest = _known(study, source.kind)
    fresh = []
    for arrival in arrivals:
        about, known_at = about_of(study.calendar, source.kind, _cells(source.kind, arrival))
        said = _said(source.kind, arrival.cells)
        if slots.get((about, known_at)) == said:
            continue
        is_repeated = about in latest and latest[about][0] <= known_at and latest[about][1] == said
        if is_repeated and not _completes(study, source.kind, about, latest[about][0], known_at):
            continue
        fresh.append(arrival)
    return News(tuple(fresh), len(rows), early)


def _is_early(study: Study, kind: EvidenceKind, row: Mapping[str, object], today: date) -> bool:
    """Whether a count is of a period that goes on, be it to the end of today; tables often hold the current one.

    One that says what it covers, or when it was made, is taken.
    """
    if kind is not EvidenceKind.OBSERVATIONS:
        return False
    try:
        cell, *said = (canonical_cell(row.get(column)) for column in ("period", "exposure", "known_at"))
    except ValueError:
        return False
    period = RowReader([{"period": cell}], "", None).natural_period(0, "period", study.calendar)
    if period is None:
        return False
    return period[0] > today or (period[1] >= today and said == [None, None])


About = tuple[str, ...]


def _completes(study: Study, kind: EvidenceKind, about: About, before: str, known_at: str) -> bool:
    """Whether a count that was a part of its period is now, unchanged, that of the whole one."""
    if kind is not EvidenceKind.OBSERVATIONS:
        return False
    end = study.calendar.natural_period(date.fromisoformat(about[-1]))[1].isoformat()
    return before < end <= known_at


def _known(
    study: Study, kind: EvidenceKind
) -> tuple[dict[tuple[About, str], tuple[object, ...]], dict[About, tuple[str, tuple[object, ...]]]]:
    """What the study's rows say: by thing and day, and the latest of each thing with its day."""
    slots: dict[tuple[About, str], tuple[object, ...]] = {}
    latest: dict[About, tuple[str, tuple[object, ...]]] = {}
    for row in _rows_of(study, kind):
        about, known_at = about_of(study.calendar, kind, row)
        said = _said(kind, row)
        slots[about, known_at] = said
        if about not in latest or latest[about][0] <= known_at:
            latest[about] = known_at, said
    return slots, latest


def _rows_of(study: Study, kind: EvidenceKind) -> Iterator[Row]:
    if kind is EvidenceKind.OBSERVATIONS:
        for indicator in study.document.get("indicators", []):
            for row in indicator["rows"]:
                yield {**row, "indicator": indicator["id"]}
    else:
        yield from (study.document.get(kind.value) or {}).get("rows", [])


def _cells(kind: EvidenceKind, arrival: Arrival) -> Row:
    return {**arrival.cells, "indicator": arrival.subject} if kind is EvidenceKind.OBSERVATIONS else arrival.cells


def _said(kind: EvidenceKind, row: Row) -> tuple[object, ...]:
    about = {*ABOUT[kind], "known_at", "source", "note"}
    return tuple(row.get(column) for column in COLUMNS[kind] if column not in about)
