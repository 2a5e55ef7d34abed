"""The field `missing`: which cells of a table stand for an unknown value."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, SkipValidation, WithJsonSchema

from forecast.study.document.fields import field_error
from forecast.study.reading.missing_codes import Missing
from forecast.study.reading.table import canonical_cell

_MOST: Final = 100
"""Codes of one list, and columns."""

_CODE: Final[dict[str, Any]] = {"type": ["string", "number", "boolean", "null"]}
_CODES: Final[dict[str, Any]] = {"anyOf": [_CODE, {"type": "array", "items": _CODE, "maxItems": _MOST}]}
_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "array", "items": _CODE, "maxItems": _MOST},
        {"type": "object", "additionalProperties": _CODES, "maxProperties": _MOST},
    ]
}


def _codes(value: object) -> object:
    values = value if isinstance(value, list | tuple) else [value]
    if len(values) > _MOST or not all(item is None or isinstance(item, str | int | float | bool) for item in values):
        raise field_error(f"expected a list of at most {_MOST} codes, such as [NA, -99]; write it as such")
    try:
        return tuple(canonical_cell(item) for item in values)
    except ValueError as error:
        raise field_error(str(error)) from None


def _missing(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, dict):
        if len(value) > _MOST:
            raise field_error(f"{len(value)} columns; expected at most {_MOST}; leave some out")
        return {column: _codes(codes) for column, codes in value.items()}
    return _codes(value)


MissingCodes = Annotated[Missing, SkipValidation, BeforeValidator(_missing), WithJsonSchema(_SCHEMA)]
