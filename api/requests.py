"""Reading requests: ids, bodies, paging and the headers that we understand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any, Final
from urllib.request import parse_http_list

from fastapi import Header, Path, Query, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query as QueryField
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from api.problems import RequestError
from forecast.errors import FieldError
from forecast.store import DEFAULT_PAGE, MAX_PAGE, NotStoredError
from forecast.store.ids import parse_id
from forecast.study.reading.plain_data import plain_copy, read_json

SMALL_BYTES: Final = 131_072
"""Largest body without a document. It is read in milliseconds, and the largest query (a hundred expressions) fits."""
MAX_WAIT_SECONDS: Final = 60.0
MAX_WAIT_DIGITS: Final = 6
MAX_KEY_CHARACTERS: Final = 255

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Items on one page.")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before.")]
StudyId = Annotated[str, Path(description="Id of a study.")]
Id = Annotated[str, Path(description="A UUID.")]
PAGE: Final = DEFAULT_PAGE

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Repeated with its key, a request gets the answer it got and makes nothing more; for a day at least.",
    ),
]
Prefer = Annotated[str | None, Header(description="`wait=N`: answer when the job has ended, or after N seconds.")]


def known_id(text: str, what: str) -> str:
    """The id in its one spelling.

    Raises
    ------
    NotStoredError
        When it is no UUID: nothing can be stored under it.
    """
    found = parse_id(text)
    if found is None:
        raise NotStoredError(f"there is no {what} {text[:64]!r}")
    return found


async def read_body_json(request: Request) -> dict[str, Any]:
    """The JSON object in a body that holds no document, read strictly: no duplicate keys, nothing infinite or too deep.

    Raises
    ------
    RequestError
        When it is empty, not JSON by its media type, larger than such bodies are, or not an object.
    StudyError
        When it cannot be read.
    """
    body = await json_bytes(request)
    if len(body) > SMALL_BYTES:
        raise RequestError(
            f"the body has {len(body)} bytes, expected at most {SMALL_BYTES} here; leave out what this does not read",
            code="body_too_large",
        )
    return require_object(await run_in_threadpool(lambda: plain_copy(read_json(body))))


async def json_bytes(request: Request) -> bytes:
    """A body that says that it is JSON, not read yet.

    Raises
    ------
    RequestError
        When it is of another kind, or empty.
    """
    body = await request.body()
    media_type = media_type_of(request)
    if media_type not in ("application/json", ""):
        raise RequestError(
            f"the body is {media_type}, expected application/json; set the Content-Type header",
            code="media_type_unsupported",
        )
    if not body.strip():
        raise RequestError("the body is empty, expected a JSON object", code="body_invalid")
    return body


def require_object(value: object) -> dict[str, Any]:
    """The value of a body, if it is an object. Raises RequestError when it is not."""
    if not isinstance(value, dict):
        raise RequestError("the body is not an object, expected a JSON object with named values", code="body_invalid")
    return value


def media_type_of(request: Request) -> str:
    """The media type of the body, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def checked_key(key: str | None) -> str | None:
    """The idempotency key.

    Raises
    ------
    RequestError
        When it is empty, too long, or holds control characters.
    """
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY_CHARACTERS or not key.isprintable():
        raise RequestError(
            f"the Idempotency-Key has {len(key)} characters or is not printable, "
            f"expected 1 to {MAX_KEY_CHARACTERS} printable ones; a UUID is a good key",
            code="header_invalid",
        )
    return key


def wait_seconds(prefer: str | None) -> float:
    """How long the client prefers to wait, at most a minute; 0 when it does not.

    A list of preferences, each a word with a value, bare or quoted, and parameters of its own; of several of one name the
    first counts (RFC 7240, section 2).
    """
    for preference in parse_http_list(prefer or ""):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "wait":
            value = value.strip().strip('"').strip()
            is_number = value.isascii() and value.isdigit() and len(value) <= MAX_WAIT_DIGITS
            return min(float(value), MAX_WAIT_SECONDS) if is_number else 0.0
    return 0.0


def parse_body[Body: BaseModel](model: type[Body], body: dict[str, Any]) -> Body:
    """The body as the model that reads it.

    Raises
    ------
    RequestError
        With the path of every bad place, such as ``do[0].at``.
    """
    refuse_unknown(body, frozenset(model.model_fields))
    try:
        # JSON mode: dates are texts, and nothing else is taken for what it is not.
        return model.model_validate_json(json.dumps(body))
    except ValidationError as error:
        errors = [
            FieldError(path_text(found["loc"]), str(found["type"]), str(found["msg"])) for found in error.errors()
        ]
        raise RequestError("; ".join(map(str, errors)), errors) from None


def path_text(steps: Iterable[str | int]) -> str:
    """A path as a person reads it: ``observe[0]``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def refuse_unknown_query(request: Request) -> None:
    """Refuse query parameters that the route does not read; addresses of pages may carry anything.

    Raises
    ------
    RequestError
        When there are any.
    """
    route = request.scope.get("route")
    if isinstance(route, APIRoute) and route.include_in_schema:
        refuse_unknown(dict(request.query_params), _query_names(request.method, route))


_QUERY_NAMES: Final[dict[tuple[str, str], frozenset[str]]] = {}
"""By method and template of the address."""


def _query_names(method: str, route: APIRoute) -> frozenset[str]:
    key = method, route.path
    if key not in _QUERY_NAMES:
        read = get_flat_params(route.dependant)
        _QUERY_NAMES[key] = frozenset(field.alias for field in read if isinstance(field.field_info, QueryField))
    return _QUERY_NAMES[key]


def refuse_unknown(body: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse keys that nothing reads.

    Raises
    ------
    RequestError
        When there are any.
    """
    errors = [
        FieldError(key[:64], "unknown_key", f"unknown key; expected one of {', '.join(sorted(known)) or 'none'}")
        for key in body
        if key not in known
    ]
    if errors:
        raise RequestError("; ".join(str(error) for error in errors), errors)
