"""Scenarios: named true/false expressions over outcomes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from forecast.errors import ExpressionError
from forecast.study.document.expression import Expression
from forecast.study.document.fields import Block, Flag, Id, RequiredText, field_error
from forecast.study.document.grammar import MAX_CHARACTERS, parse_syntax


class Scenario(Block):
    """A named expression, such as ``conversion or not by(withdrawal, 2025-11-10)``."""

    id: Id
    """Id of the scenario."""
    title: RequiredText
    """Title for readers."""
    when: Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)]
    """Expression over outcome ids with `and`, `or`, `not` and parentheses. An id alone: it occurs by its own date.
    `by(a, time)`: by that time, a date or a number of periods from the as-of date. `between(a, time, time)`: from the
    first day to the last, both included. `before(a, b)`: a occurs, and b later or not at all. `within(a, b, 6)`: b
    occurs, and a not before it and at most 6 periods after it, both by the horizon. `at_least(k, ...)`,
    `at_most(k, ...)`, `exactly(k, ...)`: so many of the expressions that follow are true."""

    stands_alone: Flag = False
    """Whether it is a question of its own. The scenarios that are not should exclude one another and cover everything,
    and `check` asks where they do not."""

    @field_validator("when")
    @classmethod
    def _readable(cls, text: str) -> str:
        try:
            parse_syntax(text)
        except ExpressionError as error:
            raise field_error(str(error)) from None
        return text

    @property
    def expression(self) -> Expression:
        """The expression as a tree."""
        return parse_syntax(self.when)
