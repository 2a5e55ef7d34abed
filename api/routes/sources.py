"""The sources of a study: their state, and fetching one on request."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.responses import Response

from api.idempotency import Keyed, Reply
from api.requests import StudyId
from api.routes.studies import known_study
from api.schemas import Schema
from api.service import Reader, Service, Submitter
from forecast.queue.publish import try_publish
from forecast.queue.queues import ErrandKind
from forecast.sources.sources import SourceView, request_fetch, view_source, view_sources
from forecast.store import StudyRepository, utc_now
from forecast.store.repositories.sources import key_of

router = APIRouter(prefix="/v1/studies", tags=["evidence"])

SourceId = Annotated[str, Path(description="Id of a source of the study.")]


class SourceList(Schema):
    """The sources that a study names."""

    items: tuple[SourceView, ...]
    """Sources, by id."""


@router.get("/{study_id}/sources", summary="List the sources of a study, and how they stand")
def list_sources(study_id: StudyId, service: Reader) -> SourceList:
    with service.database.read() as session:
        known_study(StudyRepository(session), study_id)
        return SourceList(items=view_sources(session, study_id))


@router.post(
    "/{study_id}/sources/{source_id}/fetch",
    summary="Fetch a source now",
    operation_id="fetch_source",
    response_model=SourceView,
    status_code=202,
)
def ask_source(study_id: StudyId, source_id: SourceId, service: Submitter, keyed: Keyed) -> Response:
    """What is new in it becomes evidence, as when it is due; a fetch that is on its way already is not doubled."""
    once = keyed.once(service, None)

    def store() -> Reply:
        with service.database.write() as session:
            return once.store(session, lambda: _wanted(session, study_id, source_id))

    return once.answer(store).response(BackgroundTask(_publish, service, study_id, source_id))


def _wanted(session: Session, study_id: str, source_id: str) -> Reply:
    known_study(StudyRepository(session), study_id)
    view = view_source(session, request_fetch(session, study_id, source_id[:64].replace("\0", ""), utc_now()))
    return Reply.of(view.model_dump(mode="json"), 202)


def _publish(service: Service, study: str, source: str) -> None:
    what = f"source {source} of {study}"
    try_publish(
        lambda: service.publisher.publish_errand(ErrandKind.FETCH, service.workspace, key_of(study, source)), None, what
    )
