"""Schedules: made, changed, paused, deleted, run now; and what came of each due time."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.idempotency import Keyed, Once, Reply
from api.requests import PAGE, Cursor, Id, Limit, known_id, parse_body, read_body_json
from api.routes.studies import known_study
from api.schemas import Schema
from api.service import Reader, Service, Submitter
from forecast.queue.publish import publish_now
from forecast.store import NotStoredError, ScheduleRepository, StudyRepository, utc_now
from forecast.store.tables.living import ScheduleRow
from forecast.study.document.fields import STUDY_ID_PATTERN
from forecast.timeline.appending import Standing, require_unchanged
from forecast.timeline.firing import CatchUp, Overlap, RunStatus, Unchanged
from forecast.timeline.schedules import (
    ScheduleChange,
    ScheduleRequest,
    change_schedule,
    changed_rule,
    create_schedule,
    delete_schedule,
    new_rule,
    require_sampler,
    run_now,
    study_of_today,
)

router = APIRouter(prefix="/v1/schedules", tags=["schedules"])


class ScheduleView(Schema):
    """A schedule."""

    id: str
    """UUID of the schedule."""
    study: str
    """Id of the study."""
    title: str
    """Title of the schedule."""
    cron: str | None
    """Cron expression: minute, hour, day of month, month, day of week; null for an interval."""
    every_seconds: float | None
    """Interval between due times in seconds; null for a cron expression."""
    timezone: str
    """IANA time zone of the cron expression and of the as-of date."""
    catch_up: CatchUp
    """What happens to missed due times: `skip` none, run `once` for the latest, run `all`."""
    overlap: Overlap
    """What happens while the last job still runs: `skip` the due time or `allow` it."""
    unchanged: Unchanged
    """What happens when nothing is new: `skip` the due time or `run` it."""
    sampler: dict[str, Any] | None
    """Sampler settings that replace the document's; null: the document's."""
    enabled: bool
    """False while it is paused."""
    next_due: datetime | None
    """Next due time (UTC); null while it is paused, or when its rule has no further time."""
    created_at: datetime
    """When it was made (UTC)."""
    updated_at: datetime
    """When it was last changed (UTC)."""


class ScheduleRun(Schema):
    """A due time and its result."""

    due_at: datetime
    """The due time (UTC)."""
    status: RunStatus
    """`job`: a job was made. `missed`, `skipped` or `failed`: none was; see `reason`."""
    reason: str | None
    """Why, in words; null when there is nothing to add."""
    job_id: str | None
    """UUID of the job; null without one."""
    made_at: datetime
    """When the due time was dealt with (UTC)."""


class SchedulePage(Schema):
    """A page of schedules."""

    items: tuple[ScheduleView, ...]
    """Schedules, newest first."""
    next_cursor: str | None
    """Value for the `cursor` of the next request; null on the last page."""


class RunPage(Schema):
    """A page of a schedule's due times."""

    items: tuple[ScheduleRun, ...]
    """Due times, newest first."""
    next_cursor: str | None
    """Value for the `cursor` of the next request; null on the last page."""


def _body(model: type[ScheduleChange]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}}


@router.post(
    "", summary="Make a schedule", response_model=ScheduleView, status_code=201, openapi_extra=_body(ScheduleRequest)
)
async def post_schedule(request: Request, service: Submitter, keyed: Keyed) -> Response:
    """A cron expression in a time zone, or an interval; forecasts are made as of the day on which it is due there."""
    body = await read_body_json(request)
    wanted, once = parse_body(ScheduleRequest, body), keyed.once(service, body)
    return (await run_in_threadpool(once.answer, lambda: _create(once, wanted))).response()


def _create(once: Once, wanted: ScheduleRequest) -> Reply:
    service = once.service
    # Validated before the write lock is taken.
    new_rule(wanted, utc_now(), service.settings.least_schedule_seconds)
    standing = _require_sampler(service, wanted.study, wanted.sampler)

    def make() -> Reply:
        study = known_study(StudyRepository(session), wanted.study)
        require_unchanged(session, study.id, standing)
        row = create_schedule(session, study, wanted, utc_now(), service.settings.least_schedule_seconds)
        view = ScheduleView.model_validate(row)
        return Reply.of(view.model_dump(mode="json"), 201, {"Location": f"/v1/schedules/{view.id}"})

    with service.database.write() as session:
        return once.store(session, make)


