"""What a study's priors alone imply, before anything is sampled."""

from __future__ import annotations

import json
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from sqlalchemy.exc import IntegrityError
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.acceptance import read_body
from api.idempotency import Keyed, Once, Reply
from api.problems import RequestError
from api.service import Reader, Service, Submitter
from forecast.errands.publishing import publish_errand
from forecast.jobs.accepted import AcceptedStudy
from forecast.jobs.errors import BacklogFullError
from forecast.jobs.previews import PreviewView, PriorAnswer
from forecast.queue.publish import try_publish
from forecast.queue.queues import ErrandKind
from forecast.store import ErrandRepository, NotStoredError, PreviewRepository, StudyRepository, utc_now
from forecast.store.tables.core import PriorPreviewRow

router = APIRouter(prefix="/v1/previews", tags=["studies"])

Digest = Annotated[str, Path(description="SHA-256 (hex) of a canonical document.")]

MOST_WAITING: Final = 50
"""One process makes them, one after the other."""

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "title": "PreviewRequest",
                    "description": "A study whose priors are asked about.",
                    "type": "object",
                    "required": ["document"],
                    "properties": {
                        "document": {"type": "object", "description": "A study document with tables as `rows`."}
                    },
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
    responses={200: {"model": PreviewView, "description": "The preview is ready, or has failed."}},
    openapi_extra=_BODY,
)
async def ask_preview(request: Request, service: Submitter, keyed: Keyed) -> Response:
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
    once = keyed.once(service, body.request_hash)
    return await run_in_threadpool(_ask, once, body.document)


def _ask(once: Once, study: AcceptedStudy) -> Response:
    service, text = once.service, study.canonical_json

    def remember() -> Reply:
        try:
            return _remember(once, study.digest, text)
        except IntegrityError:
            # The same preview was requested concurrently.
            return _remember(once, study.digest, text)

    return once.answer(remember).response(BackgroundTask(_publish, service, study.digest))


def _remember(once: Once, digest: str, text: str) -> Reply:
    """The preview; marked as new if a message has to be published for it."""
    now = utc_now()

    def make() -> Reply:
        previews = PreviewRepository(session)
        known = previews.get(digest)
        if (known is None or known.made_at is not None) and (waiting := previews.count_waiting(now)) >= MOST_WAITING:
            raise BacklogFullError(f"{waiting} previews are waiting, at most {MOST_WAITING} may; try again in a minute")
        StudyRepository(session).add_document(digest, text, now)
        row = previews.ask(digest, now)
        view, headers = view_preview(row), {"Location": f"/v1/previews/{digest}"}
        status = 202 if view.state == "waiting" else 200
        errand = ErrandRepository(session).wanted(ErrandKind.PREVIEW, once.service.workspace, digest)
        is_new = errand is not None and errand.published_at is None
        return Reply.of(view.model_dump(mode="json"), status, headers, is_new=is_new)

    with once.service.database.write() as session:
        return once.store(session, make)


def _publish(service: Service, digest: str) -> None:
    """Save the wait for the next pass of the dispatcher."""

    def publish() -> None:
        publish_errand(service.database, service.publisher, ErrandKind.PREVIEW, service.workspace, digest, utc_now())

    try_publish(publish, None, f"the preview of {digest[:12]}")


@router.get("/{digest}", summary="Show what a study's priors alone imply")
def show_preview(digest: Digest, service: Reader) -> PreviewView:
    with service.database.read() as session:
        row = PreviewRepository(session).get(digest) if "\0" not in digest else None
        if row is None:
            raise NotStoredError(f"there is no preview of {digest[:64]!r}; ask for one with POST /v1/previews")
        return view_preview(row)


def view_preview(row: PriorPreviewRow) -> PreviewView:
    """A preview as clients see it."""
    state = "waiting" if row.made_at is None else "failed" if row.error is not None else "ready"
    return PreviewView(
        digest=row.digest,
        state=state,
        asked_at=row.asked_at,
        made_at=row.made_at,
        error=row.error,
        answer=None if row.answer is None else PriorAnswer.model_validate(json.loads(row.answer), strict=False),
    )
