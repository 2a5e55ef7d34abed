"""The kinds of field that a study document is made of: texts, ids, dates and numbers, each with its limits.

Every block of a document is a `Block`: frozen, closed to unknown keys, and unwilling to guess. A number is a number
(never "3" or true), a date is the text ``2021-09-10``, and nothing is infinite.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

TEXT_LIMIT: Final = 20_000
ID_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
STUDY_ID_PATTERN: Final = r"^[a-z0-9-]{1,64}$"
OUTCOME_ID_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}$"
PART_ID_PATTERN: Final = r"^[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?$"
RESERVED_WORDS: Final = frozenset(
    {"and", "or", "not", "by", "between", "before", "within", "at_least", "at_most", "exactly", "option", "value"}
)
"""Words of the expression grammar, so not names of outcomes."""
LARGEST: Final = 1e12
"""Largest size of any number in a table; its square is still far from overflow."""
LARGEST_COUNT: Final = 1e6
"""Of one indicator in one period; more is a measurement, not a count."""
LARGEST_TOTAL: Final = 1e9
"""Of several indicators over several periods."""
EARLIEST: Final = date(1000, 1, 1)
LATEST: Final = date(2999, 12, 31)

TRUTHS: Final = {"yes": 1.0, "true": 1.0, "y": 1.0, "t": 1.0, "no": 0.0, "false": 0.0, "n": 0.0, "f": 0.0}
"""Words for yes and no, in upper or lower case."""
COVARIATE_WORDS: Final = TRUTHS | {"partial": 0.5}
_PERCENT = re.compile(r"([-+]?(?:\d+(?:\.\d*)?|\.\d+))\s?%", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Block(BaseModel):
    """Base of every block of a study document: frozen, closed, no NaN or infinity."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
        use_attribute_docstrings=True,
    )


def field_error(message: str) -> PydanticCustomError:
    """An error whose text already has our three parts, so that it is passed on as it is."""
    return PydanticCustomError("study", "{message}", {"message": message})


def rising(low: float, median: float, high: float) -> None:
    """Refuse three quantiles that do not rise."""
    if not low < median < high:
        raise field_error(
            f"low {low:g}, median {median:g}, high {high:g} are out of order; expected low < median < high; sort them"
        )


def parse_date(value: object) -> date:
    """The day that a text such as ``2021-09-10`` names.

    Raises
    ------
    ValueError
        When it is anything else, no such day, or outside the years 1000 to 2999.
    """
    if type(value) is date:
        day = value
    elif isinstance(value, str) and _DATE.fullmatch(value.strip()):
        try:
            day = date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                f"{value!r} is no day of the calendar; expected a date such as 2021-09-10; correct the month or the day"
            ) from None
    else:
        raise ValueError(f"{_shown(value)} is not a date; expected text such as 2021-09-10; write it in that form")
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"{day} is too far away; expected a date in the years 1000 to 2999; correct the year")
    return day


def _shown(value: object) -> str:
    """A value as an error message shows it, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _day(value: object) -> date:
    try:
        return parse_date(value)
    except ValueError as error:
        raise field_error(str(error)) from None


def _outcome_id(value: object) -> object:
    if isinstance(value, str) and value in RESERVED_WORDS:
        raise field_error(f"{value!r} is a word of the expression grammar; expected another id; rename the outcome")
    return value


def percentage(text: str) -> float | None:
    """The share that a text such as ``40 %`` names; None when it is anything else."""
    found = _PERCENT.fullmatch(text.strip()) if len(text) <= 40 else None
    return None if found is None else float(found[1]) / 100.0


def _covariate_value(value: object) -> object:
    """Numbers as they are; yes, no, partial and percentages as tables write them."""
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return value
    share = percentage(value)
    return COVARIATE_WORDS.get(value.strip().lower(), value) if share is None else share


Text = Annotated[str, Field(max_length=TEXT_LIMIT)]
RequiredText = Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT)]
Id = Annotated[str, Field(pattern=ID_PATTERN)]
StudyId = Annotated[str, Field(pattern=STUDY_ID_PATTERN)]
OutcomeId = Annotated[str, Field(pattern=OUTCOME_ID_PATTERN), BeforeValidator(_outcome_id)]
PartId = Annotated[str, Field(pattern=PART_ID_PATTERN), BeforeValidator(_outcome_id)]
"""An outcome, or an option of a categorical one: `outcome.option`."""
Day = Annotated[
    date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "examples": ["2021-09-10"]})
]
Number = Annotated[float, Field(strict=True)]
NonNegative = Annotated[float, Field(strict=True, ge=0.0)]
Positive = Annotated[float, Field(strict=True, gt=0.0)]
Scale = Annotated[float, Field(strict=True, gt=0.0, le=50.0)]
"""A standard deviation on the log rate or log odds; e^50 is already beyond anything that can be observed."""
HalfNormalScale = Annotated[float, Field(strict=True, ge=0.0, le=50.0)]
OpenProbability = Annotated[float, Field(strict=True, gt=0.0, lt=1.0)]
Whole = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
CovariateValue = Annotated[
    float,
    Field(strict=True, ge=-LARGEST, le=LARGEST),
    BeforeValidator(_covariate_value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": -LARGEST, "maximum": LARGEST},
                {"enum": ["yes", "no", "partial", True, False]},
                {"type": "string", "pattern": r"^[-+]?[0-9.]+ ?%$"},
            ]
        }
    ),
]
