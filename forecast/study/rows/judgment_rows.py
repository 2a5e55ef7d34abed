"""Rows of judgments and track records as typed statements, as of the study's date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forecast.errors import FieldError
from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.reading.table import cell_text
from forecast.study.rows.expert_rows import read_kinds, read_probability
from forecast.study.rows.judged_questions import (
    are_possible,
    check_at_once,
    check_judged,
    judged_day,
    read_by,
    read_condition,
    supposed,
)
from forecast.study.rows.judgments import ExpertKind, Judgment, TrackRecord, is_clipped
from forecast.study.rows.left_out import LeftOut, known_later
from forecast.study.rows.option_statements import OptionStatement, read_option_statements
from forecast.study.rows.row_reader import RowReader
from forecast.study.rows.track_record_rows import read_track_records


@dataclass(frozen=True, slots=True)
class Statements:
    """Everything that experts have said up to the as-of date, each row for itself, and what is wrong with the rows."""

    judgments: tuple[Judgment, ...]
    """Those whose day is still to come, in the order of the table."""
    option_statements: tuple[OptionStatement, ...]
    """Those about categorical outcomes."""
    track_records: tuple[TrackRecord, ...]
    errors: tuple[FieldError, ...]
    has_unread_judgments: bool
    """Whether some rows of judgments could not be read, so that the judged questions are uncertain."""
    left_out: tuple[LeftOut, ...] = ()
    """Rows that are not among these."""


def read_statements(study: Study, table_files: Mapping[str, str]) -> Statements:
    """The statements of a study.

    Parameters
    ----------
    table_files
        CSV file by place in the document, for messages.
    """
    blocks = {"judgments": study.judgments, "track_records": study.track_records}
    readers = {
        path: RowReader(
            block.table_rows if block is not None else (),
            path,
            table_files.get(path),
            leaves_out=block is not None and block.leaves_out,
        )
        for path, block in blocks.items()
    }
    kinds = read_kinds(*readers.values())
    judgments = _read_judgments(readers["judgments"], study, kinds) if study.judgments else ()
    about_options = read_option_statements(readers["judgments"], study, kinds) if study.judgments else ()
    records = read_track_records(readers["track_records"], study.as_of, kinds) if study.track_records else ()
    return Statements(
        judgments,
        about_options,
        records,
        tuple(error for reader in readers.values() for error in reader.errors),
        has_unread_judgments=bool(readers["judgments"].errors),
        left_out=tuple(row for reader in readers.values() for row in reader.left_out),
    )


def _read_judgments(reader: RowReader, study: Study, kinds: Mapping[str, ExpertKind]) -> tuple[Judgment, ...]:
    if not reader.require_columns("expert", "outcome", "probability", "on"):
        return ()
    outcomes = {outcome.id: outcome for outcome in study.outcomes}
    judgments = []
    for index in _own_rows(reader, outcomes):
        before = len(reader.errors)
        expert = reader.text(index, "expert")
        name = reader.one_of(index, "outcome", outcomes, "an outcome of the study")
        given = read_condition(reader, index, outcomes)
        given_at = reader.word(index, "given_at", ("once",), "once or blank", required=False)
        if given_at is not None:
            check_at_once(reader, index, given)
        probability = read_probability(reader, index, expert)
        on = reader.day(index, "on")
        known_at = reader.day(index, "known_at", required=False) or on
        by = read_by(reader, index, study.horizon, on)
        if on is not None and known_at is not None and known_at < on:
            reader.fail(index, "known_at", "date_order", f"{known_at} is before {on}, when it was said; correct it")
        if name is not None:
            check_judged(reader, index, outcomes[name], given, outcomes)
        if len(reader.errors) > before or expert is None or name is None or probability is None:
            continue
        if on is None or known_at is None:
            continue
        if known_at > study.as_of:
            reader.leave_out(index, known_later(study.as_of))
            continue
        by_day = judged_day(reader, index, study, outcomes[name], by, on)
        if by_day is not None and by_day <= study.as_of:
            reader.leave_out(index, f"about {by_day}, which is over on the as-of date {study.as_of}, so not used")
            continue
        if by_day is None or not are_possible(reader, index, [name, *supposed(given)], outcomes, by_day):
            continue
        judgments.append(
            Judgment(
                expert,
                name,
                by,
                probability,
                on,
                known_at,
                given,
                given_at is not None,
                kind=kinds.get(expert, "person"),
                by_day=by_day,
                by_periods=study.calendar.periods_until(by_day),
                said_periods=study.calendar.periods_between(on, study.as_of),
                clipped=int(is_clipped(probability)),
                row=index,
            )
        )
    return tuple(judgments)


def _own_rows(reader: RowReader, outcomes: Mapping[str, Outcome]) -> Iterator[int]:
    """Rows that lack nothing and are not about options."""
    for index, row in enumerate(reader.rows):
        about = outcomes.get(cell_text(row["outcome"]))
        if about is not None and about.options is not None:
            continue
        if about is not None and row.get("option") is not None:
            reader.fail(index, "option", "kind", f"{about.id!r} is not categorical; expected no option; leave it blank")
        if not reader.lacks(index, "expert", "outcome", "probability", "on"):
            yield index
