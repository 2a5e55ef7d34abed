"""Rows of judgments and track records as typed statements, as of the study's date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from forecast.errors import FieldError
from forecast.study.document.calendar import Calendar
from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import OutcomeKind
from forecast.study.reading.problems import shown
from forecast.study.reading.table import cell_text
from forecast.study.rows.conditions import Condition, parse_condition
from forecast.study.rows.judgments import EXPERT_KINDS, ExpertKind, Judgment, TrackRecord, is_clipped
from forecast.study.rows.left_out import LeftOut, known_later
from forecast.study.rows.option_statements import OptionStatement, read_option_statements
from forecast.study.rows.row_reader import RowReader


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
    kinds = _read_kinds(*readers.values())
    judgments = _read_judgments(readers["judgments"], study, kinds) if study.judgments else ()
    about_options = read_option_statements(readers["judgments"], study, kinds) if study.judgments else ()
    records = _read_track_records(readers["track_records"], study.as_of, kinds) if study.track_records else ()
    return Statements(
        judgments,
        about_options,
        records,
        tuple(error for reader in readers.values() for error in reader.errors),
        has_unread_judgments=bool(readers["judgments"].errors),
        left_out=tuple(row for reader in readers.values() for row in reader.left_out),
    )


def _read_kinds(*readers: RowReader) -> dict[str, ExpertKind]:
    """What kind each expert is; a blank states nothing, and an expert without a stated kind is a person."""
    stated: dict[str, tuple[str, str]] = {}
    for reader in readers:
        for index, row in enumerate(reader.rows):
            kind = reader.word(index, "kind", EXPERT_KINDS, "person, crowd or market", required=False)
            if kind is None:
                continue
            expert = cell_text(row.get("expert"))
            other, place = stated.setdefault(expert, (kind, reader.place(index)))
            if other != kind:
                message = (
                    f"{expert[:60]!r} is a {kind} here and a {other} in {place}; expected one kind per expert; "
                    "correct it, or name the two apart"
                )
                reader.fail(index, "kind", "two_kinds", message)
    return {expert: cast("ExpertKind", kind) for expert, (kind, _) in stated.items()}


def _read_judgments(reader: RowReader, study: Study, kinds: Mapping[str, ExpertKind]) -> tuple[Judgment, ...]:
    if not reader.require_columns("expert", "outcome", "probability", "on"):
        return ()
    outcomes = {outcome.id: outcome for outcome in study.outcomes}
    judgments = []
    for index in _own_rows(reader, outcomes):
        before = len(reader.errors)
        expert = reader.text(index, "expert")
        name = reader.one_of(index, "outcome", outcomes, "an outcome of the study")
        given = _read_given(reader, index, outcomes)
        given_at = reader.word(index, "given_at", ("once",), "once or blank", required=False)
        if given_at is not None:
            _check_at_once(reader, index, given)
        probability = _read_probability(reader, index, expert)
        on = reader.day(index, "on")
        known_at = reader.day(index, "known_at", required=False) or on
        by = _read_by(reader, index, study.horizon, on)
        if on is not None and known_at is not None and known_at < on:
            reader.fail(index, "known_at", "date_order", f"{known_at} is before {on}, when it was said; correct it")
        if name is not None:
            _check_outcome(reader, index, outcomes[name], given, outcomes)
        if len(reader.errors) > before or expert is None or name is None or probability is None:
            continue
        if on is None or known_at is None:
            continue
        if known_at > study.as_of:
            reader.leave_out(index, known_later(study.as_of))
            continue
        by_day = _judged_day(reader, index, study, outcomes[name], by, on)
        if by_day is not None and by_day <= study.as_of:
            reader.leave_out(index, f"about {by_day}, which is over on the as-of date {study.as_of}, so not used")
            continue
        if by_day is None or not _are_possible(reader, index, [name, *_supposed(given)], outcomes, by_day):
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


def _read_probability(reader: RowReader, index: int, expert: str | None) -> float | None:
    """A number from 0 to 1; one that looks like per cent is named as such."""
    value = reader.number(index, "probability", low=0.0, high=100.0)
    if value is None or value <= 1.0:
        return value
    message = (
        f"{value:g} of {shown(expert)} is not a number from 0 to 1; expected a probability; write {value / 100:g} if {value:g} "
        "per cent is meant"
    )
    reader.fail(index, "probability", "number", message)
    return None


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


def _read_by(reader: RowReader, index: int, horizon: int, on: date | None) -> date | float | None:
    cell = reader.rows[index].get("by")
    if cell is None:
        return None
    if not isinstance(cell, str):
        return reader.number(index, "by", low=1.0, high=float(horizon))
    by = reader.day(index, "by")
    if by is not None and on is not None and by < on:
        reader.fail(index, "by", "date_order", f"{by} is before {on}, when it was said; expected later; correct it")
    return by


def _read_given(reader: RowReader, index: int, outcomes: Mapping[str, Outcome]) -> Condition:
    """What is supposed; nothing where the cell is blank or wrong."""
    cell = reader.rows[index].get("given")
    if cell is None:
        return ()
    try:
        given = parse_condition(cell_text(cell))
    except ValueError as error:
        reader.fail(index, "given", "given", str(error))
        return ()
    unknown = [name for name, _ in given if name not in outcomes]
    for name in unknown:
        reader.fail_unknown(index, "given", name, outcomes, "an outcome of the study or blank")
    if unknown:
        return ()
    groups = [outcomes[name].competes for name, occurs in given if occurs]
    for group in {group for group in groups if group is not None and groups.count(group) > 1}:
        both = " and ".join(repr(name) for name, occurs in given if occurs and outcomes[name].competes == group)
        message = f"{both} exclude one another (they compete for {group!r}); expected one of them; leave the others out"
        reader.fail(index, "given", "given", message)
    return given


def _check_at_once(reader: RowReader, index: int, given: Condition) -> None:
    """Whether what is supposed can occur on one day."""
    if reader.rows[index].get("given") is None:
        message = "once, but `given` is blank; expected an outcome; name it or leave this blank"
        reader.fail(index, "given_at", "given", message)
    for name, occurs in given:
        if not occurs:
            message = (
                f"once, but {name!r} is supposed not to occur, which no day settles; expected outcomes that occur; leave this "
                "blank, or leave out what does not occur"
            )
            reader.fail(index, "given_at", "given", message)


def _check_outcome(
    reader: RowReader, index: int, outcome: Outcome, given: Condition, outcomes: Mapping[str, Outcome]
) -> None:
    """Whether an outcome can be judged at all, and under that condition."""
    if outcome.kind is OutcomeKind.THRESHOLD:
        message = (
            f"{outcome.id!r} is a threshold outcome; expected an event or binary one: its probability comes from its "
            "indicator; leave the row out"
        )
        reader.fail(index, "outcome", "kind", message)
    for name, occurs in given:
        if outcomes[name].options is not None:
            message = f"{name!r} is categorical; expected an event or binary outcome; leave the row out"
            reader.fail(index, "given", "given", message)
        elif outcome.id == name:
            message = f"{outcome.id!r} is given itself; expected another outcome; leave it blank"
            reader.fail(index, "given", "given", message)
        elif occurs and outcome.competes is not None and outcome.competes == outcomes[name].competes:
            message = (
                f"{name!r} excludes {outcome.id!r} (both compete for {outcome.competes!r}), so nothing is left to judge; "
                f"expected an outcome that does not, or `not {name}`; correct it or leave the row out"
            )
            reader.fail(index, "given", "given", message)


def _supposed(given: Condition) -> list[str]:
    """Outcomes that are supposed to occur."""
    return [name for name, occurs in given if occurs]


def _are_possible(
    reader: RowReader, index: int, names: Sequence[str], outcomes: Mapping[str, Outcome], day: date
) -> bool:
    """Whether the judged outcome, which comes first, and those that are supposed to occur can have happened by a day."""
    for place, name in enumerate(names):
        since = outcomes[name].at_risk_since
        if since is not None and since >= day:
            message = (
                f"by {day} {name!r} cannot have happened, as it is at risk from {since} on; expected a later day; correct "
                "it, or `at_risk_since`"
            )
            reader.fail(index, "given" if place else "by", "before_risk", message)
            return False
    return True


def _judged_day(
    reader: RowReader, index: int, study: Study, outcome: Outcome, by: date | float | None, on: date
) -> date | None:
    """The day that a known judgment is about, None when it makes no sense."""
    resolves = study.resolves_by(outcome.id)
    if by is None:
        return resolves
    day = by if isinstance(by, date) else Calendar(study.period, on).day_after(by)
    end = study.calendar.end_of(study.horizon)
    if day > end:
        message = f"{day} is after the end of the horizon, {end}; expected a day up to that; lengthen `horizon` or leave it out"
        reader.fail(index, "by", "beyond_horizon", message)
        return None
    if day <= study.as_of:
        return day
    if day > resolves:
        message = (
            f"{day} is after {resolves}, when {outcome.id!r} resolves; expected a day up to that; leave `by` blank if the "
            "probability is about its resolution, or leave the row out"
        )
        reader.fail(index, "by", "after_resolution", message)
        return None
    if outcome.kind is OutcomeKind.BINARY and day < resolves:
        message = (
            f"{day} is before {resolves}, when the binary outcome {outcome.id!r} resolves; expected that day; leave `by` "
            "blank, or make it an event outcome"
        )
        reader.fail(index, "by", "before_resolution", message)
        return None
    return day


def _read_track_records(reader: RowReader, as_of: date, kinds: Mapping[str, ExpertKind]) -> tuple[TrackRecord, ...]:
    """The track records that were known on the as-of date; undated ones are taken as known.

    An answer that one row states is the answer of all rows on the question.
    """
    if not reader.require_columns("expert", "question", "probability", "outcome"):
        return ()
    records = []
    happened: dict[str, tuple[float, str]] = {}
    answers: dict[str, bool] = {}
    for index in range(len(reader.rows)):
        if reader.lacks(index, "expert", "question", "probability"):
            continue
        before = len(reader.errors)
        expert = reader.text(index, "expert")
        question = reader.text(index, "question", limit=2000)
        probability = _read_probability(reader, index, expert)
        outcome = reader.number(index, "outcome", low=0.0, high=1.0, whole=True, required=False)
        on = reader.day(index, "on", required=False)
        known_at = reader.day(index, "known_at", required=False) or on
        if on is not None and known_at is not None and known_at < on:
            reader.fail(index, "known_at", "date_order", f"{known_at} is before {on}, when it was said; correct it")
        if question is not None and outcome is not None:
            other, place = happened.setdefault(question, (outcome, reader.place(index)))
            if other != outcome:
                message = (
                    f"{outcome:g}, but {other:g} in {place} for the same question; expected one of them; correct it"
                )
                reader.fail(index, "outcome", "contradiction", message)
        if len(reader.errors) > before or expert is None or question is None or probability is None:
            continue
        if known_at is not None and known_at > as_of:
            reader.leave_out(index, known_later(as_of))
            continue
        kind, clipped = kinds.get(expert, "person"), int(is_clipped(probability))
        records.append(TrackRecord(expert, question, probability, None, on, kind, clipped, index))
        if outcome is not None:
            answers[question] = bool(outcome)
    return tuple(replace(record, outcome=answers.get(record.question)) for record in records)
