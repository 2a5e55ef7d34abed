"""Every error as RFC 9457 problem+json: what was wrong, what was expected, what to do, and where.

The domain knows nothing of HTTP; this is the one place that gives its errors a status. No answer carries a traceback,
a path of this machine or SQL.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.methods import methods_of
from api.problem_kinds import STATUS, TITLES
from api.rates import TooManyRequestsError
from api.root_path import here
from forecast.errors import FieldError, ForecastError, StudyError
from forecast.futures.query import InsufficientDrawsError, QueryError
from forecast.jobs.errors import FieldsError
from forecast.runtime.logs import Tally, get_logger

_RACED: Final = frozenset({"23503", "23505"})
"""PostgreSQL's codes for a row that was inserted or deleted concurrently, between read and write."""

_DISK_FULL: Final = "53100"
_PASSING: Final = ("08", "40", "53", "55P03", "57")
"""PostgreSQL's classes of transient errors: connection, rollback, resources, lock timeout, operator intervention."""

MEDIA_TYPE: Final = "application/problem+json"
RETRY_SECONDS: Final = 10
QUOTA_SECONDS: Final = 60
"""A place becomes free when a job ends."""

_UNREADABLE: Final = frozenset({"syntax", "encoding", "duplicate_key", "yaml", "too_deep", "key", "media_type"})
"""Codes of a document's errors that mean it could not even be read."""

log = get_logger(__name__)
_busy, _conflicts, _unstorable = (Tally(log, event) for event in ("database_busy", "conflict", "unstorable"))


class RequestError(ForecastError, ValueError):
    """Something about a request other than the document in it."""

    code: ClassVar[str] = "request_invalid"

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), code: str | None = None) -> None:
        super().__init__(detail)
        self.errors = tuple(errors)
        self.problem_code = code or self.code


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    instance: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extensions: Any,
) -> Response:
    """A problem+json answer."""
    body: dict[str, Any] = {
        "type": here(f"/problems/{code}"),
        "title": TITLES.get(code, HTTPStatus(status).phrase),
        "status": status,
        "code": code,
        "detail": detail,
        **extensions,
    }
    if instance is not None:
        body["instance"] = here(instance)
    if errors:
        body["errors"] = [
            {"path": error.path, "pointer": json_pointer(error.path), "code": error.code, "message": error.message}
            for error in errors
        ]
    if headers and "Retry-After" in headers:
        body["retry_after"] = int(headers["Retry-After"])
    # Not every text of a bad document is valid Unicode; what is not is escaped.
    text = json.dumps(body, ensure_ascii=True)
    return Response(text, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def json_pointer(path: str) -> str | None:
    """The JSON pointer (RFC 6901) of a path such as ``outcomes[0].prior``; None for places that are not in JSON."""
    if " " in path or not path:
        return None
    steps = path.replace("[", ".").replace("]", "").split(".")
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps if step)


def describe_error(error: ForecastError) -> tuple[int, str]:
    """HTTP status and code of a domain error."""
    code = error.problem_code if isinstance(error, RequestError) else error.code
    status = STATUS.get(code, 500)
    if isinstance(error, StudyError) and error.errors:
        first = error.errors[0].code
        if first == "too_large" and len(error.errors) == 1 and "bytes" in error.errors[0].message:
            return 413, "body_too_large"
        if first == "media_type":
            return 415, "media_type_unsupported"
        if first in _UNREADABLE:
            return 400, code
    return status, code


async def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ForecastError)
    status, code = describe_error(error)
    if status == 500 and code not in STATUS:
        return await _on_defect(request, error)
    if status == 500:
        log.error("problem", code=code, detail=str(error), path=request.url.path)
    headers = _headers(error, status)
    errors: Sequence[FieldError] = (
        error.errors if isinstance(error, StudyError | RequestError | QueryError | FieldsError) else ()
    )
    extensions: dict[str, Any] = {}
    if isinstance(error, InsufficientDrawsError):
        errors = [FieldError("observe", code, str(error))]
        extensions = {"effective_draws": error.effective_draws, "futures": error.futures}
    return problem_response(
        status, code, str(error), errors=errors, instance=request.url.path, headers=headers, **extensions
    )


