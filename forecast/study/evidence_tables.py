"""The rows of a checked study as typed evidence, as of its date."""

from __future__ import annotations

from forecast.study.cases import Case
from forecast.study.document import Study
from forecast.study.evidence import TableBlock
from forecast.study.observations import (
    Judgment,
    Observation,
    Resolved,
    TrackRecord,
    read_judgments,
    read_observations,
    read_resolutions,
    read_track_records,
)
from forecast.study.row_reader import RowReader


def resolve_cases(study: Study) -> tuple[Case, ...]:
    """The historical cases known on the as-of date, by reference class in the order of their tables.

    Cases known later are left out; a spell that ended later, or has no end yet, is censored on the as-of date, and one
    without time at risk before it is left out.
    """
    return study.cases


def resolve_observations(study: Study) -> dict[str, tuple[Observation, ...]]:
    """The counts known on the as-of date by indicator, in order of time."""
    return {
        indicator.id: read_observations(_reader(indicator, f"indicators[{index}]"), study.calendar)
        for index, indicator in enumerate(study.indicators)
    }


def resolve_judgments(study: Study) -> tuple[Judgment, ...]:
    """The judgments known on the as-of date."""
    if study.judgments is None:
        return ()
    outcomes = [outcome.id for outcome in study.outcomes]
    return read_judgments(_reader(study.judgments, "judgments"), outcomes, study.calendar, study.horizon)


def resolve_track_records(study: Study) -> tuple[TrackRecord, ...]:
    """The experts' track records up to the as-of date."""
    if study.track_records is None:
        return ()
    return read_track_records(_reader(study.track_records, "track_records"), study.as_of)


def resolve_resolutions(study: Study) -> tuple[Resolved, ...]:
    """The resolutions known on the as-of date."""
    if study.resolutions is None:
        return ()
    outcomes = [outcome.id for outcome in study.outcomes]
    return read_resolutions(_reader(study.resolutions, "resolutions"), outcomes, study.as_of)


def _reader(block: TableBlock, path: str) -> RowReader:
    return RowReader(block.table_rows, path, None)
