"""Turns pydantic's findings into our own: where, what was seen, what was expected, what to do."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from forecast.errors import FieldError
from forecast.study.document.fields import ID_PATTERN, OUTCOME_ID_PATTERN, STUDY_ID_PATTERN
from forecast.study.reading.problems import MAX_REPORTED, path_text, shown
from forecast.study.reading.suggest import nearest_hint

_PATTERNS: Final = {
    ID_PATTERN: "lower-case letters, digits, - and _, beginning with a letter or digit, 64 at most",
    OUTCOME_ID_PATTERN: "lower-case letters, digits and _, beginning with a letter, 64 at most",
    STUDY_ID_PATTERN: "lower-case letters, digits and -, 64 at most",
}
_TYPES: Final = {
    "string_type": "text; put it into quotes",
    "float_type": "a number; write it without quotes",
    "int_type": "a whole number; write it without quotes or decimals",
    "int_from_float": "a whole number; leave the decimals out",
    "bool_type": "true or false; write one of them",
    "dict_type": "a mapping; write {key: value}",
    "model_type": "a mapping; write {key: value}",
    "model_attributes_type": "a mapping; write {key: value}",
    "tuple_type": "a list; write [..]",
    "finite_number": "a finite number; correct it",
    "none_required": "nothing; remove it",
}


def field_errors(error: ValidationError, root: type[BaseModel]) -> list[FieldError]:
    """Every finding as a `FieldError`, in document order.

    Parameters
    ----------
    error
        What pydantic found.
    root
        The model that was validated, for the known keys near an unknown one.
    """
    found = [details for details in error.errors(include_url=False) if not _is_consequence(details)]
    # Further errors are only counted: describing them takes time that a hostile document could exploit.
    described = [_field_error(details, root) for details in found[:MAX_REPORTED]]
    return described + [FieldError("", details["type"], details["msg"]) for details in found[MAX_REPORTED:]]


def _is_consequence(details: ErrorDetails) -> bool:
    """Whether a list was long enough, and only counted too few because of bad items that are reported themselves."""
    value = details["input"]
    return (
        details["type"] == "too_short"
        and isinstance(value, list | tuple)
        and len(value) >= details["ctx"]["min_length"]
    )


def _field_error(details: ErrorDetails, root: type[BaseModel]) -> FieldError:
    kind = details["type"]
    *before, last = details["loc"] or ("",)
    # What the validator calls its own steps begins so; a key that nothing reads may begin with anything.
    location = [part for part in before if isinstance(part, int) or not part.startswith(("<", "["))]
    if kind == "extra_forbidden" or isinstance(last, int) or not last.startswith(("<", "[")):
        location.append(last)
    path = path_text(location) or "document"
    if kind == "study":
        return FieldError(path, "invalid", details["msg"])
    if kind == "extra_forbidden":
        known = _keys_at(root, location[:-1])
        message = (
            f"unknown key {shown(location[-1])}; expected a key of the format; {nearest_hint(str(location[-1]), known)}"
        )
        return FieldError(path, "unknown_key", message)
    if kind == "missing":
        return FieldError(path, "missing", "nothing here; expected a value, the key is required; add it")
    return FieldError(path, kind, _message(kind, details["input"], details.get("ctx", {})))


def _message(kind: str, value: object, context: Mapping[str, Any]) -> str:
    if kind in _TYPES:
        return f"{shown(value)} given; expected {_TYPES[kind]}"
    describe = _LIMITS.get(kind)
    if describe is None:
        return f"{shown(value)} cannot be used; expected what the JSON schema of studies says; correct it"
    return describe(value, context)


def _length(value: object) -> str:
    return f"{len(value):,}" if isinstance(value, list | tuple | dict | str) else shown(value)


_LIMITS: Final[dict[str, Callable[[Any, Mapping[str, Any]], str]]] = {
    "string_pattern_mismatch": lambda value, c: (
        f"{shown(value)} is not an id; expected {_PATTERNS.get(c['pattern'], c['pattern'])}; rename it"
    ),
    "string_too_long": lambda value, c: (
        f"{_length(value)} characters; expected at most {c['max_length']:,}; shorten the text"
    ),
    "string_too_short": lambda value, c: "empty text; expected some; fill it in",
    "too_long": lambda value, c: (
        f"{_length(value)} given; expected at most {c['max_length']}; leave some out or split the study"
    ),
    "too_short": lambda value, c: f"{_length(value)} given; expected at least {c['min_length']}; add one",
    "greater_than": lambda value, c: f"{shown(value)} given; expected more than {c['gt']:g}; correct the number",
    "greater_than_equal": lambda value, c: (
        f"{shown(value)} given; expected at least {_limit(c['ge'])}; correct the number"
    ),
    "less_than": lambda value, c: f"{shown(value)} given; expected less than {c['lt']:g}; correct the number",
    "less_than_equal": lambda value, c: f"{shown(value)} given; expected at most {_limit(c['le'])}; correct the number",
    "enum": lambda value, c: f"{shown(value)} given; expected {c['expected']}; use one of them",
    "literal_error": lambda value, c: f"{shown(value)} given; expected {c['expected']}; use one of them",
}


def _limit(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _keys_at(model: type[BaseModel], location: list[int | str]) -> list[str]:
    """The keys of the block at a place, found by walking the models' annotations; none when it is not a block."""
    current: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, str):
            field = current.model_fields.get(part) if current is not None else None
            current = _block_of(field.annotation) if field is not None else None
    return [] if current is None else list(current.model_fields)


def _block_of(annotation: Any) -> type[BaseModel] | None:
    """The mapping-like model inside an annotation such as ``Prior | None`` or ``tuple[Outcome, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, typing.Annotated):
        found = [block for block in map(_block_of, typing.get_args(annotation)) if block is not None]
        return found[-1] if found else None
    return None
