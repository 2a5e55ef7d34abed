"""The grammar of scenario expressions: a real parser gives a tree of nodes; nothing is ever evaluated as code.

Outcome ids, ``and``, ``or``, ``not``, parentheses, ``by(outcome, time)``, ``between(outcome, time, time)``,
``before(a, b)``, ``within(a, b, periods)``, ``value(quantity) > number``, and ``at_least(k, ...)``, ``at_most(k, ...)``, ``exactly(k, ...)`` of any
expressions; a time is a date or a number of periods. ``not`` binds closest, then ``and``, then ``or``. Whatever the
text, the only exception that comes out is `ExpressionError`.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from forecast.errors import ExpressionError
from forecast.study.document.expression import (
    And,
    Before,
    Between,
    Bound,
    By,
    Compares,
    Comparison,
    Expression,
    HowMany,
    Not,
    Occurs,
    Or,
    Within,
)
from forecast.study.document.fields import parse_date
from forecast.study.document.options import as_written, part_id
from forecast.study.reading.suggest import nearest_hint

if TYPE_CHECKING:
    from lark import Lark

MAX_CHARACTERS: Final = 4000
"""Enough to ask of 20 outcomes with the longest ids, each between two dates."""
MAX_DEPTH: Final = 32
MAX_NODES: Final = 400


def value_of(quantity: str) -> str:
    """How a quantity stands among the names that an expression may use."""
    return f"value({quantity})"


def parse_expression(text: str, outcomes: Collection[str]) -> Expression:
    """The tree of a scenario expression over the given outcomes, and quantities as `value_of` names them.

    Raises
    ------
    ExpressionError
        When it cannot be read, names an unknown outcome or is too large; `position` is the column, from 1.
    """
    return _parse(text, frozenset(outcomes))


@functools.lru_cache(maxsize=1024)
def parse_syntax(text: str) -> Expression:
    """The tree of an expression whose outcome ids are not looked up.

    Raises
    ------
    ExpressionError
        When it cannot be read or is too large.
    """
    return _parse(text, None)


_GRAMMAR = r"""
?start: any
?any: all (_OR all)*
?all: one (_AND one)*
?one: _NOT one                                   -> negation
    | "(" any ")"
    | NAME                                       -> occurs
    | _BY "(" NAME "," (DATE | NUMBER) ")"       -> by
    | _BETWEEN "(" NAME "," (DATE | NUMBER) "," (DATE | NUMBER) ")" -> between
    | _BEFORE "(" NAME "," NAME ")"              -> before
    | _OPTION "(" NAME "," NAME ")"              -> option
    | _WITHIN "(" NAME "," NAME "," NUMBER ")"   -> within
    | _VALUE "(" NAME ")" COMPARISON (NUMBER | NEGATIVE) -> compares
    | (AT_LEAST | AT_MOST | EXACTLY) "(" NUMBER ("," any)+ ")" -> how_many
