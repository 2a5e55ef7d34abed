"""Jobs: accepted with 202, shown, cancelled. A job is stored before it is answered for; the queue may be down."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api import desk_work
from api.acceptance import read_body, wait_for_desk
from api.checking import DocumentLimits
from api.desk_work import BodyWithDocument
from api.idempotency import Keyed, Once, Reply
from api.job_requests import parse_job_request, require_complete
from api.requests import (
    PAGE,
    Cursor,
    Id,
    Limit,
    Prefer,
    known_id,
    wait_seconds,
)
from api.routes.studies import known_study
from api.schemas import JobPage, JobRequest
from api.service import Reader, Service, Submitter
from forecast.jobs.accepted import AcceptedStudy
from forecast.jobs.crash_points import crash_point
from forecast.jobs.lifecycle import Cancellation, cancel_job
from forecast.jobs.states import JobKind, JobState
from forecast.jobs.submit import (
    Submission,
    parse_kind,
    submit_explanation,
    submit_job,
)
from forecast.jobs.view import JobView, view_job
from forecast.queue.publish import publish_now
from forecast.runtime.logs import get_logger
from forecast.store import ForecastRepository, JobRepository, NotStoredError, StudyRepository, utc_now
from forecast.store.tables.core import ForecastRow, JobRow
from forecast.timeline.knowledge import stored_study

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

log = get_logger(__name__)

POLL_SECONDS: Final = 0.25
_BODY: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": JobRequest.model_json_schema()}}}
}


@router.post(
    "",
    summary="Submit a job",
    response_model=JobView,
    status_code=202,
    responses={200: {"model": JobView, "description": "The job has ended within the wait."}},
    openapi_extra=_BODY,
)
async def post_job(request: Request, service: Submitter, keyed: Keyed, prefer: Prefer = None) -> Response:
    """202 with the job's address, or 200 with the ended job for `Prefer: wait=N` (at most 60)."""
    body = await read_body(service, request)
    once = keyed.once(service, body.request_hash)
    reply = await run_in_threadpool(once.answer, lambda: _accept(once, body))
    job_id: str = json.loads(reply.text)["id"]
    seconds = wait_seconds(prefer)
    if reply.is_new:
        crash_point("accepted")
    if not seconds:
        return reply.response(BackgroundTask(publish_now, service.database, service.publisher, job_id))
    if reply.is_new:
        await run_in_threadpool(publish_now, service.database, service.publisher, job_id)
    try:
        job = await _wait(service, job_id, seconds)
    except SQLAlchemyError as error:
        # The job is accepted, whatever becomes of waiting for it.
        log.warning("waiting_ended", job_id=job_id, error=str(error))
        return reply.response()
    headers = {**reply.headers, "Preference-Applied": f"wait={seconds:.0f}"}
    status = 200 if job.state.is_terminal else 202
    return JSONResponse(job.model_dump(mode="json"), status_code=status, headers=headers)


def _accept(once: Once, body: BodyWithDocument) -> Reply:
    wanted = parse_job_request(body.value)
    kind = parse_kind(wanted.kind)
    require_complete(wanted, kind)
    # The job remembers its key as well, for longer than the answer is kept.
    if kind.explains:
        return _submit_explanation(once, wanted, kind, body.request_hash)
    if body.error is not None:
        raise body.error
    return _submit_forecast(once, wanted, body.document, kind, body.request_hash)


def _submit_forecast(
    once: Once, wanted: JobRequest, document: AcceptedStudy | None, kind: JobKind, request_hash: str
) -> Reply:
    service = once.service
    study, version, recorded_by = document, None, None
    if study is None:
        study, version, recorded_by = _find_study(service, wanted)
    with service.database.write() as session:
        return once.store(
            session,
            lambda: _reply(
                session,
                submit_job(
                    session,
                    study,
                    service.job_limits,
                    kind=kind,
                    version_digest=version,
                    recorded_by=recorded_by,
                    idempotency_key=once.key,
                    request_hash=request_hash,
                ),
            ),
        )


def _submit_explanation(once: Once, wanted: JobRequest, kind: JobKind, request_hash: str) -> Reply:
    limits = once.service.job_limits
    with once.service.database.write() as session:
        return once.store(
            session,
            lambda: _reply(
                session,
                submit_explanation(
                    session,
                    _find_target(session, wanted),
                    kind,
                    limits,
                    idempotency_key=once.key,
                    request_hash=request_hash,
                ),
            ),
        )


