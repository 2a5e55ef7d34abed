"""The question that a judgment answers: which outcome, by which day, under which condition; and whether it makes sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from forecast.study.document.calendar import Calendar
from forecast.study.document.document import Study
from forecast.study.document.outcome import Outcome
from forecast.study.document.prior import OutcomeKind
from forecast.study.reading.table import cell_text
from forecast.study.rows.conditions import Condition, parse_condition
from forecast.study.rows.row_reader import RowReader


def read_by(reader: RowReader, index: int, horizon: int, on: date | None) -> date | float | None:
    cell = reader.rows[index].get("by")
    if cell is None:
        return None
    if not isinstance(cell, str):
        return reader.number(index, "by", low=1.0, high=float(horizon))
    by = reader.day(index, "by")
    if by is not None and on is not None and by < on:
        reader.fail(index, "by", "date_order", f"{by} is before {on}, when it was said; expected later; correct it")
    return by


def read_condition(reader: RowReader, index: int, outcomes: Mapping[str, Outcome]) -> Condition:
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


def check_at_once(reader: RowReader, index: int, given: Condition) -> None:
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


def check_judged(
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


def supposed(given: Condition) -> list[str]:
    """Outcomes that are supposed to occur."""
    return [name for name, occurs in given if occurs]


def are_possible(
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


def judged_day(
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
