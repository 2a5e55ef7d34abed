"""Rows of track records as typed statements, as of the study's date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from forecast.study.rows.expert_rows import read_probability
from forecast.study.rows.judgments import ExpertKind, TrackRecord, is_clipped
from forecast.study.rows.left_out import known_later
from forecast.study.rows.row_reader import RowReader


def read_track_records(reader: RowReader, as_of: date, kinds: Mapping[str, ExpertKind]) -> tuple[TrackRecord, ...]:
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
        probability = read_probability(reader, index, expert)
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
