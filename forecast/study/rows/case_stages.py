"""Rows of one id as one case: spells that follow one another, each with the covariates of its time.

Between two rows the case is not at risk. Rows may stand in any order.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from forecast.study.document.calendar import Calendar
from forecast.study.document.cases import Case, Spell, Stage, Trial
from forecast.study.rows.row_reader import RowReader

_CLOSE: Final = 1e-9
"""Periods between two ages that are the same but for rounding."""


@dataclass(frozen=True)
class Line:
    """What one row says of a case."""

    index: int
    case: Case
    is_known: bool
    """On the as-of date."""
    origin: date | None = None
    """When its clock began, where the row says so."""

    @property
    def spell(self) -> Spell:
        """Of a case of an event that was watched over time."""
        assert isinstance(self.case.data, Spell)
        return self.case.data


def join_lines(lines: Sequence[Line], id_column: str, calendar: Calendar, reader: RowReader) -> Case | None:
    """The case of all rows of one id, of which there are two or more; None if none was known, or with errors.

    Its clock begins where a row says so, else where the first one enters. The means of its covariates are those over the
    time in which it was observed.

    Parameters
    ----------
    id_column
        Where errors are put.
    """
    problems = _Problems(id_column, reader)
    blank = [line for line in lines if not isinstance(line.case.data, Spell)]
    if blank:
        for line in blank:
            message = f"{line.case.id!r} has several rows, and no time at risk in this one; expected it in each"
            problems.add(line, "blank", f"{message}; fill it in, or put what it says into another row")
        return None
    ordered = _on_one_clock(sorted(lines, key=begin), calendar, problems)
    if not problems.found:
        _check_order(ordered, problems)
    known = as_known(ordered, calendar)
    if problems.found or not known:
        return None
    first, last, stages = known[0], known[-1], _stages(known)
    time = sum(stage.exit - stage.entry for stage in stages)
    return Case(
        id=first.case.id,
        reference_class=first.case.reference_class,
        weight=first.case.weight,
        data=Spell(first.spell.entry, last.spell.exit, last.spell.event, first.spell.entered, last.spell.exited),
        covariates={
            name: sum((stage.exit - stage.entry) * stage.covariates[name] for stage in stages) / time
            if len(stages) > 1
            else value
            for name, value in stages[0].covariates.items()
        },
        stages=stages if len(stages) > 1 else (),
        trials=_trials(known),
        source=next((line.case.source for line in known if line.case.source), None),
        note=next((line.case.note for line in known if line.case.note), None),
    )


def as_known(lines: Sequence[Line], calendar: Calendar) -> list[Line]:
    """Rows as they were known on the as-of date; of those of one case, in their order.

    What became known later is left out. But a spell with days that had begun was still going on, as far as anybody knew,
    unless a row after it was known.
    """
    found = [line for line in lines if line.is_known]
    last = max((place for place, line in enumerate(lines) if line.is_known), default=-1)
    later = next(iter(lines[last + 1 :]), None)
    if later is None or not isinstance(later.case.data, Spell) or later.spell.entered is None:
        return found
    if later.spell.entered >= calendar.as_of or later.spell.exited is None:
        return found
    origin = next((line.origin for line in lines if line.origin is not None), lines[0].spell.entered)
    exit_age = calendar.periods_between(origin or later.spell.entered, calendar.as_of)
    spell = replace(later.spell, exit=exit_age, exited=calendar.as_of, event=None)
    return [*found, replace(later, case=replace(later.case, data=spell, trials=dict.fromkeys(later.case.trials)))]


def _trials(known: Sequence[Line]) -> dict[str, Trial | None]:
    """By outcome, what the last row that says something says."""
    found: dict[str, Trial | None] = {}
    for line in known:
        found |= {
            outcome: trial for outcome, trial in line.case.trials.items() if trial is not None or outcome not in found
        }
    return found


class _Problems:
    """What is wrong with the rows of one case."""

    def __init__(self, column: str, reader: RowReader) -> None:
        self._column, self._reader = column, reader
        self.found = False

    def add(self, line: Line, code: str, message: str) -> None:
        self.found = True
        self._reader.fail(line.index, self._column, code, message)

    def place(self, line: Line) -> str:
        return self._reader.place(line.index)


def begin(line: Line) -> tuple[date, float, float]:
    """What rows of one case are ordered by; one that says nothing of time comes first."""
    if not isinstance(line.case.data, Spell):
        return date.min, 0.0, 0.0
    return line.spell.entered or date.min, line.spell.entry, line.spell.exit


def _on_one_clock(ordered: Sequence[Line], calendar: Calendar, problems: _Problems) -> list[Line]:
    """The rows with ages since one day; rows without days have them already."""
    first = ordered[0]
    if first.spell.entered is None:
        return list(ordered)
    origin = next((line.origin for line in ordered if line.origin is not None), first.spell.entered)
    for line in ordered:
        if line.origin not in (None, origin):
            message = f"{first.case.id!r} has the origins {origin} and {line.origin}; expected one clock for a case"
            problems.add(line, "origin", f"{message}; correct one of them, or give the rows different ids")
    if origin > first.spell.entered:
        problems.add(
            first,
            "date_order",
            f"{first.case.id!r} enters on {first.spell.entered}, before its origin {origin} in another row; expected the "
            "clock to begin on the first entry or before; correct one of them",
        )
    return [replace(line, case=replace(line.case, data=_since(origin, line.spell, calendar))) for line in ordered]


def _since(origin: date, spell: Spell, calendar: Calendar) -> Spell:
    assert spell.entered is not None
    assert spell.exited is not None
    between = calendar.periods_between
    return replace(spell, entry=between(origin, spell.entered), exit=between(origin, spell.exited))


def _check_order(ordered: Sequence[Line], problems: _Problems) -> None:
    """That rows do not overlap, only the last one has an event, and all have one weight."""
    for before, after in itertools.pairwise(ordered):
        name = before.case.id
        if after.spell.entry < before.spell.exit - _CLOSE:
            problems.add(
                after,
                "overlap",
                f"{name!r} enters at age {after.spell.entry:.6g}, before {problems.place(before)} of the same id ends at "
                f"{before.spell.exit:.6g}; expected rows of one case to follow one another; correct an age, or rename one "
                "if they are two cases",
            )
        elif before.spell.event is not None:
            problems.add(
                after,
                "event_not_last",
                f"{name!r} goes on here after its event {before.spell.event!r} in {problems.place(before)}; expected an "
                "event in its last row alone; correct it, or rename one if they are two cases",
            )
        if after.case.weight != before.case.weight:
            problems.add(
                after,
                "weights",
                f"{name!r} has weight {after.case.weight:g} here and {before.case.weight:g} in {problems.place(before)}; "
                "expected one weight for a case; correct one of them",
            )


def _stages(known: Sequence[Line]) -> tuple[Stage, ...]:
    """Rows that go on with the same covariates are one stage."""
    found: list[Stage] = []
    for line in known:
        own = Stage(line.spell.entry, line.spell.exit, line.case.covariates)
        last = found[-1] if found else None
        if last is not None and own.covariates == last.covariates and own.entry <= last.exit + _CLOSE:
            found[-1] = replace(last, exit=own.exit)
        else:
            found.append(own)
    return tuple(found)
