"""The description of the interface (OpenAPI 3.1): what FastAPI makes of the routes, completed where routes do more.

Routes that read their bodies themselves say in `openapi_extra` what they read; models among those become components.
Errors are the problems that they are, and a stream of events is text, since OpenAPI 3.1 has no words for its items.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.problems import MEDIA_TYPE

EXAMPLES_FILE: Final = Path(__file__).with_name("examples.json")
"""Requests and answers by operation, recorded by ``python -m tests.contract.openapi_examples``."""

_SCHEMAS: Final = "#/components/schemas/"
_PROBLEM: Final = {"$ref": f"{_SCHEMAS}Problem"}
_EVENTS: Final = "text/event-stream"


def operation_id(route: APIRoute) -> str:
    """The name of an operation: that of its function, for generated clients; a route may state another."""
    return route.name


def complete_description(app: FastAPI) -> None:
    """Have the application describe bodies, errors and streams as they are."""
    app.openapi = _completed(app, app.openapi)  # type: ignore[method-assign]


def _completed(app: FastAPI, make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    one_at_a_time = threading.Lock()
    completed: list[dict[str, Any]] = []

    def describe() -> dict[str, Any]:
        with one_at_a_time:
            if not completed:
                completed.append(complete(make()))
            return completed[0]

    def complete(found: dict[str, Any]) -> dict[str, Any]:
        examples = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))
        for operation in _operations(found):
            _complete_body(operation, found["components"]["schemas"])
            _complete_answers(operation)
            _add_examples(operation, examples.get(operation["operationId"], {}))
        return found

    return describe


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _complete_body(operation: dict[str, Any], components: dict[str, Any]) -> None:
    body = operation.get("requestBody")
    if body is None:
        return
    for content in body["content"].values():
        schema = content["schema"]
        if "title" in schema:
            _add_component(schema, components)
            content["schema"] = {"$ref": f"{_SCHEMAS}{schema['title']}"}
            body.setdefault("description", schema["description"])


def _add_component(schema: dict[str, Any], components: dict[str, Any]) -> None:
    """A model's schema and those that it refers to, as components."""
    own = {name: part for name, part in schema.items() if name != "$defs"}
    for name, part in {**schema.get("$defs", {}), schema["title"]: own}.items():
        moved = _with_references(part)
        assert components.setdefault(name, moved) == moved, f"two different schemas are called {name}"


def _with_references(value: Any) -> Any:
    """A schema whose references to definitions beside it lead to components instead."""
    if isinstance(value, dict):
        return {
            key: f"{_SCHEMAS}{item.rpartition('/')[2]}" if key == "$ref" else _with_references(item)
            for key, item in value.items()
        }
    return [_with_references(item) for item in value] if isinstance(value, list) else value


def _complete_answers(operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    # What FastAPI says of a request that does not fit is among the problems.
    answers.pop("422", None)
    for status, answer in answers.items():
        content = answer.get("content", {})
        if status[0] in "45":
            for media_type in [name for name, part in content.items() if part.get("schema") == _PROBLEM]:
                content[MEDIA_TYPE] = content.pop(media_type)
        elif _EVENTS in content:
            content[_EVENTS].pop("itemSchema", None)


def _add_examples(operation: dict[str, Any], example: dict[str, Any]) -> None:
    if "request" in example:
        operation["requestBody"]["content"]["application/json"]["example"] = example["request"]
    if "answer" in example:
        operation["responses"][example["status"]]["content"]["application/json"]["example"] = example["answer"]
