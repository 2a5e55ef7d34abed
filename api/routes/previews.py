"""What a study's priors alone imply, before anything is sampled."""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter, Request
from sqlalchemy.exc import IntegrityError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.acceptance import read_body
from api.problems import RequestError
from api.service import Reader, Service, Submitter
from forecast.jobs.accepted import AcceptedStudy
from forecast.jobs.errors import BacklogFullError
from forecast.jobs.previews import PreviewView, PriorAnswer
from forecast.jobs.publish import BrokerUnavailableError
from forecast.logs import get_logger
from forecast.store import NotStoredError, PreviewRepository, StudyRepository, utc_now
from forecast.store.tables import PriorPreviewRow

router = APIRouter(prefix="/v1/previews", tags=["studies"])

log = get_logger(__name__)

MOST_WAITING: Final = 50
"""One process makes them, one after the other."""

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["document"],
                    "properties": {"document": {"type": "object"}},
                    "additionalProperties": False,
                }
            }
        },
    }
}


@router.post(
    "",
    summary="Ask what a study's priors alone imply",
    status_code=202,
    response_model=PreviewView,
    openapi_extra=_BODY,
)
async def ask_preview(request: Request, service: Submitter) -> Response:
    """The same document has one preview. A worker makes it; ask `Location` until its state is `ready` or `failed`."""
    body = await read_body(service, request)
    if set(body.value) != {"document"}:
        raise RequestError(
            f"the body has {', '.join(key[:64] for key in sorted(body.value)[:12]) or 'nothing'}, expected `document` and "
            "nothing else",
            code="request_invalid",
        )
    if body.error is not None:
        raise body.error
    if body.document is None:
        raise RequestError("the document is no object; expected a study document", code="request_invalid")
    return await run_in_threadpool(_ask, service, body.document)


def _ask(service: Service, study: AcceptedStudy) -> Response:
    text = study.canonical_json
    try:
        view, is_new = _remember(service, study.digest, text)
    except IntegrityError:
        # Somebody asked for the very same at the same time.
        view, is_new = _remember(service, study.digest, text)
    if is_new:
        _publish(service, study.digest)
    status = 202 if view.state == "waiting" else 200
    headers = {"Location": f"/v1/previews/{study.digest}"}
    return JSONResponse(view.model_dump(mode="json"), status_code=status, headers=headers)


def _remember(service: Service, digest: str, text: str) -> tuple[PreviewView, bool]:
    """The preview, and whether the queue has to be told of it."""
    now = utc_now()
    with service.database.write() as session:
        previews = PreviewRepository(session)
        known = previews.get(digest)
        if (known is None or known.made_at is not None) and (waiting := previews.count_waiting(now)) >= MOST_WAITING:
            raise BacklogFullError(f"{waiting} previews are waiting, at most {MOST_WAITING} may; try again in a minute")
        StudyRepository(session).add_document(digest, text, now)
        row = previews.ask(digest, now)
        return view_preview(row), row.published_at is None


def _publish(service: Service, digest: str) -> None:
    """Save the wait for the next pass of the dispatcher."""
    try:
        service.publisher.publish_preview(service.workspace, digest)
    except BrokerUnavailableError as error:
        log.info("publish_left_to_dispatcher", digest=digest, error=str(error))
        return
    with service.database.write() as session:
        row = PreviewRepository(session).get(digest)
        if row is not None:
            row.published_at = utc_now()


@router.get("/{digest}", summary="Show what a study's priors alone imply")
def show_preview(digest: str, service: Reader) -> PreviewView:
    with service.database.read() as session:
        row = PreviewRepository(session).get(digest) if "\0" not in digest else None
        if row is None:
            raise NotStoredError(f"there is no preview of {digest[:64]!r}; ask for one with POST /v1/previews")
        return view_preview(row)


def view_preview(row: PriorPreviewRow) -> PreviewView:
    """A preview as everybody outside sees it."""
    state = "waiting" if row.made_at is None else "failed" if row.error is not None else "ready"
    return PreviewView(
        digest=row.digest,
        state=state,
        asked_at=row.asked_at,
        made_at=row.made_at,
        error=row.error,
        answer=None if row.answer is None else PriorAnswer.model_validate(json.loads(row.answer), strict=False),
    )
