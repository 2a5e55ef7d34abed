"""Reads and validates job requests: which fields each kind of job needs."""

from __future__ import annotations

from typing import Any

from api.problems import RequestError
from api.requests import parse_body
from api.schemas import JobRequest
from forecast.errors import FieldError
from forecast.jobs.states import JobKind


def parse_job_request(body: dict[str, Any]) -> JobRequest:
    """The request in a body.

    Raises
    ------
    RequestError
        When a key is unknown or a value is not of its kind.
    """
    return parse_body(JobRequest, body)


def require_complete(wanted: JobRequest, kind: JobKind) -> None:
    """Check that the request names the subject of this kind of job exactly once.

    Raises
    ------
    RequestError
        When it does not.
    """
    if kind.explains:
        _require_one(wanted, "forecast", "study", "the id of a stored forecast, or of a study to take the newest of")
        _refuse(
            wanted,
            kind,
            ("document", "version", "as_of", "recorded_by", "hindsight", "sampler"),
            "an explanation uses the forecast's own",
        )
    else:
        _require_one(wanted, "study", "document", "the id of a stored study, or a whole document")
        if wanted.document is not None:
            _refuse(wanted, kind, ("version", "recorded_by", "hindsight"), "a document brings everything with it")
        if kind is JobKind.UPDATE:
            _refuse(wanted, kind, ("document",), "only a stored study has forecasts to update")
        _refuse(wanted, kind, ("forecast",), "only explanations are of a forecast; leave it out, or change the kind")


def _require_one(wanted: JobRequest, first: str, second: str, what: str) -> None:
    given = [name for name in (first, second) if getattr(wanted, name) is not None]
    if len(given) != 1:
        seen = "both" if given else "neither"
        raise RequestError(
            f"the request has {seen} of {first} and {second}, expected one: {what}",
            [FieldError(first, f"{first}_or_{second}", f"give either {first} or {second}")],
        )


def _refuse(wanted: JobRequest, kind: JobKind, names: tuple[str, ...], why: str) -> None:
    errors = [
        FieldError(name, "not_for_this_kind", f"a job of kind {kind.value} takes no {name}: {why}")
        for name in names
        if getattr(wanted, name) not in (None, False)
    ]
    if errors:
        raise RequestError("; ".join(map(str, errors)), errors)
