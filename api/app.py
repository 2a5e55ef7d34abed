"""The web application. Importing this module loads no scientific libraries, so the process starts fast."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from api import desk_work
from api.answers import HeadAsGet, NotModified, PlainErrors
from api.description import complete_description, operation_id
from api.metrics import CountRequests, RequestCounts
from api.middleware import BodyLimit, HostCheck, SecurityHeaders
from api.pages.routes import mount_pages
from api.problems import MEDIA_TYPE, install_problems
from api.root_path import RootPath
from api.routes import (
    alerts,
    check,
    compare,
    events,
    evidence,
    examples,
    forecasts,
    health,
    jobs,
    keys,
    ledger,
    metrics,
    plots,
    previews,
    queries,
    schedules,
    sources,
    studies,
)
from api.schemas import Problem
from api.service import Service
from api.turns import Turns
from forecast.runtime.settings import LOOPBACK_HOSTS, Settings, get_settings

ROUTES: Final = (
    # Routes are matched in this order, so the most frequent come first.
    forecasts,
    health,
    studies,
    check,
    previews,
    examples,
    evidence,
    jobs,
    events,
    plots,
    compare,
    queries,
    schedules,
    sources,
    ledger,
    alerts,
    keys,
    metrics,
)
COMPRESSION: Final = 4
"""The JSON of a large forecast, 464 kB, becomes 26 kB in 2 ms; level 9 takes 3 kB less and three times as long."""
NOT_COMPRESSED: Final = (*DEFAULT_EXCLUDED_CONTENT_TYPES, forecasts.NETCDF)
"""Draws are compressed inside, and asked for in parts."""
CORS_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CORS_HEADERS: Final = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "Range",
)
"""What a page of another origin may send. Never a cookie: it sends a key."""
CORS_SHOWN: Final = ("ETag", "Location", "Preference-Applied", "Retry-After", "Content-Range", "Idempotent-Replayed")
_PROBLEM: Final = {"description": "What was wrong and what to do", "model": Problem}


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application over the installation that the settings describe."""
    settings = settings or get_settings()
    service = Service.open(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=service.publisher.warm_up, name="publisher", daemon=True).start()
        service.desks.warm_up(desk_work.nothing, desk_work.load_queries)
        yield
        service.close()

    app = FastAPI(
        title="Scenario forecasts",
        version=version("scenario-forecast"),
        description=f"Probabilities of scenarios, with their errors and checks. Errors are {MEDIA_TYPE} (RFC 9457).",
        lifespan=lifespan,
        # FastAPI's own page loads its scripts from elsewhere; /docs is ours (api/pages/reference).
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
        servers=[{"url": settings.root_path}] if settings.root_path else None,
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
    )
    app.state.service = service
    app.state.counts = RequestCounts()
    install_problems(app)
    for module in ROUTES:
        app.include_router(module.router)
    mount_pages(app)
    complete_description(app)
    app.add_middleware(PlainErrors)
    app.add_middleware(NotModified)
    app.add_middleware(GZipMiddleware, compresslevel=COMPRESSION, exclude_content_types=NOT_COMPRESSED)
    app.add_middleware(HeadAsGet)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(Turns, settings=settings)
    if hosts := allowed_hosts(settings):
        app.add_middleware(HostCheck, allowed=hosts)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=CORS_METHODS,
            allow_headers=CORS_HEADERS,
            expose_headers=CORS_SHOWN,
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(CountRequests, counts=app.state.counts)
    app.add_middleware(RootPath, root=settings.root_path)
    return app


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Host names to answer to; empty when any will do, as behind a proxy that checks them."""
    if not settings.is_loopback and not settings.allowed_hosts:
        return frozenset()
    return frozenset(LOOPBACK_HOSTS | {settings.host.lower(), *(host.lower() for host in settings.allowed_hosts)})
