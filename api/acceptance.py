"""Accepts study documents: each is read and checked against the service's limits before anything is stored.

Large documents are read at a desk, in a child of this process, and so are those whose stated probabilities have to be solved
for. Others are read in place.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api import desk_work
from api.checking import DocumentLimits, SolvedElsewhereError
from api.desk_work import BodyWithDocument
from api.desks import OverBudgetError
from api.requests import SMALL_BYTES, json_bytes, require_object
from api.service import Service
from forecast.errors import FieldError, StudyError
from forecast.futures.query import QueryError, QueryRequest
from forecast.jobs.accepted import AcceptedStudy
from forecast.runtime.settings import Settings


async def at_the_desk[T](service: Service, function: Callable[..., T], *arguments: Any) -> T:
    """Run a function on documents in a child process with limits of memory and CPU time.

    Raises
    ------
    StudyError
        Also when it takes more than it may.
    DeskBusyError
        When too many of the workspace wait already.
    """
    try:
        return await service.desks.documents.ask(service.workspace, function, *arguments)
    except OverBudgetError as error:
        raise _over(service, error) from None


def _over(service: Service, error: OverBudgetError) -> StudyError:
    message = (
        f"reading it takes more {error.limit} than it may ({service.settings.check_cpu_seconds:g} s, "
        f"{service.settings.check_memory_bytes / 1e6:.0f} MB); leave out rows, or split the study"
    )
    return StudyError([FieldError("document", "too_much_work", message)])


def wait_for_desk[T](service: Service, size: int, function: Callable[..., T], *arguments: Any) -> T:
    """As `at_the_desk`, for callers in a thread; small documents are handled in this process."""
    if size <= SMALL_BYTES:
        with contextlib.suppress(SolvedElsewhereError):
            return _in_place(function, *arguments)
    try:
        return service.desks.documents.submit(service.workspace, function, *arguments).result()
    except OverBudgetError as error:
        raise _over(service, error) from None


def _in_place[T](function: Callable[..., T], *arguments: Any) -> T:
    """In this process, as far as nothing has to be solved.

    Raises
    ------
    SolvedElsewhereError
        When something has to be.
    """
    return function(*(replace(a, may_solve=False) if isinstance(a, DocumentLimits) else a for a in arguments))


async def read_study(service: Service, body: bytes, media_type: str, wanted_id: str) -> AcceptedStudy:
    """A study in a body.

    Raises
    ------
    StudyError
        With every place that is wrong.
    """
    arguments = body, media_type, wanted_id, DocumentLimits.of(service.settings)
    if len(body) <= SMALL_BYTES and media_type != "application/zip":
        with contextlib.suppress(SolvedElsewhereError):
            return await run_in_threadpool(partial(_in_place, desk_work.read_study, *arguments))
    return await at_the_desk(service, desk_work.read_study, *arguments)


async def read_body(service: Service, request: Request) -> BodyWithDocument:
    """A JSON object that may hold a document.

    Raises
    ------
    RequestError
        When it is no JSON object.
    StudyError
        When it cannot be read.
    """
    body, limits = await json_bytes(request), DocumentLimits.of(service.settings)
    read: BodyWithDocument | None = None
    if len(body) <= SMALL_BYTES:
        with contextlib.suppress(SolvedElsewhereError):
            read = await run_in_threadpool(partial(_in_place, desk_work.read_body, body, limits))
    if read is None:
        read = await at_the_desk(service, desk_work.read_body, body, limits)
    require_object(read.value)
    return read


def accept_query(query: QueryRequest, settings: Settings) -> QueryRequest:
    """A query whose expressions are not too long.

    Raises
    ------
    QueryError
        With every expression that is longer than the installation accepts.
    """
    asked = {"expression": query.expression, **{f"observe[{place}]": text for place, text in enumerate(query.observe)}}
    most = settings.max_expression_characters
    errors = [
        FieldError(path, "too_long", f"{len(text)} characters; this service accepts at most {most}; ask for less")
        for path, text in asked.items()
        if len(text) > most
    ]
    if errors:
        raise QueryError(errors)
    return query
