"""Judgments of categorical outcomes: the rows of one expert on one day are one statement over all options."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from forecast.study.document.document import Study
from forecast.study.document.options import add_up, centred_logs, part_id
from forecast.study.document.outcome import Outcome
from forecast.study.reading.table import cell_text
from forecast.study.rows.judgments import CLIP, ExpertKind, is_clipped
from forecast.study.rows.left_out import known_later
from forecast.study.rows.row_reader import RowReader


@dataclass(frozen=True, slots=True)
class OptionStatement:
    """The probabilities that an expert stated of all options of a categorical outcome."""

    expert: str
    outcome: str
    probabilities: Mapping[str, float]
    """By part, in the study's order; as stated, so possibly 0."""
    on: date
    known_at: date
    kind: ExpertKind
    by_day: date
    """The day on which the outcome resolves."""
    by_periods: float
    """The same in periods from the as-of date."""
    rows: tuple[int, ...]
    """Places in the table."""

    @property
    def log_ratios(self) -> dict[str, float]:
        """Logs of the probabilities less their mean, by part; clipped to [CLIP, 1 - CLIP] first."""
        raised = [min(max(probability, CLIP), 1.0 - CLIP) for probability in self.probabilities.values()]
        return dict(zip(self.probabilities, centred_logs(raised), strict=True))

    @property
    def clipped(self) -> int:
        """How many of the probabilities lie outside [CLIP, 1 - CLIP]."""
        return sum(is_clipped(probability) for probability in self.probabilities.values())


@dataclass(frozen=True, slots=True)
class _Row:
    index: int
    expert: str
    option: str
    probability: float
    on: date
    known_at: date


def read_option_statements(
    reader: RowReader, study: Study, kinds: Mapping[str, ExpertKind]
) -> tuple[OptionStatement, ...]:
    """The statements known on the as-of date about outcomes still to come, in the order of the table."""
    outcomes = {outcome.id: outcome for outcome in study.outcomes if outcome.options is not None}
    if not outcomes or not {"expert", "outcome", "probability", "on"} <= reader.columns:
        return ()
    groups: dict[tuple[str, str, date, date], list[_Row]] = {}
    broken: set[tuple[str, str]] = set()
    for index, row in enumerate(reader.rows):
        name = cell_text(row.get("outcome"))
        if name in outcomes and not reader.lacks(index, "expert", "option", "probability", "on"):
            before = len(reader.errors)
            found = _read_row(reader, index, study, outcomes[name])
            if len(reader.errors) > before:
                broken.add((cell_text(row.get("expert")), name))
            elif found is not None:
                groups.setdefault((found.expert, name, found.on, found.known_at), []).append(found)
    statements = []
    for (expert, name, on, known_at), rows in groups.items():
        if (expert, name) in broken or not _is_whole(reader, rows, outcomes[name]):
            continue
        by_day = study.resolves_by(name)
        over = f"about {by_day}, which is over on the as-of date {study.as_of}, so not used"
        if known_at > study.as_of or by_day <= study.as_of:
            for said_row in rows:
                reader.leave_out(said_row.index, known_later(study.as_of) if known_at > study.as_of else over)
        else:
            said = {row.option: row.probability for row in rows}
            statements.append(
                OptionStatement(
                    expert,
                    name,
                    {part_id(name, option.id): said[option.id] for option in outcomes[name].options or ()},
                    on,
                    known_at,
                    kinds.get(expert, "person"),
                    by_day,
                    study.calendar.periods_until(by_day),
                    tuple(row.index for row in rows),
                )
            )
    return tuple(statements)


def _read_row(reader: RowReader, index: int, study: Study, outcome: Outcome) -> _Row | None:
    options = [option.id for option in outcome.options or ()]
    expert = reader.text(index, "expert")
    option = reader.one_of(index, "option", options, f"an option of {outcome.id!r} ({', '.join(options)})")
    probability = reader.number(index, "probability", low=0.0, high=1.0)
    on = reader.day(index, "on")
    known_at = reader.day(index, "known_at", required=False) or on
    if on is not None and known_at is not None and known_at < on:
        reader.fail(index, "known_at", "date_order", f"{known_at} is before {on}, when it was said; correct it")
    for column in ("given", "given_at"):
        if reader.rows[index].get(column) is not None:
            message = "a condition on a statement about options; expected none; leave the rows out"
            reader.fail(index, column, "given", message)
    _check_day(reader, index, study, outcome.id)
    if expert is None or option is None or probability is None or on is None or known_at is None:
        return None
    return _Row(index, expert, option, probability, on, known_at)


def _check_day(reader: RowReader, index: int, study: Study, name: str) -> None:
    """A statement about options is about the day on which they resolve."""
    cell = reader.rows[index].get("by")
    if cell is None:
        return
    day = reader.day(index, "by") if isinstance(cell, str) else None
    resolves = study.resolves_by(name)
    if isinstance(cell, str) and (day is None or day == resolves):
        return
    message = f"{cell_text(cell)[:30]}; expected {resolves}, when {name!r} resolves; leave `by` blank"
    reader.fail(index, "by", "before_resolution", message)


def _is_whole(reader: RowReader, rows: Sequence[_Row], outcome: Outcome) -> bool:
    """Whether a statement has each option once and adds up to 1; what it lacks is an error that names its rows."""
    assert outcome.options is not None
    places = ", ".join(reader.place(row.index) for row in rows[:20])
    first = rows[0].index
    seen: dict[str, int] = {}
    for row in rows:
        if seen.setdefault(row.option, row.index) != row.index:
            message = (
                f"{row.option!r} is also in {reader.place(seen[row.option])}; expected each option once; remove one"
            )
            reader.fail(row.index, "option", "duplicate", message)
            return False
    missing = [option.id for option in outcome.options if option.id not in seen]
    if missing:
        message = (
            f"no probability of {', '.join(missing)} beside {places}; expected one of each option of {outcome.id!r} from an "
            "expert on a day; add them, 0 for none"
        )
        reader.fail(first, "option", "missing_option", message)
        return False
    if not add_up(row.probability for row in rows):
        total = math.fsum(row.probability for row in rows)
        message = (
            f"the probabilities of {places} add up to {total:g}; expected 1: one option turns out true; correct them"
        )
        reader.fail(first, "probability", "sum", message)
        return False
    return True


def latest_statements(statements: Iterable[OptionStatement]) -> tuple[OptionStatement, ...]:
    """One statement per expert and outcome, in the order of their first rows: what the expert said last."""
    said: dict[tuple[str, str], OptionStatement] = {}
    for statement in statements:
        key = statement.expert, statement.outcome
        if key not in said or (said[key].on, said[key].known_at) <= (statement.on, statement.known_at):
            said[key] = statement
    return tuple(said.values())