def _headers(error: ForecastError, status: int) -> dict[str, str]:
    """Headers that a client needs before it retries."""
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="scenario forecasts"'}
    if isinstance(error, TooManyRequestsError):
        return {"Retry-After": str(error.retry_seconds)}
    return {"Retry-After": str(RETRY_SECONDS if status == 503 else QUOTA_SECONDS)} if status in (429, 503) else {}


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = {
        404: ("not_found", f"there is nothing at {request.url.path}; see /openapi.json for what there is"),
        405: ("method_not_allowed", f"{request.method} is not possible at {request.url.path}; see the Allow header"),
    }.get(error.status_code, ("request_invalid", str(error.detail)))
    headers = dict(error.headers or {})
    if error.status_code == 405 and (methods := methods_of(request.app, request.url.path)):
        headers["Allow"] = methods
    return problem_response(error.status_code, code, detail, instance=request.url.path, headers=headers)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldError(
            path=".".join(str(step) for step in found["loc"]), code=str(found["type"]), message=str(found["msg"])
        )
        for found in error.errors()
    ]
    detail = "; ".join(str(found) for found in errors)
    return problem_response(422, "request_invalid", detail, errors=errors, instance=request.url.path)


async def _on_database_error(request: Request, error: Exception) -> Response:
    text, state = str(error).lower(), str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
    if "database or disk is full" in text or state == _DISK_FULL:
        log.error("storage_full", path=request.url.path)
        detail = "nothing was stored; make room where FORECAST_HOME lies and send the request again"
        return problem_response(507, "storage_full", detail, instance=request.url.path)
    is_busy = state.startswith(_PASSING) if state else "locked" in text or "connection" in text
    if is_busy or isinstance(error, PoolTimeoutError):
        _busy.note(path=request.url.path)
        return problem_response(
            503,
            "database_busy",
            "the database did not answer in time and nothing was stored; send the request again a little later",
            instance=request.url.path,
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    return await _on_defect(request, error)


async def _on_conflict(request: Request, error: Exception) -> Response:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state not in _RACED and "UNIQUE constraint failed" not in str(error):
        # An integrity error that no concurrent request explains is a defect.
        return await _on_defect(request, error)
    _conflicts.note(path=request.url.path, error=str(error))
    return problem_response(
        503,
        "database_busy",
        "another request changed the same object at the same moment, so nothing was stored; send the request again",
        instance=request.url.path,
        headers={"Retry-After": "1"},
    )


async def _on_unstorable(request: Request, error: Exception) -> Response:
    _unstorable.note(path=request.url.path, error=str(error))
    detail = "a value cannot be stored or looked for: it holds a null character or a number out of range; correct it"
    return problem_response(422, "request_invalid", detail, instance=request.url.path)


async def _on_broken_off(_request: Request, _error: Exception) -> Response:
    """The client has disconnected; the answer is not read, and this is no error of the service."""
    return Response(status_code=400)


async def _on_defect(request: Request, error: Exception) -> Response:
    incident = uuid.uuid4().hex
    log.error("defect", incident=incident, method=request.method, path=request.url.path, exc_info=error)
    return problem_response(
        500,
        "internal",
        f"a defect of the service; its log has details under the id {incident}",
        instance=request.url.path,
        incident=incident,
    )


def install_problems(app: FastAPI) -> None:
    """Answer every error of this application as a problem."""
    app.add_exception_handler(ForecastError, _on_domain_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(OperationalError, _on_database_error)
    app.add_exception_handler(PoolTimeoutError, _on_database_error)
    app.add_exception_handler(IntegrityError, _on_conflict)
    app.add_exception_handler(DataError, _on_unstorable)
    app.add_exception_handler(ClientDisconnect, _on_broken_off)
    app.add_exception_handler(Exception, _on_defect)
