"""What the value of an event column means: which outcome ended the case, or none."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from forecast.errors import FieldError
from forecast.study.document.evidence import ReferenceClass
from forecast.study.document.fields import TRUTHS
from forecast.study.reading.missing_codes import advice, is_code_of_event
from forecast.study.reading.suggest import nearest_hint
from forecast.study.reading.table import Cell, cell_text

_YES: tuple[Cell, ...] = (1, *(word for word, value in TRUTHS.items() if value == 1.0))
_NO: tuple[Cell, ...] = (0, *(word for word, value in TRUTHS.items() if value == 0.0))
_SHOWN: Final = 6
_BLANK: Final = (
    "blank, which says that it is unknown how the case ended; expected {expected}; fill it in, leave the row out, or say "
    "`missing: []` to leave such rows out"
)


class EventValues:
    """The meaning of event values in one reference class that serves these events.

    With `event_value`, any other value is a censoring, unless it looks like one of them or like a code for a missing
    value. Without, the values are outcome ids or, in a class of one event, yes (1, true) and no (0, false); then another
    value is an error. Words for yes and no count in upper and lower case.
    """

    def __init__(self, group: ReferenceClass, events: Sequence[str]) -> None:
        self.stated = bool(group.event_value)
        missing, column = group.missing, group.column("event")
        self._has_said_codes = missing == () or (isinstance(missing, Mapping) and column in missing)
        """Whether the study says of this column which codes it has."""
        if self.stated:
            self._outcomes: Mapping[Cell, str] = {v: o for o, values in group.event_value.items() for v in values}
        else:
            self._outcomes = {outcome: outcome for outcome in events}
            if len(events) == 1:
                self._outcomes = {**self._outcomes, **dict.fromkeys(_YES, events[0])}
        self._verdicts: dict[Cell, str | None] = {}

    def outcome(self, cell: Cell) -> str | None:
        """The outcome that a value means, None for a censoring."""
        return self._outcomes.get(cell, self._outcomes.get(_folded(cell)))

    def problem(self, cell: Cell) -> str | None:
        """Why a value cannot be taken as it is, None when it can."""
        if cell in self._outcomes or _folded(cell) in self._outcomes:
            return None
        if cell not in self._verdicts:
            self._verdicts[cell] = self._judge(cell)
        return self._verdicts[cell]

    def _judge(self, cell: Cell) -> str | None:
        known = ", ".join([text for text in map(cell_text, self._outcomes) if text not in ("y", "t")][:_SHOWN])
        if cell is None:
            return _BLANK.format(
                expected="any other value where it had not happened" if self.stated else f"{known}, or 0 for none"
            )
        if not self.stated:
            if cell in _NO or _folded(cell) in _NO:
                return None
            return f"{cell!r} has no meaning; expected {known}, or 0 for none; say in `event_value` what it means{advice(cell)}"
        if is_code_of_event(cell) and not self._has_said_codes:
            return (
                f"{cell!r} would count as censored; is it a code for a missing value? then say `missing: [{cell_text(cell)}]`, "
                "and the row is left out; if it is a value of its own, say `missing: []`"
            )
        for value in self._outcomes:
            if _says_the_same(cell, value):
                return (
                    f"{cell!r} would count as censored but may say the same as {value!r}; expected one of them in all rows; "
                    "correct the cells, or list both in `event_value`"
                )
        for value in self._outcomes:
            if _looks_like(cell_text(cell), cell_text(value)):
                return (
                    f"{cell!r} would count as censored but looks like {value!r}; expected that or a clearly different "
                    "word; correct the cell, or list both in `event_value`"
                )
        return None


def event_value_errors(group: ReferenceClass, events: Sequence[str], path: str) -> list[FieldError]:
    """What is wrong with the `event_value` of a class of these events: strangers, gaps, and one value for two outcomes."""
    errors = []
    seen: dict[Cell, str] = {}
    for outcome, values in group.event_value.items():
        if outcome not in events:
            message = f"{outcome!r} is not an event of the class; {nearest_hint(outcome, events)}"
            errors.append(FieldError(f"{path}.event_value.{outcome}", "unknown_outcome", message))
        for value in values:
            if seen.setdefault(value, outcome) != outcome:
                message = f"{value!r} also means {seen[value]!r}; expected one outcome per value; change one of them"
                errors.append(FieldError(f"{path}.event_value.{outcome}", "ambiguous", message))
    if group.event_value:
        for outcome in events:
            if outcome not in group.event_value:
                message = f"no value for {outcome!r}; expected one for each event of the class; add `{outcome}: value`"
                errors.append(FieldError(f"{path}.event_value", "missing", message))
    return errors


def _looks_like(one: str, other: str) -> bool:
    """Whether two words differ by nothing but case and punctuation, or (from five letters on) by one slip."""
    a, b = _plain(one), _plain(other)
    if a == b:
        return True
    if min(len(a), len(b)) < 5 or max(len(a), len(b)) > 100 or a.isdigit() or b.isdigit():
        return False
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return max(len(a), len(b)) <= 1 or (len(a) == 2 and a == b[::-1])


def _folded(cell: Cell) -> Cell:
    """Words for yes and no in lower case; all else as it is."""
    return cell.lower() if isinstance(cell, str) and cell.lower() in TRUTHS else cell


def _says_the_same(one: Cell, other: Cell) -> bool:
    """Whether one is a word and the other a number or another word for the same of yes and no."""
    return any(_folded(one) in same and _folded(other) in same for same in (_YES, _NO))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum()) or folded
