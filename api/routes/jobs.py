"""Jobs: accepted with 202, shown, cancelled. A job is stored before it is answered for; the queue may be down."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from api import desk_work
from api.acceptance import read_body, wait_for_desk
from api.checking import DocumentLimits
from api.desk_work import BodyWithDocument
from api.job_requests import parse_job_request, require_complete
from api.requests import (
    PAGE,
    Cursor,
    Id,
    IdempotencyKey,
    Limit,
    Prefer,
    checked_key,
    known_id,
    wait_seconds,
)
from api.routes.studies import known_study
from api.schemas import JobPage, JobRequest
from api.service import Reader, Service, Submitter
from forecast.jobs.accepted import AcceptedStudy
from forecast.jobs.crash_points import crash_point
from forecast.jobs.knowledge import stored_study
from forecast.jobs.lifecycle import Cancellation, cancel_job
from forecast.jobs.publish import publish_now
from forecast.jobs.states import JobKind, JobState
from forecast.jobs.submit import (
    Submission,
    find_submitted,
    parse_kind,
    submit_explanation,
    submit_job,
)
from forecast.jobs.view import JobView, view_job
from forecast.store import ForecastRepository, JobRepository, NotStoredError, StudyRepository, utc_now
from forecast.store.tables import ForecastRow

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

POLL_SECONDS: Final = 0.25
_BODY: Final = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": JobRequest.model_json_schema()}}}
}


@router.post("", summary="Submit a job", response_model=JobView, status_code=202, openapi_extra=_BODY)
async def post_job(
    request: Request, service: Submitter, idempotency_key: IdempotencyKey = None, prefer: Prefer = None
) -> Response:
    """202 with the job's address, or 200 with the ended job for `Prefer: wait=N` (at most 60)."""
    body = await read_body(service, request)
    key = checked_key(idempotency_key)
    job_id, is_new = await run_in_threadpool(_accept, service, body, key)
    seconds = wait_seconds(prefer)
    background = None
    if is_new:
        crash_point("accepted")
        if seconds:
            await run_in_threadpool(publish_now, service.database, service.publisher, job_id)
        else:
            background = BackgroundTask(publish_now, service.database, service.publisher, job_id)
    job = await _wait(service, job_id, seconds)
    headers = {"Location": f"/v1/jobs/{job_id}"}
    if seconds:
        headers["Preference-Applied"] = f"wait={seconds:.0f}"
    status = 200 if seconds and job.state.is_terminal else 202
    return JSONResponse(job.model_dump(mode="json"), status_code=status, headers=headers, background=background)


def _accept(service: Service, body: BodyWithDocument, key: str | None) -> tuple[str, bool]:
    wanted, request_hash = parse_job_request(body.value), body.request_hash
    if key is not None:
        with service.database.read() as session:
            earlier = find_submitted(session, key, request_hash)
        if earlier is not None:
            return earlier.id, False
    kind = parse_kind(wanted.kind)
    require_complete(wanted, kind)
    if kind.explains:
        submission = _submit_explanation(service, wanted, kind, key, request_hash)
    else:
        if body.error is not None:
            raise body.error
        submission = _submit_forecast(service, wanted, body.document, kind, key, request_hash)
    return submission.job.id, submission.is_new


def _submit_forecast(
    service: Service,
    wanted: JobRequest,
    document: AcceptedStudy | None,
    kind: JobKind,
    key: str | None,
    request_hash: str,
) -> Submission:
    study, version, recorded_by = document, None, None
    if study is None:
        study, version, recorded_by = _find_study(service, wanted)
    with service.database.write() as session:
        return submit_job(
            session,
            study,
            service.job_limits,
            kind=kind,
            version_digest=version,
            recorded_by=recorded_by,
            idempotency_key=key,
            request_hash=request_hash,
        )


def _submit_explanation(
    service: Service, wanted: JobRequest, kind: JobKind, key: str | None, request_hash: str
) -> Submission:
    with service.database.write() as session:
        target = _find_target(session, wanted)
        return submit_explanation(
            session, target, kind, service.job_limits, idempotency_key=key, request_hash=request_hash
        )


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
        jobs = JobRepository(session)
        row = jobs.get(known_id(job_id, "job"))
        if row is None:
            raise NotStoredError(f"there is no job {job_id!r}")
        forecast = ForecastRepository(session).of_job(row.id) if row.state == JobState.SUCCEEDED else None
        return view_job(row, forecast.id if forecast else None, jobs.attempts(row.id))


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


@router.post("/{job_id}/cancel", summary="Cancel a job", response_model=JobView)
def cancel(job_id: Id, service: Submitter) -> Response:
    """200 when it is cancelled, 202 when it is running and will stop, 409 when it has ended."""
    with service.database.write() as session:
        outcome = cancel_job(session, known_id(job_id, "job"))
    job = read_job(service, job_id)
    return JSONResponse(job.model_dump(mode="json"), status_code=200 if outcome is Cancellation.CANCELLED else 202)
