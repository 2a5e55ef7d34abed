"""Studies: stored as versions, listed, handed out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api.acceptance import read_study
from api.problems import RequestError
from api.requests import PAGE, Cursor, Limit, StudyId, media_type_of
from api.routes.forecasts import Found, find_head, serve_forecast
from api.schemas import ForecastPage, StudyDetail, StudyPage, StudySummary, StudyVersion, VersionList
from api.service import BEARER, OpenService, Reader, Service, Submitter, service_of
from forecast.access import Scope
from forecast.answer import StoredForecast
from forecast.jobs.accepted import AcceptedStudy
from forecast.sources.sources import store_sources
from forecast.store import ForecastRepository, NotStoredError, StudyRepository, utc_now
from forecast.store.tables.core import StudyRow
from forecast.timeline.history import history_page

router = APIRouter(prefix="/v1/studies", tags=["studies"])

MEDIA_TYPES = ("application/json", "application/yaml", "application/zip")
_ALSO_CALLED = {
    "application/x-yaml": "application/yaml",
    "text/yaml": "application/yaml",
    "application/x-zip-compressed": "application/zip",
}
_BODY = {
    "requestBody": {
        "description": "A study document, or an archive of `study.yaml` and its tables. `GET /v1/schema` shows the format.",
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "title": "StudyDocument",
                    "description": "A study document with tables as `rows`; `GET /v1/schema` shows the format.",
                    "type": "object",
                }
            },
            "application/yaml": {"schema": {"type": "string", "format": "binary"}},
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.put(
    "/{study_id}",
    summary="Store a study",
    response_model=StudySummary,
    responses={201: {"model": StudySummary, "description": "The study is new."}},
    openapi_extra=_BODY,
)
async def put_study(study_id: StudyId, request: Request, service: Submitter) -> Response:
    """Stores a version. 201 when the study is new; the same document again is the same version."""
    named = media_type_of(request)
    media_type = _ALSO_CALLED.get(named, named)
    if media_type not in MEDIA_TYPES:
        raise RequestError(
            f"the body is {named or 'of no stated kind'}, expected one of {', '.join(MEDIA_TYPES)}; "
            "set the Content-Type header",
            code="media_type_unsupported",
        )
    study = await read_study(service, await request.body(), media_type, study_id)
    return await run_in_threadpool(_store_study, service, study)


def _store_study(service: Service, study: AcceptedStudy) -> Response:
    study_id = study.study
    with service.database.write() as session:
        now = utc_now()
        row, is_new = StudyRepository(session).put(study_id, study.title, study.digest, study.canonical_json, now)
        store_sources(session, study, now)
        summary = StudySummary.model_validate(row)
    return JSONResponse(
        summary.model_dump(mode="json"),
        status_code=201 if is_new else 200,
        headers={"Location": f"/v1/studies/{study_id}", "ETag": f'"{study.digest}"'},
    )


@router.get("", summary="List the studies")
def list_studies(service: Reader, limit: Limit = PAGE, cursor: Cursor = None) -> StudyPage:
    with service.database.read() as session:
        page = StudyRepository(session).page(limit, cursor)
        items = tuple(StudySummary.model_validate(row) for row in page.items)
    return StudyPage(items=items, next_cursor=page.next_cursor)


@router.get("/{study_id}", summary="Show a study", response_model=StudyDetail)
def show_study(study_id: StudyId, service: Reader) -> Response:
    with service.database.read() as session:
        studies = StudyRepository(session)
        row = known_study(studies, study_id)
        document = studies.document(row.digest)
        summary = StudySummary.model_validate(row).model_dump_json()
    # The document is JSON as it is stored; reading and writing it again would take ten times its size in memory.
    return Response(
        f'{summary.removesuffix("}")},"document":{document or "{}"}}}',
        media_type="application/json",
        headers={"ETag": f'"{row.digest}"'},
    )


@router.get(
    "/{study_id}/versions", summary="List the versions of a study, newest first", operation_id="list_study_versions"
)
def list_versions(study_id: StudyId, service: Reader) -> VersionList:
    with service.database.read() as session:
        studies = StudyRepository(session)
        current = known_study(studies, study_id).digest
        items = tuple(
            StudyVersion(
                study=row.study,
                digest=row.digest,
                number=row.number,
                created_at=row.created_at,
                is_current=row.digest == current,
            )
            for row in studies.versions(study_id)
        )
    return VersionList(items=items)


@router.get(
    "/{study_id}/forecasts",
    summary="The history of a study: what each forecast said, and why it moved",
    operation_id="list_study_forecasts",
)
def list_forecasts(study_id: StudyId, service: Reader, limit: Limit = PAGE, cursor: Cursor = None) -> ForecastPage:
    with service.database.read() as session:
        page = history_page(session, study_id, limit, cursor)
        if not page.items:
            known_study(StudyRepository(session), study_id)
    return ForecastPage(items=tuple(page.items), next_cursor=page.next_cursor)


def find_latest(
    request: Request,
    service: OpenService,
    study_id: StudyId,
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)] = None,
) -> Found:
    """The newest forecast of a study; a dependency that looks up caller and forecast in one turn of a thread."""
    own = service_of(request, service, Scope.READ)
    with own.database.read() as session:
        forecast_id = ForecastRepository(session).latest_id(study_id)
        if forecast_id is None:
            known_study(StudyRepository(session), study_id)
            raise NotStoredError(f"the study {study_id!r} has no forecast yet; submit a job for it")
    return Found(own, find_head(own, forecast_id))


find_latest.scope = Scope.READ  # type: ignore[attr-defined]


@router.get(
    "/{study_id}/latest",
    summary="Show the newest forecast of a study",
    operation_id="show_latest_forecast",
    response_model=StoredForecast,
)
async def show_latest(found: Annotated[Found, Depends(find_latest)], request: Request) -> Response:
    return await serve_forecast(found.service, found.head, request)


def known_study(studies: StudyRepository, study_id: str) -> StudyRow:
    """The row of a stored study.

    Raises
    ------
    NotStoredError
        When there is none.
    """
    row = studies.get(study_id) if "\0" not in study_id else None
    if row is None:
        raise NotStoredError(f"there is no study {study_id[:64]!r}; store it first with PUT /v1/studies/<id>")
    return row
