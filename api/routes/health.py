"""Whether the process lives, whether it can do its work, and what it is."""

from __future__ import annotations

import platform
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Final

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from api.problem_kinds import STATUS, TITLES
from api.service import OpenService
from forecast.jobs.clock_guard import find_clock_faults
from forecast.jobs.states import JobState
from forecast.store import JobRepository, NotStoredError, SchemaError, check_schema, utc_now

router = APIRouter()

SILENT_AFTER: Final = timedelta(minutes=2)
"""How long jobs may wait, told to the queue more than once, until workers are said to be silent."""


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", summary="Whether jobs are accepted and will be run")
def readyz(service: OpenService) -> JSONResponse:
    """503 without the database; `degraded` without the queue, or while nobody takes the jobs that wait: jobs are then
    accepted and run later; or while a clock is wrong: jobs then run, and due times wait; or while another installation
    reads the queue."""
    # Only this route talks to Redis from the web process, and redis-py takes half a second to import.
    from forecast.queue.broker import Broker
    from forecast.queue.publish import BrokerUnavailableError
    from forecast.queue.strangers import find_strangers

    workers = clock = "unknown"
    try:
        check_schema(service.database)
        database = "ok"
        with service.database.read() as session:
            jobs = JobRepository(session)
            is_silent = jobs.unclaimed_since(utc_now() - SILENT_AFTER) and not jobs.count(JobState.RUNNING)
            workers = "silent" if is_silent else "ok"
        faults = find_clock_faults(service.database)
        clock = "; ".join(fault.says for fault in faults) or "ok"
    except (SQLAlchemyError, SchemaError) as error:
        database = "unavailable" if isinstance(error, SQLAlchemyError) else str(error)
    broker = Broker(service.settings.redis_client_url, service.database)
    queue = "ok" if broker.is_alive() else "unavailable"
    if queue == database == "ok":
        try:
            queue = "; ".join(find_strangers(broker, service.database)) or "ok"
        except (SQLAlchemyError, BrokerUnavailableError):
            queue = "unavailable"
    broker.close()
    status = "unavailable" if database != "ok" else "ready" if queue == workers == clock == "ok" else "degraded"
    body = {"status": status, "database": database, "broker": queue, "workers": workers, "clock": clock}
    return JSONResponse(body, status_code=503 if database != "ok" else 200)


@router.get("/version", summary="What runs here")
def show_version() -> dict[str, str]:
    return {"name": "scenario-forecast", "version": version("scenario-forecast"), "python": platform.python_version()}


@router.get("/problems/{code}", summary="What a problem's type stands for")
def explain_problem(code: str) -> dict[str, Any]:
    if code not in TITLES:
        raise NotStoredError(f"there is no problem {code[:64]!r}")
    return {"code": code, "title": TITLES[code], "status": STATUS.get(code)}