def _reply(session: Session, submission: Submission) -> Reply:
    job = _view(session, submission.job)
    headers = {"Location": f"/v1/jobs/{job.id}"}
    return Reply.of(job.model_dump(mode="json"), 202, headers, is_new=submission.is_new)


def _find_target(session: Session, wanted: JobRequest) -> ForecastRow:
    forecasts = ForecastRepository(session)
    if wanted.forecast is not None:
        row = forecasts.get(known_id(wanted.forecast, "forecast"))
        if row is None:
            raise NotStoredError(f"there is no forecast {wanted.forecast!r}")
        return row
    assert wanted.study is not None
    study = known_study(StudyRepository(session), wanted.study)
    row = forecasts.newest_of_version(study.id, study.digest)
    if row is None:
        raise NotStoredError(
            f"the current version of the study {study.id!r} has no forecast yet; submit a job of kind forecast first, "
            "or name an older forecast by its id"
        )
    return row


def _find_study(service: Service, wanted: JobRequest) -> tuple[AcceptedStudy, str | None, datetime | None]:
    """The study as of the day asked for, its stored version, and up to when evidence was recorded."""
    assert wanted.study is not None
    with service.database.read() as session:
        stored = stored_study(session, known_study(StudyRepository(session), wanted.study), wanted.version)
    when = {"as_of": wanted.as_of, "recorded_by": wanted.recorded_by, "hindsight": wanted.hindsight}
    limits = DocumentLimits.of(service.settings)
    study, recorded_by = wait_for_desk(
        service, stored.size, desk_work.prepare_stored, stored, utc_now(), when, wanted.sampler, limits
    )
    return study, stored.digest, recorded_by


async def _wait(service: Service, job_id: str, seconds: float) -> JobView:
    deadline = time.monotonic() + seconds
    while True:
        job = await run_in_threadpool(read_job, service, job_id)
        if job.state.is_terminal or time.monotonic() >= deadline:
            return job
        await asyncio.sleep(POLL_SECONDS)


def read_job(service: Service, job_id: str) -> JobView:
    """A job with its attempts, as it stands now.

    Raises
    ------
    NotStoredError
        When there is none.
    """
    with service.database.read() as session:
        row = JobRepository(session).get(known_id(job_id, "job"))
        if row is None:
            raise NotStoredError(f"there is no job {job_id!r}")
        return _view(session, row)


def _view(session: Session, row: JobRow) -> JobView:
    forecast = ForecastRepository(session).of_job(row.id) if row.state == JobState.SUCCEEDED else None
    return view_job(row, forecast.id if forecast else None, JobRepository(session).attempts(row.id))


@router.get("", summary="List jobs, newest first")
def list_jobs(
    service: Reader,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    state: Annotated[JobState | None, Query(description="Only jobs in this state.")] = None,
    study: Annotated[str | None, Query(max_length=64, description="Only jobs of this study.")] = None,
) -> JobPage:
    with service.database.read() as session:
        page = JobRepository(session).page(limit, cursor, state.value if state else None, study)
        forecasts = ForecastRepository(session).ids_of_jobs([row.id for row in page.items])
        items = tuple(view_job(row, forecasts.get(row.id)) for row in page.items)
    return JobPage(items=items, next_cursor=page.next_cursor)


@router.get("/{job_id}", summary="Show a job")
def show_job(job_id: Id, service: Reader) -> JobView:
    return read_job(service, job_id)


@router.post(
    "/{job_id}/cancel",
    summary="Cancel a job",
    operation_id="cancel_job",
    response_model=JobView,
    responses={202: {"model": JobView, "description": "The job is running and will stop."}},
)
def cancel(job_id: Id, service: Submitter) -> Response:
    """200 when it is cancelled, 202 when it is running and will stop, 409 when it has ended."""
    with service.database.write() as session:
        outcome = cancel_job(session, known_id(job_id, "job"))
    job = read_job(service, job_id)
    return JSONResponse(job.model_dump(mode="json"), status_code=200 if outcome is Cancellation.CANCELLED else 202)
