"""Scenario expressions as trees of frozen nodes; `forecast.study.document.grammar` reads them from text.

``str(node)`` writes a text that reads back as the same node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from forecast.study.document.options import as_written


@dataclass(frozen=True, slots=True)
class Occurs:
    """The outcome resolves yes: it has occurred by its own resolution date (the end of the horizon without one).

    Of an option of a categorical outcome, whose id is ``outcome.option``: it turns out true.
    """

    outcome: str

    def __str__(self) -> str:
        return as_written(self.outcome)


@dataclass(frozen=True, slots=True)
class By:
    """The outcome has occurred by a date, or within a number of periods from the as-of date."""

    outcome: str
    when: date | float

    def __str__(self) -> str:
        return f"by({self.outcome}, {_time_text(self.when)})"


@dataclass(frozen=True, slots=True)
class Between:
    """The outcome occurs from the first day to the last, both included; numbers count periods from the as-of date."""

    outcome: str
    start: date | float
    end: date | float

    def __str__(self) -> str:
        return f"between({self.outcome}, {_time_text(self.start)}, {_time_text(self.end)})"


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
class Within:
    """The second outcome occurs, and the first one not before it and at most so many periods after it, by the horizon.

    On the same day is not before it.
    """

    later: str
    earlier: str
    periods: float

    def __str__(self) -> str:
        return f"within({self.later}, {self.earlier}, {_number_text(self.periods)})"


class Comparison(StrEnum):
    """How a quantity is compared with a number; it has no size for certain, so that with or without equality is the same."""

    ABOVE = ">"
    AT_LEAST = ">="
    BELOW = "<"
    AT_MOST = "<="

    @property
    def is_upwards(self) -> bool:
        """Whether larger numbers are meant."""
        return self in (Comparison.ABOVE, Comparison.AT_LEAST)


@dataclass(frozen=True, slots=True)
class Compares:
    """A quantity is larger, or smaller, than a number."""

    quantity: str
    comparison: Comparison
    number: float

    def __str__(self) -> str:
        return f"value({self.quantity}) {self.comparison} {_number_text(self.number)}"


class Bound(StrEnum):
    """How a number of true expressions is compared."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True)
class HowMany:
    """So many of the items are true, or more, or fewer; the items all differ."""

    bound: Bound
    number: int
    items: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.bound}({self.number}, {', '.join(str(item) for item in self.items)})"


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


Timed = Occurs | By | Between | Before | Within
"""What says something of the times of outcomes; the others put such together."""
Expression = Timed | Compares | HowMany | And | Or | Not


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it, outermost first."""
    yield expression
    if isinstance(expression, And | Or | HowMany):
        for item in expression.items:
            yield from walk(item)
    elif isinstance(expression, Not):
        yield from walk(expression.item)


def _time_text(when: date | float) -> str:
    return when.isoformat() if isinstance(when, date) else _number_text(when)


def _number_text(value: float) -> str:
    """Digits that read back as the same number, without an exponent (the grammar has none)."""
    return f"{value:.0f}" if value == int(value) else format(Decimal(repr(value)), "f")
