"""What is asked of every study before anything is stored of it: a document and a size that this service accepts."""

from __future__ import annotations

from api.problems import RequestError
from forecast.errors import FieldError
from forecast.futures.query import QueryError, QueryRequest
from forecast.jobs.limits import StudyLimits, require_within
from forecast.settings import Settings
from forecast.study import Study


def accept_document(study: Study, settings: Settings) -> str:
    """The canonical JSON of a study that is not too large.

    Raises
    ------
    RequestError
        When its document has more bytes than the installation accepts.
    StudyError
        With every part that is more than the installation accepts.
    """
    document = study.canonical_json
    if (size := len(document.encode())) > settings.max_document_bytes:
        raise RequestError(
            f"the document has {size} bytes with its tables, expected at most {settings.max_document_bytes}; leave out rows",
            code="body_too_large",
        )
    require_within(study, StudyLimits.of(settings))
    return document


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
