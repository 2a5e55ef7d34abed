"""The interface as a page: every operation with what it takes and gives, from the same document as /openapi.json.

Nothing is loaded from elsewhere, and no script is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final

from fastapi import FastAPI

from api.pages.shared.page import PageContext

METHODS: Final = ("get", "post", "put", "patch", "delete")
MAX_EXAMPLE_CHARACTERS: Final = 2_000
MAX_DEPTH: Final = 2
"""How deep the fields of an object within an object are listed; the schema has all of them."""


@dataclass(frozen=True)
class Field:
    """One parameter, or one field of a body or an answer."""

    name: str
    kind: str
    is_required: bool
    description: str
    indent: int = 0


@dataclass(frozen=True)
class Answered:
    """An answer by its status."""

    status: str
    description: str


@dataclass(frozen=True)
class Operation:
    """One thing that a program may ask."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    answers: tuple[Answered, ...]
    example: str
    """JSON; empty where there is none."""


@dataclass(frozen=True)
class Group:
    """Operations of one subject."""

    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, kw_only=True)
class ReferencePage(PageContext):
    """Everything there is to ask."""

    template: ClassVar[str] = "reference.html"

    version: str
    description: str
    groups: tuple[Group, ...]


@lru_cache(maxsize=1)
def build_reference(app: FastAPI) -> ReferencePage:
    """The page of an application's interface; it never changes while the process lives."""
    document = app.openapi()
    groups: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if (found := operations.get(method)) is not None:
                tag = (found.get("tags") or ["service"])[0]
                groups.setdefault(tag, []).append(_operation(document, path, method, found))
    return ReferencePage(
        page_title="Interface for programs",
        json_url="/openapi.json",
        version=document["info"]["version"],
        description=document["info"]["description"],
        groups=tuple(Group(name, tuple(found)) for name, found in groups.items()),
    )


def _operation(document: Mapping[str, Any], path: str, method: str, found: Mapping[str, Any]) -> Operation:
    parameters = tuple(
        Field(
            f"{parameter['name']} ({parameter['in']})",
            _kind(document, parameter.get("schema", {})),
            parameter.get("required", False),
            parameter.get("description", ""),
        )
        for parameter in (_resolved(document, each) for each in found.get("parameters", ()))
    )
    answers = found.get("responses", {})
    given: Mapping[str, Any] = next((answer for status, answer in answers.items() if status.startswith("2")), {})
    content = given.get("content", {}).get("application/json", {})
    body: Mapping[str, Any] = found.get("requestBody", {}).get("content", {})
    taken: Mapping[str, Any] = next(iter(body.values()), {})
    return Operation(
        id=found["operationId"],
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        description=found.get("description", ""),
        parameters=parameters,
        body=tuple(_fields(document, taken.get("schema", {}))),
        answer=tuple(_fields(document, content.get("schema", {}))),
        answers=tuple(Answered(status, answer.get("description", "")) for status, answer in answers.items()),
        example=_example(content),
    )


def _resolved(document: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the document leads to."""
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Iterator[Field]:
    """Fields of an object; those of objects within it follow, farther in."""
    schema = _resolved(document, schema)
    required = schema.get("required", ())
    for name, found in schema.get("properties", {}).items():
        description = found.get("description") or _resolved(document, found).get("description", "")
        yield Field(name, _kind(document, found), name in required, description, depth)
        within = _inner(document, found)
        if depth + 1 < MAX_DEPTH and within is not None:
            yield from _fields(document, within, depth + 1)


def _inner(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The object that a field holds, alone, in a list, or beside null."""
    schema = _resolved(document, schema)
    if "properties" in schema:
        return schema
    for part in (schema.get("items"), *schema.get("anyOf", ())):
        if isinstance(part, Mapping) and "properties" in _resolved(document, part):
            return part
    return None


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The type of a value in words."""
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(document, part) for part in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(json.dumps(value) for value in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_kind(document, schema.get('items', {}))}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _example(content: Mapping[str, Any]) -> str:
    named: Mapping[str, Any] = next(iter(content.get("examples", {}).values()), {})
    value = content.get("example", named.get("value"))
    if value is None:
        return ""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return text if len(text) <= MAX_EXAMPLE_CHARACTERS else f"{text[:MAX_EXAMPLE_CHARACTERS]}\n…"
