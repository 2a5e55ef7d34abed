"""Evidence that arrives: observations, judgments and resolutions, appended with both their times and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api import desk_work
from api.acceptance import wait_for_desk
from api.evidence_schemas import EvidenceAdded, EvidencePage, view_evidence
from api.idempotency import Asked, Keyed, Once, Reply
from api.problems import RequestError
from api.requests import PAGE, Cursor, Limit, StudyId, media_type_of
from api.routes.studies import known_study
from api.service import Reader, Service, Submitter
from forecast.store import EvidenceRepository, StudyRepository, utc_now
from forecast.study import Arrival, EvidenceKind
from forecast.study.document.evidence_kind import COLUMN_WORDS, COLUMNS
from forecast.timeline.appending import append_checked
from forecast.timeline.arrived import Base, moment_of

router = APIRouter(prefix="/v1/studies", tags=["evidence"])

ORIGIN: Final = "api"
MEDIA_TYPES: Final = ("application/json", "text/csv", "")
_NOTHING_NEW: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": EvidenceAdded, "description": "Every row repeats what holds already."}
}
_CELL: Final[dict[str, Any]] = {"type": ["string", "number", "boolean", "null"]}


def _body(kind: EvidenceKind) -> dict[str, Any]:
    cells = {column: {**_CELL, "description": COLUMN_WORDS[column]} for column in COLUMNS[kind]}
    row = {"type": "object", "properties": cells, "additionalProperties": False}
    rows = {"type": "array", "items": row, "minItems": 1}
    named = {"rows": {**rows, "description": "The rows."}}
    batch = {"type": "object", "properties": named, "required": ["rows"], "additionalProperties": False}
    content = {
        "application/json": {"schema": {"anyOf": [row, rows, batch]}},
        "text/csv": {"schema": {"type": "string", "format": "binary"}},
    }
    words = f"Rows: one object, a list of them, or a CSV table. Its columns are {', '.join(COLUMNS[kind])}."
    return {"requestBody": {"description": words, "required": True, "content": content}}


async def _append(study_id: str, kind: EvidenceKind, request: Request, service: Service, keyed: Asked) -> Response:
    body, media_type = await request.body(), media_type_of(request)
    if media_type not in MEDIA_TYPES:
        raise RequestError(
            f"the body is {media_type}, expected application/json or text/csv; set the Content-Type header",
            code="media_type_unsupported",
        )
    once = keyed.once(service, body)
    reply = await run_in_threadpool(once.answer, lambda: _store(once, study_id, kind, body, media_type))
    return reply.response()


def _store(once: Once, study_id: str, kind: EvidenceKind, body: bytes, media_type: str) -> Reply:
    service, now = once.service, utc_now()
    with service.database.read() as session:
        known_study(StudyRepository(session), study_id)

    asked: tuple[str, ...] = ()

    def check(base: Base) -> Sequence[Arrival]:
        nonlocal asked
        accepted = wait_for_desk(
            service, base.size + len(body), desk_work.accept_evidence, base, kind, body, media_type, now.date()
        )
        asked = accepted.questions
        return accepted.arrivals

    def store(session: Session, arrivals: Sequence[Arrival]) -> Reply:
        return once.store(session, lambda: _added(session, study_id, kind, arrivals, asked, now))

    return append_checked(service.database, study_id, check, store)


def _added(
    session: Session,
    study_id: str,
    kind: EvidenceKind,
    arrivals: Sequence[Arrival],
    questions: tuple[str, ...],
    now: datetime,
) -> Reply:
    appended = EvidenceRepository(session).append(study_id, arrivals, ORIGIN, now)
    items = tuple(view_evidence(each) for each in appended.rows)
    added = EvidenceAdded(
        study=study_id,
        kind=kind,
        added=len(items),
        duplicates=appended.duplicates,
        recorded_at=now,
        items=items,
        questions=questions,
    )
    return Reply.of(added.model_dump(mode="json"), 201 if items else 200)


@router.post(
    "/{study_id}/observations",
    summary="Append observations",
    response_model=EvidenceAdded,
    status_code=201,
    responses=_NOTHING_NEW,
    openapi_extra=_body(EvidenceKind.OBSERVATIONS),
)
async def post_observations(study_id: StudyId, request: Request, service: Submitter, keyed: Keyed) -> Response:
    """Counts of indicators in periods that are over. A blank value takes a count back; all rows or none are stored."""
    return await _append(study_id, EvidenceKind.OBSERVATIONS, request, service, keyed)


@router.post(
    "/{study_id}/judgments",
    summary="Append judgments",
    response_model=EvidenceAdded,
    status_code=201,
    responses=_NOTHING_NEW,
    openapi_extra=_body(EvidenceKind.JUDGMENTS),
)
async def post_judgments(study_id: StudyId, request: Request, service: Submitter, keyed: Keyed) -> Response:
    """Stated probabilities, all rows or none."""
    return await _append(study_id, EvidenceKind.JUDGMENTS, request, service, keyed)


@router.post(
    "/{study_id}/resolutions",
    summary="Append resolutions",
    response_model=EvidenceAdded,
    status_code=201,
    responses=_NOTHING_NEW,
    openapi_extra=_body(EvidenceKind.RESOLUTIONS),
)
async def post_resolutions(study_id: StudyId, request: Request, service: Submitter, keyed: Keyed) -> Response:
    """How outcomes turned out, all rows or none; a later row corrects an earlier one, and both stay."""
    return await _append(study_id, EvidenceKind.RESOLUTIONS, request, service, keyed)


AsOf = Annotated[date | None, Query(description="Only what was known, and recorded, by the end of this day (UTC).")]
RecordedBy = Annotated[datetime | None, Query(description="Only what was recorded by this moment; with a time zone.")]
Hindsight = Annotated[bool, Query(description="With as_of: what was known then, whenever it was recorded.")]


@router.get("/{study_id}/evidence", summary="List the evidence of a study that arrived, newest first")
def list_evidence(
    study_id: StudyId,
    service: Reader,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    kind: Annotated[EvidenceKind | None, Query(description="Only evidence of this kind.")] = None,
    as_of: AsOf = None,
    recorded_by: RecordedBy = None,
    hindsight: Hindsight = False,
) -> EvidencePage:
    if recorded_by is not None and recorded_by.tzinfo is None:
        raise RequestError(f"recorded_by {recorded_by} has no time zone; expected one; write 2021-10-01T06:00:00Z")
    if as_of is not None and recorded_by is None:
        recorded_by = moment_of(as_of, utc_now(), hindsight=hindsight)
    with service.database.read() as session:
        known_study(StudyRepository(session), study_id)
        page = EvidenceRepository(session).page(
            study_id, limit, cursor, kind=kind, as_of=as_of, recorded_by=recorded_by
        )
        items = tuple(view_evidence(row) for row in page.items)
    return EvidencePage(items=items, next_cursor=page.next_cursor)
