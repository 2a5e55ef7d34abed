"""The pages' addresses. Each reads what is stored, builds a typed context and renders it; none of them computes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from api.pages.access import routes as access_routes
from api.pages.forecast.diagnostics import build_diagnostics
from api.pages.forecast.figures import FigureSlot, figure_slot
from api.pages.forecast.report import build_report, in_report, respond_report
from api.pages.forecast.view import ForecastPage, build_forecast
from api.pages.home import ForecastSource, Headline, StudySource, build_home
from api.pages.job.failure import build_failure
from api.pages.job.view import build_job
from api.pages.reference.view import build_reference
from api.pages.shared.assets import Assets
from api.pages.shared.page import respond
from api.pages.study import routes as study_routes
from api.root_path import root_path
from api.routes.forecasts import find_head, forecast_json
from api.routes.jobs import read_job
from api.service import OpenService, Reader, Service
from forecast.answer import StoredForecast
from forecast.jobs.drawings import ask_for_drawing
from forecast.jobs.states import JobState
from forecast.jobs.view import view_job
from forecast.store import (
    AlertRepository,
    DrawingRepository,
    ForecastRepository,
    JobRepository,
    NotStoredError,
    ScheduleRepository,
    StudyRepository,
    utc_now,
)
from forecast.store.tables.core import ForecastRow
from forecast.timeline.history import history_page

STUDIES_SHOWN: Final = 50
PAST_SHOWN: Final = 12
LATELY: Final = timedelta(days=30)
JOBS_SHOWN: Final = 20
PAGES: Final = frozenset({"/", "/compare", "/docs", "/new", "/access", "/sign-in", "/sign-out"})

Handler = Callable[[Request, Exception], Awaitable[Response]]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
def show_home(request: Request, service: Reader) -> HTMLResponse:
    """Studies with their newest forecasts, and recent jobs."""
    with service.database.read() as session:
        forecasts = ForecastRepository(session)
        studies = StudyRepository(session).page(STUDIES_SHOWN)
        jobs = JobRepository(session).page(JOBS_SHOWN)
        made = forecasts.ids_of_jobs([row.id for row in jobs.items])
        # The studies stored here, and those whose document came with a recent job.
        named = dict.fromkeys(
            [*(row.id for row in studies.items), *(row.study for row in jobs.items if row.id in made)]
        )
        latest = {name: row for name in named if (row := forecasts.latest(name)) is not None}
        now, ids = utc_now(), [row.id for row in studies.items]
        due, alerts = (
            ScheduleRepository(session).next_due_of(ids),
            AlertRepository(session).raised_since(now - LATELY, ids),
        )
        page = build_home(
            [
                StudySource(
                    row.id,
                    row.title,
                    history_page(session, row.id, PAST_SHOWN, None).items,
                    due.get(row.id),
                    alerts.get(row.id, 0),
                )
                for row in studies.items
            ],
            {name: _forecast_source(row) for name, row in latest.items()},
            [view_job(row, made.get(row.id)) for row in jobs.items],
            now=now,
            base_url=str(request.base_url).rstrip("/") + root_path(),
            has_more_studies=studies.next_cursor is not None,
            has_more_jobs=jobs.next_cursor is not None,
        )
    return respond(page)


def _forecast_source(row: ForecastRow) -> ForecastSource:
    return ForecastSource(row.id, row.study, row.as_of, row.made_at, Headline.model_validate_json(row.answer))


@router.get("/docs")
def show_reference(request: Request, _: OpenService) -> HTMLResponse:
    """The interface for programs; as open as its description is."""
    return respond(build_reference(request.app))


@router.get("/jobs/{job_id}")
def show_job(job_id: str, service: Reader) -> HTMLResponse:
    """How far a job is; `static/job.js` keeps the page up to date."""
    job = read_job(service, job_id)
    ahead = 0
    if job.state is JobState.QUEUED:
        with service.database.read() as session:
            jobs = JobRepository(session)
            row = jobs.get(job.id)
            ahead = jobs.count_before(row) if row is not None else 0
    return respond(build_job(job, now=utc_now(), jobs_ahead=ahead))


@router.get("/forecasts/{forecast_id}")
def show_forecast(forecast_id: str, service: Reader) -> HTMLResponse:
    """A stored forecast: the answer, whether to trust it, and the evidence."""
    return respond(_forecast_page(service, forecast_id)[0])


@router.get("/forecasts/{forecast_id}/report")
def show_report(forecast_id: str, service: Reader) -> HTMLResponse:
    """A stored forecast as one document for paper, with everything inside."""
    page, slots = _forecast_page(service, forecast_id)
    with service.database.read() as session:
        drawings = DrawingRepository(session)
        drawing = drawings.get(page.forecast_id)
        wanted = [slot.name for slot in slots if slot.image_url and in_report(slot.name)]
        found = {name: drawings.image(page.forecast_id, name) for name in wanted}
    images = {name: image for name, image in found.items() if image}
    return respond_report(build_report(page, slots, images, is_drawn=drawing is None or drawing.drawn_at is not None))


def _forecast_page(service: Service, forecast_id: str) -> tuple[ForecastPage, tuple[FigureSlot, ...]]:
    row, forecast = _read_forecast(service, forecast_id)
    slots = _figure_slots(service, row.id)
    with service.database.read() as session:
        pending = JobRepository(session).explaining(row.id)
        document = StudyRepository(session).document(row.digest)
    page = build_forecast(
        forecast,
        slots,
        draws_bytes=row.artifact_bytes,
        has_draws=row.draws_removed_at is None,
        job_id=row.job_id,
        is_stored=row.version is not None,
        pending=pending,
        document=json.loads(document) if document else None,
    )
    return page, slots


@router.get("/forecasts/{forecast_id}/diagnostics")
def show_diagnostics(forecast_id: str, service: Reader) -> HTMLResponse:
    """What a statistician wants to see of a stored forecast; looking at it has its figures drawn."""
    row, forecast = _read_forecast(service, forecast_id)
    ask_for_drawing(service.database, service.publisher, row, utc_now())
    with service.database.read() as session:
        drawing = DrawingRepository(session).get(row.id)
    page = build_diagnostics(
        forecast,
        _figure_slots(service, row.id),
        is_drawn=drawing is None or drawing.drawn_at is not None,
        failures=() if drawing is None else drawing.failures,
        draws_bytes=row.artifact_bytes,
        has_draws=row.draws_removed_at is None,
        job_id=row.job_id,
    )
    return respond(page)


def _read_forecast(service: Service, forecast_id: str) -> tuple[ForecastRow, StoredForecast]:
    head = find_head(service, forecast_id)
    with service.database.read() as session:
        row = ForecastRepository(session).without_answer(head.id)
    if row is None:
        raise NotStoredError(f"there is no forecast {forecast_id!r}")
    # JSON mode: the stored text has dates as strings.
    return row, StoredForecast.model_validate_json(forecast_json(service, head))


def _figure_slots(service: Service, forecast_id: str) -> tuple[FigureSlot, ...]:
    with service.database.read() as session:
        forecasts = ForecastRepository(session)
        stored = {name: forecasts.figure(forecast_id, name) for name in forecasts.figure_names(forecast_id)}
        images = DrawingRepository(session).image_names(forecast_id)
    return tuple(
        figure_slot(forecast_id, name, gzip.decompress(figure), has_image=name in images)
        for name, figure in stored.items()
        if figure
    )


def mount_pages(app: FastAPI) -> None:
    """Add the pages and their files, and show errors to a browser as pages.

    Call it after the handlers of errors are installed: each of them still decides what an error is; a reader of pages
    gets its answer as HTML.
    """
    app.include_router(router)
    app.include_router(study_routes.router)
    app.include_router(access_routes.router)
    app.mount("/static", Assets(), name="static")
    for kind, handler in list(app.exception_handlers.items()):
        app.add_exception_handler(kind, _shown_as_page(handler))


def _shown_as_page(handler: Any) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        response: Response = await handler(request, error)
        if not wants_page(request):
            return response
        if response.status_code == 401 and request.method == "GET":
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(
                f"/sign-in?next={quote(path)}", status_code=303, headers={"Cache-Control": "no-store"}
            )
        return _as_page(response)

    return handle


def wants_page(request: Request) -> bool:
    """Whether an error should be shown to a person: a browser that asks for anything but the JSON interface."""
    path = request.url.path
    is_page = path in PAGES or path.startswith(("/jobs/", "/forecasts/", "/studies/"))
    is_interface = path.startswith(("/v1/", "/static/", "/problems/"))
    return is_page or (not is_interface and "text/html" in request.headers.get("accept", ""))


def _as_page(response: Response) -> Response:
    try:
        problem: dict[str, Any] = json.loads(bytes(response.body))
        title, detail = str(problem["title"]), str(problem["detail"])
    except (ValueError, KeyError):
        title, detail = HTTPStatus(response.status_code).phrase, ""
    return respond(build_failure(response.status_code, title, detail), status=response.status_code)