_OR: "or"
_AND: "and"
_NOT: "not"
_BY: "by"
_BEFORE: "before"
_OPTION: "option"
_BETWEEN: "between"
_WITHIN: "within"
_VALUE: "value"
COMPARISON: />=|<=|>|</
NEGATIVE: /-[0-9]+(\.[0-9]+)?/
AT_LEAST: "at_least"
AT_MOST: "at_most"
EXACTLY: "exactly"
NAME: /[A-Za-z_][A-Za-z0-9_-]*/
DATE.2: /[0-9]{4}-[0-9]{2}-[0-9]{2}/
NUMBER: /[0-9]+(\.[0-9]+)?/
%ignore /[ \t\r\n]+/
"""

_WORDS = {
    "NAME": "an outcome",
    "_NOT": "'not'",
    "_AND": "'and'",
    "_OR": "'or'",
    "_BY": "'by(...)'",
    "_BEFORE": "'before(...)'",
    "_OPTION": "'option(...)'",
    "_BETWEEN": "'between(...)'",
    "_WITHIN": "'within(...)'",
    "_VALUE": "'value(...)'",
    "COMPARISON": "> or <",
    "AT_LEAST": "'at_least(...)'",
    "AT_MOST": "'at_most(...)'",
    "EXACTLY": "'exactly(...)'",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMMA": "','",
    "DATE": "a date such as 2025-11-10",
    "NUMBER": "a number",
    "$END": "the end of the expression",
}


@dataclass(frozen=True, slots=True)
class _Read:
    """A node with what has to be known of it before anything walks it."""

    node: Expression
    depth: int
    nodes: int
    names: tuple[tuple[str, int], ...]
    """Outcome ids with their positions from 1."""


class _Builder:
    """Makes nodes while the parser reduces, so that no tree of unknown depth is ever walked."""

    def occurs(self, children: list[Any]) -> _Read:
        return self._leaf(Occurs(str(children[0])), children[:1])

    def by(self, children: list[Any]) -> _Read:
        return self._leaf(By(str(children[0]), self._when(children[1])), children[:1])

    def between(self, children: list[Any]) -> _Read:
        node = Between(str(children[0]), self._when(children[1]), self._when(children[2]))
        return self._leaf(node, children[:1])

    def before(self, children: list[Any]) -> _Read:
        return self._leaf(Before(str(children[0]), str(children[1])), children)

    def option(self, children: list[Any]) -> _Read:
        part = part_id(str(children[0]), str(children[1]))
        return _Read(Occurs(part), 1, 1, ((part, children[0].start_pos + 1),))

    def within(self, children: list[Any]) -> _Read:
        periods = self._number(children[2], "a usable number of periods")
        return self._leaf(Within(str(children[0]), str(children[1]), periods), children[:2])

    def compares(self, children: list[Any]) -> _Read:
        node = Compares(str(children[0]), Comparison(str(children[1])), self._number(children[2], "a usable number"))
        return _Read(node, 1, 1, ((value_of(str(children[0])), children[0].start_pos + 1),))

    def how_many(self, children: list[Any]) -> _Read:
        bound, asked, items = Bound(str(children[0])), children[1], children[2:]
        number = self._number(asked, "a usable number of expressions")
        low, high = (1 if bound is Bound.AT_LEAST else 0), len(items) - (1 if bound is Bound.AT_MOST else 0)
        if number != int(number) or not low <= number <= high:
            self._refuse(
                asked,
                f"{bound} of {len(items)} expressions cannot ask for {number:g}; expected a whole number from {low} to "
                f"{high}; change it",
            )
        depth, nodes = 1 + max(item.depth for item in items), 1 + sum(item.nodes for item in items)
        trees = tuple(item.node for item in items)
        if depth <= MAX_DEPTH and nodes <= MAX_NODES and len(set(trees)) < len(trees):  # else refused for its size
            self._refuse(asked, f"{bound} has an expression twice; expected different ones; remove one of them")
        names = tuple(name for item in items for name in item.names)
        return _Read(HowMany(bound, int(number), trees), depth, nodes, names)

    def negation(self, children: list[_Read]) -> _Read:
        item = children[0]
        return _Read(Not(item.node), item.depth + 1, item.nodes + 1, item.names)

    def all(self, children: list[_Read]) -> _Read:
        return self._join(And, children)

    def any(self, children: list[_Read]) -> _Read:
        return self._join(Or, children)

    @staticmethod
    def _leaf(node: Expression, names: list[Any]) -> _Read:
        return _Read(node, 1, 1, tuple((str(name), name.start_pos + 1) for name in names))

    @staticmethod
    def _join(kind: type[And | Or], children: list[_Read]) -> _Read:
        """One node of all items; those of the same kind are merged, as brackets around them say nothing."""
        items: list[Expression] = []
        for child in children:
            items.extend(child.node.items if isinstance(child.node, kind) else (child.node,))
        depth = 1 + max(c.depth - (1 if isinstance(c.node, kind) else 0) for c in children)
        nodes = 1 + sum(c.nodes - (1 if isinstance(c.node, kind) else 0) for c in children)
        return _Read(kind(tuple(items)), depth, nodes, tuple(name for child in children for name in child.names))

    def _when(self, token: Any) -> date | float:
        if token.type != "DATE":
            return self._number(token, "a usable number of periods")
        try:
            return parse_date(str(token))
        except ValueError as error:
            self._refuse(token, str(error))

    def _number(self, token: Any, noun: str) -> float:
        if len(token) > 40:
            self._refuse(token, f"{str(token)[:20]}... is not {noun}; expected a short number")
        return float(token)

    @staticmethod
    def _refuse(token: Any, message: str) -> NoReturn:
        position = token.start_pos + 1
        raise ExpressionError(f"position {position}: {message}", position) from None


@functools.cache
def _parser() -> Lark:
    """The parser; made on first use, because importing lark costs a tenth of a second."""
    from lark import Lark

    # The basic lexer keeps words whole: the contextual one reads `a orb` as `a or b`.
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", transformer=_Builder(), maybe_placeholders=False)


def _parse(text: str, outcomes: frozenset[str] | None) -> Expression:
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(
            f"the expression has {len(text)} characters; expected at most {MAX_CHARACTERS}; split it into several scenarios"
        )
    read = _read(text)
    for limit, value, noun in ((MAX_DEPTH, read.depth, "levels"), (MAX_NODES, read.nodes, "parts")):
        if value > limit:
            raise ExpressionError(
                f"the expression has {value} {noun}; expected at most {limit}; split it into several scenarios"
            )
    for name, position in read.names:
        if outcomes is not None and name not in outcomes:
            hint = _hint(name, outcomes)
            noun = "a quantity" if name.startswith(value_of("")[:-1]) else "an outcome"
            raise ExpressionError(
                f"position {position}: {as_written(name)!r} is not {noun} of the study; {hint}", position
            )
    return read.node


def _hint(name: str, outcomes: Collection[str]) -> str:
    """What may have been meant: an option, where a categorical outcome is named alone."""
    options = sorted(known for known in outcomes if known.startswith(part_id(name, "")))
    if options:
        return f"name one of its options, as {as_written(options[0])}"
    return nearest_hint(as_written(name), [as_written(known) for known in outcomes])


def _read(text: str) -> _Read:
    from lark.exceptions import LarkError, UnexpectedCharacters, UnexpectedToken, VisitError

    try:
        return cast("_Read", _parser().parse(text))
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        position = len(text) + 1 if ended else (error.token.start_pos or 0) + 1
        seen = "the expression ends" if ended else f"{str(error.token)[:40]!r}"
        raise ExpressionError(f"position {position}: {seen}; expected {_expected(error.expected)}", position) from None
    except UnexpectedCharacters as error:
        position = cast("int", error.pos_in_stream) + 1
        raise ExpressionError(
            f"position {position}: {text[position - 1]!r} has no meaning here; expected outcome ids, and, or, not, "
            "brackets, by(...), between(...), before(...), within(...), option(...), value(...), at_least(...), at_most(...), exactly(...)",
            position,
        ) from None
    except VisitError as error:
        if isinstance(error.orig_exc, ExpressionError):
            raise error.orig_exc from None
        raise
    except LarkError as error:
        raise ExpressionError(
            f"the expression cannot be read: {str(error)[:100]}; expected the grammar of scenarios"
        ) from None


def _expected(terminals: Collection[str]) -> str:
    words = [word for name, word in _WORDS.items() if name in terminals]
    return " or ".join(words) or "something else"