@router.get("", summary="List the schedules, newest first")
def list_schedules(
    service: Reader,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    study: Annotated[str | None, Query(pattern=STUDY_ID_PATTERN, description="Only schedules of this study.")] = None,
) -> SchedulePage:
    with service.database.read() as session:
        page = ScheduleRepository(session).page(limit, cursor, study)
        return SchedulePage(
            items=tuple(ScheduleView.model_validate(row) for row in page.items), next_cursor=page.next_cursor
        )


@router.get("/{schedule_id}", summary="Show a schedule")
def show_schedule(schedule_id: Id, service: Reader) -> ScheduleView:
    with service.database.read() as session:
        return ScheduleView.model_validate(_known(session, schedule_id))


@router.patch(
    "/{schedule_id}", summary="Change a schedule", response_model=ScheduleView, openapi_extra=_body(ScheduleChange)
)
async def patch_schedule(schedule_id: Id, request: Request, service: Submitter) -> ScheduleView:
    """Absent fields keep their values. `enabled: false` pauses it, and due times during a pause are not caught up."""
    wanted = parse_body(ScheduleChange, await read_body_json(request))
    return await run_in_threadpool(_change, service, schedule_id, wanted)


def _change(service: Service, schedule_id: str, wanted: ScheduleChange) -> ScheduleView:
    with service.database.read() as session:
        row = _known(session, schedule_id)
        changed_rule(row, wanted, utc_now(), service.settings.least_schedule_seconds)
        study_id = row.study
    standing = _require_sampler(service, study_id, wanted.sampler)
    with service.database.write() as session:
        row = _known(session, schedule_id)
        require_unchanged(session, study_id, standing)
        change_schedule(row, wanted, utc_now(), service.settings.least_schedule_seconds)
        session.flush()
        return ScheduleView.model_validate(row)


@router.delete("/{schedule_id}", summary="Delete a schedule", status_code=204)
def remove_schedule(schedule_id: Id, service: Submitter) -> Response:
    """Its forecasts stay, and so does the record of its runs."""
    with service.database.write() as session:
        delete_schedule(_known(session, schedule_id), utc_now())
    return Response(status_code=204)


@router.post("/{schedule_id}/run", summary="Run a schedule now", response_model=ScheduleRun, status_code=202)
def run_schedule(schedule_id: Id, service: Submitter, keyed: Keyed) -> Response:
    """As of today, whether or not anything has changed."""
    once = keyed.once(service, None)
    reply = once.answer(lambda: _run_now(once, schedule_id))
    job_id = json.loads(reply.text)["job_id"]
    return reply.response(BackgroundTask(publish_now, service.database, service.publisher, job_id))


def _run_now(once: Once, schedule_id: str) -> Reply:
    service, now = once.service, utc_now()
    with service.database.read() as session:
        row = _known(session, schedule_id)
        study = known_study(StudyRepository(session), row.study)
        standing = Standing.of(session, study.id)
        known = study_of_today(session, row, study, service.job_limits, now)

    def make() -> Reply:
        schedule = _known(session, schedule_id)
        require_unchanged(session, schedule.study, standing)
        run = ScheduleRun.model_validate(run_now(session, schedule, known, service.job_limits, now))
        assert run.job_id is not None
        return Reply.of(run.model_dump(mode="json"), 202, {"Location": f"/v1/jobs/{run.job_id}"})

    with service.database.write() as session:
        return once.store(session, make)


@router.get(
    "/{schedule_id}/runs",
    summary="List the due times of a schedule and their results, newest first",
    operation_id="list_schedule_runs",
)
def list_runs(schedule_id: Id, service: Reader, limit: Limit = PAGE, cursor: Cursor = None) -> RunPage:
    with service.database.read() as session:
        row = _known(session, schedule_id)
        page = ScheduleRepository(session).runs(row.id, limit, cursor)
        return RunPage(items=tuple(ScheduleRun.model_validate(run) for run in page.items), next_cursor=page.next_cursor)


def _require_sampler(service: Service, study_id: str, sampler: dict[str, Any] | None) -> Standing:
    """Make sure that a study can be sampled like this; what it is that this was said of."""
    with service.database.read() as session:
        study = known_study(StudyRepository(session), study_id)
        standing = Standing.of(session, study.id)
        document = StudyRepository(session).document(study.digest)
    assert document is not None, "a study points to its document"
    require_sampler(document, sampler)
    return standing


def _known(session: Session, schedule_id: str) -> ScheduleRow:
    row = ScheduleRepository(session).get(known_id(schedule_id, "schedule"))
    if row is None:
        raise NotStoredError(f"there is no schedule {schedule_id!r}")
    return row
