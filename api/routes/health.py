"""Whether the process lives, whether it can do its work, and what it is."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from api.problems import STATUS, TITLES
from api.service import OpenService
from forecast.store import NotStoredError, SchemaError, check_schema

router = APIRouter()


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", summary="Whether jobs are accepted and will be run")
def readyz(service: OpenService) -> JSONResponse:
    """503 without the database; `degraded` without the queue, for jobs are then accepted and run later."""
    # Only this route talks to Redis from the web process, and redis-py takes half a second to import.
    from forecast.jobs.broker import Broker

    try:
        check_schema(service.database)
        database = "ok"
    except (SQLAlchemyError, SchemaError) as error:
        database = "unavailable" if isinstance(error, SQLAlchemyError) else str(error)
    broker = Broker(service.settings.redis_client_url, service.settings.queue_name)
    queue = "ok" if broker.is_alive() else "unavailable"
    broker.close()
    status = "unavailable" if database != "ok" else "ready" if queue == "ok" else "degraded"
    body = {"status": status, "database": database, "broker": queue}
    return JSONResponse(body, status_code=503 if database != "ok" else 200)


@router.get("/version", summary="What runs here")
def show_version() -> dict[str, str]:
    return {"name": "scenario-forecast", "version": version("scenario-forecast"), "python": platform.python_version()}


@router.get("/problems/{code}", summary="What a problem's type stands for")
def explain_problem(code: str) -> dict[str, Any]:
    if code not in TITLES:
        raise NotStoredError(f"there is no problem {code[:64]!r}")
    return {"code": code, "title": TITLES[code], "status": STATUS.get(code)}
