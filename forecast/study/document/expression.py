"""Scenario expressions as trees of frozen nodes; `forecast.study.document.grammar` reads them from text.

``str(node)`` writes a text that reads back as the same node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Occurs:
    """The outcome resolves yes: it has occurred by its own resolution date (the end of the horizon without one)."""

    outcome: str

    def __str__(self) -> str:
        return self.outcome


@dataclass(frozen=True, slots=True)
class By:
    """The outcome has occurred by a date, or within a number of periods from the as-of date."""

    outcome: str
    when: date | float

    def __str__(self) -> str:
        when = self.when.isoformat() if isinstance(self.when, date) else _number_text(self.when)
        return f"by({self.outcome}, {when})"


@dataclass(frozen=True, slots=True)
class Before:
    """The first outcome occurs, and the second one later or not by the horizon.

    Binary outcomes occur on their resolution date; of two with the same date neither comes before the other.
    """

    first: str
    second: str

    def __str__(self) -> str:
        return f"before({self.first}, {self.second})"


@dataclass(frozen=True, slots=True)
class And:
    """All of them; two items or more, none of them an `And`."""

    items: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(f"({item})" if isinstance(item, Or) else str(item) for item in self.items)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them; two items or more, none of them an `Or`."""

    items: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(str(item) for item in self.items)


@dataclass(frozen=True, slots=True)
class Not:
    """Not so."""

    item: Expression

    def __str__(self) -> str:
        return f"not ({self.item})" if isinstance(self.item, And | Or) else f"not {self.item}"


Expression = Occurs | By | Before | And | Or | Not


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, outermost first."""
    yield expression
    if isinstance(expression, And | Or):
        for item in expression.items:
            yield from walk(item)
    elif isinstance(expression, Not):
        yield from walk(expression.item)


def _number_text(value: float) -> str:
    """Digits that read back as the same number, without an exponent (the grammar has none)."""
    return f"{value:.0f}" if value == int(value) else format(Decimal(repr(value)), "f")


def time_problems(expression: Expression, as_of: date, end: date, horizon: int) -> list[str]:
    """What is wrong with the times inside `by`, as messages: none may lie in the past or beyond the horizon.

    Parameters
    ----------
    as_of, end
        The as-of date and the last day of the horizon.
    horizon
        The same in periods.
    """
    problems = []
    for node in walk(expression):
        if not isinstance(node, By):
            continue
        if isinstance(node.when, date):
            if not as_of < node.when <= end:
                problems.append(
                    f"{node} lies outside the forecast; expected a date after {as_of} and up to {end} (the horizon); "
                    "change the date, as_of or horizon"
                )
        elif not 1.0 <= node.when <= horizon:
            problems.append(f"{node} lies outside the forecast; expected 1 to {horizon} periods; change the number")
    return problems
