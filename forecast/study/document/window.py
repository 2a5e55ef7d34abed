"""The window of a threshold outcome: which counts are held against its number, and how.

Without more it is any one period from the beginning of the window to the day on which the outcome resolves.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from forecast.study.document.fields import Block, Day, Flag, field_error

MAX_RUN: Final = 600


def _period_text(value: object) -> object:
    """A year that YAML took for a number, and a day that it took for a date, as text."""
    return str(value) if isinstance(value, int | date) and not isinstance(value, bool) else value


PeriodText = Annotated[
    str,
    Field(min_length=4, max_length=40),
    BeforeValidator(_period_text),
    WithJsonSchema({"type": "string", "minLength": 4, "maxLength": 40, "examples": ["2024-03"]}),
]


class Window(Block):
    """Which periods of the indicator count, and whether one of them, a run of them or all together must reach the number.

    `period`, `total` and `run` exclude one another; without any it is any one period of the window.
    """

    period: PeriodText | None = None
    """The one calendar period that counts, as tables name it, such as 2024-03, 2024Q1 or 2024-W03. The outcome resolves at its
    end."""
    total: Flag = False
    """Whether the counts of the window are added up; `since` must then say where it begins."""
    run: Annotated[int, Field(strict=True, ge=1, le=MAX_RUN)] | None = None
    """Each of so many periods in a row must reach the number."""
    since: Day | None = None
    """First day of the window: that of a calendar period, past or to come. Absent: the period that holds the day after the
    as-of date. With `resolution.by`, the last period that is over belongs to it as well, if it was wholly counted. Of a run, so
    do the `run` - 1 periods before."""

    @model_validator(mode="after")
    def _is_one_form(self) -> Self:
        forms = [name for name in ("period", "total", "run") if getattr(self, name) not in (None, False)]
        if len(forms) > 1:
            raise field_error(f"{' and '.join(forms)} in one window; expected one of them; remove the other")
        if self.period is not None and self.since is not None:
            raise field_error(
                "since beside period; expected one of them: a named period is the whole window; remove one"
            )
        if self.total and self.since is None:
            raise field_error("a total without its first day; expected `since`, from which counts are added up; add it")
        return self


type NaturalPeriod = tuple[date, date]
"""First and last day."""
