"""What the value of an event column means: which outcome ended the case, or none."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from forecast.errors import FieldError
from forecast.study.document.evidence import ReferenceClass
from forecast.study.reading.suggest import nearest_hint
from forecast.study.reading.table import Cell, cell_text

_YES: tuple[Cell, ...] = (1, "yes", "true")
_NO: tuple[Cell, ...] = (0, "no", "false", None)


class EventValues:
    """The meaning of event values in one reference class that serves these events.

    With `event_value`, any other value is a censoring. Without, the values are outcome ids or, in a class of one
    event, yes (1, true) and no (0, false, blank); then another value is an error.
    """

    def __init__(self, group: ReferenceClass, events: Sequence[str]) -> None:
        self.stated = bool(group.event_value)
        if self.stated:
            self._outcomes: Mapping[Cell, str] = {v: o for o, values in group.event_value.items() for v in values}
        else:
            self._outcomes = {outcome: outcome for outcome in events}
            if len(events) == 1:
                self._outcomes = {**self._outcomes, **dict.fromkeys(_YES, events[0])}
        self._verdicts: dict[Cell, str | None] = {}

    def outcome(self, cell: Cell) -> str | None:
        """The outcome that a value means, None for a censoring."""
        return self._outcomes.get(cell)

    def problem(self, cell: Cell) -> str | None:
        """Why a value cannot be taken as it is, None when it can."""
        if cell in self._outcomes or cell is None:
            return None
        if cell not in self._verdicts:
            self._verdicts[cell] = self._judge(cell)
        return self._verdicts[cell]

    def _judge(self, cell: Cell) -> str | None:
        if not self.stated:
            if cell in _NO:
                return None
            known = ", ".join(cell_text(value) for value in self._outcomes)
            return (
                f"{cell!r} has no meaning; expected {known}, or 0 or blank for none; say in `event_value` what it means"
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


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum()) or folded
