"""A job's progress as server-sent events. Each stream polls the database, so any process can serve any client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from api.callers import still_holds
from api.requests import Id
from api.routes.jobs import read_job
from api.schemas import JobProgress
from api.service import Reader, Service
from forecast.jobs.states import JobState
from forecast.jobs.view import JobView
from forecast.store import JobRepository

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

POLL_SECONDS: Final = 0.4
ASK_AGAIN_POLLS: Final = 25
"""Seconds between checks that the client's key is still valid."""
POSITION_POLLS: Final = 5
"""Seconds between counts of the jobs ahead of a waiting one; their end does not change its row."""
RECONNECT_MILLISECONDS: Final = 2000


def existing_job(job_id: Id, service: Reader) -> JobView:
    """The job to watch; asked before the stream begins, so that an unknown one is a 404."""
    return read_job(service, job_id)


@router.get(
    "/{job_id}/events",
    summary="Watch a job",
    response_class=EventSourceResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def watch_job(
    job: Annotated[JobView, Depends(existing_job)],
    service: Reader,
    last_event_id: Annotated[str | None, Header(description="Sent by a browser that reconnects.")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `progress` with each change of the job or of its place in the queue, then `done` with the ended
    job. The data of `progress` are `job_id`, `state`, `attempt`, `revision`, `progress` and `queue_position`; those of
    `done` are the job as `GET /v1/jobs/{job_id}` shows it."""
    seen, position, polls = last_event_id, None, 0
    while True:
        polls += 1
        if polls % ASK_AGAIN_POLLS == 0 and not await run_in_threadpool(
            still_holds, service.everywhere, service.caller
        ):
            # The key was revoked meanwhile; a client that reconnects gets the error.
            return
        if job.state.is_terminal:
            yield ServerSentEvent(event="done", id=str(job.revision), data=job.model_dump(mode="json"))
            return
        if job.state is not JobState.QUEUED:
            position = None
        elif polls % POSITION_POLLS == 1:
            position = await run_in_threadpool(_position, service, job)
        now = str(job.revision) if position is None else f"{job.revision}.{position}"
        if now != seen:
            seen = now
            yield ServerSentEvent(
                event="progress", id=seen, data=_progress(job, position), retry=RECONNECT_MILLISECONDS
            )
        await asyncio.sleep(POLL_SECONDS)
        job = await run_in_threadpool(read_job, service, job.id)


def _progress(job: JobView, position: int | None) -> dict[str, Any]:
    return JobProgress(
        job_id=job.id,
        state=job.state.value,
        attempt=job.attempt,
        revision=job.revision,
        progress=job.progress,
        queue_position=position,
    ).model_dump(mode="json")


def _position(service: Service, job: JobView) -> int | None:
    """How many jobs are before one that waits."""
    with service.database.read() as session:
        jobs = JobRepository(session)
        row = jobs.get(job.id)
        return jobs.count_before(row) if row is not None else None
