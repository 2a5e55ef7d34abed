"""Whether the process lives, whether it can do its work, and what it is."""

from __future__ import annotations

import platform
from datetime import timedelta
from importlib.metadata import version
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from api.problem_kinds import STATUS, TITLES
from api.service import OpenService
from forecast.jobs.clock_guard import find_clock_faults
from forecast.jobs.states import JobState
from forecast.store import JobRepository, NotStoredError, SchemaError, check_schema, utc_now

router = APIRouter()

ProblemCode = Annotated[str, Path(description="`code` of a problem.")]


class Readiness(BaseModel):
    """Whether the service can do its work."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    status: str
    """`ready`, `degraded` (jobs are accepted and may run later) or `unavailable`."""
    database: str
    """`ok`, or what is wrong with the database."""
    broker: str
    """`ok`, or what is wrong with the queue."""
    workers: str
    """`ok`, `silent` while waiting jobs are not taken, or `unknown`."""
    clock: str
    """`ok`, what is wrong with a clock, or `unknown`."""


class RunningVersion(BaseModel):
    """The software that runs here."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str
    """Name of the package."""
    version: str
    """Version of the package."""
    python: str
    """Version of Python."""


class ProblemKind(BaseModel):
    """A kind of problem."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    code: str
    """A word that does not change."""
    title: str
    """Title of this kind of problem."""
    status: int | None
    """HTTP status of its answers; null when it depends on the case."""


SILENT_AFTER: Final = timedelta(minutes=2)
"""How long jobs may wait, published more than once, until workers are reported as silent."""


@router.get("/healthz", summary="Whether the process lives", operation_id="show_health")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Whether jobs are accepted and will be run",
    operation_id="show_readiness",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "The database is unavailable."}},
)
def readyz(service: OpenService) -> JSONResponse:
    """503 without the database. `degraded` without the queue, or while no worker takes waiting jobs: jobs are accepted and
    run later. `degraded` also while a clock is wrong (jobs run, due times wait), or while another installation reads the
    queue."""
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


@router.get("/version", summary="What runs here", response_model=RunningVersion)
def show_version() -> dict[str, str]:
    return {"name": "scenario-forecast", "version": version("scenario-forecast"), "python": platform.python_version()}


@router.get("/problems/{code}", summary="What a problem's type stands for", response_model=ProblemKind)
def explain_problem(code: ProblemCode) -> dict[str, Any]:
    if code not in TITLES:
        raise NotStoredError(f"there is no problem {code[:64]!r}")
    return {"code": code, "title": TITLES[code], "status": STATUS.get(code)}
