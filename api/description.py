"""The description of the interface (OpenAPI), as FastAPI makes it, with errors as the problems that they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from api.problems import MEDIA_TYPE


def describe_problems(app: FastAPI) -> None:
    """Have the application describe every error as problem+json: FastAPI knows one media type for all answers."""
    app.openapi = _described(app.openapi)  # type: ignore[method-assign]


def _described(make: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    def describe() -> dict[str, Any]:
        found = make()
        for operations in found["paths"].values():
            for operation in operations.values():
                # What FastAPI says of a request that does not fit is among the problems.
                operation["responses"].pop("422", None)
                for status, answer in operation["responses"].items():
                    content = answer.get("content", {})
                    if status[0] in "45" and "application/json" in content:
                        content[MEDIA_TYPE] = content.pop("application/json")
        return found

    return describe
