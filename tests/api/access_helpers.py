"""Routes, keys and requests, for the tests of who may do what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute

from forecast.access import Scope, create_key
from forecast.store import utc_now
from tests.coin import coin_document
from tests.installation import Installation

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/version"),
    ("GET", "/problems/{code}"),
    ("GET", "/v1/schema"),
    ("GET", "/v1/examples"),
    ("GET", "/v1/examples/{name}"),
    ("GET", "/docs"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
}
"""Routes without a key. A route that is neither here nor declares a scope fails the first test of test_access.py."""

OF_NOBODY = {"name", "code"}
"""Path parameters that are no id of anything stored."""

BODIES: dict[str, Any] = {
    "PUT /v1/studies/{study_id}": coin_document(),
    "POST /v1/jobs": {"document": coin_document()},
    "POST /v1/previews": {"document": coin_document()},
    "POST /v1/forecasts/{forecast_id}/query": {"expression": "withdrawal"},
    "POST /v1/studies/{study_id}/observations": {"rows": []},
    "POST /v1/studies/{study_id}/judgments": {"rows": []},
    "POST /v1/studies/{study_id}/resolutions": {"rows": []},
    "POST /v1/schedules": {"study": "coin", "cron": "0 6 1 * *"},
    "PATCH /v1/schedules/{schedule_id}": {"title": "x"},
    "POST /v1/subscriptions": {"study": "coin", "kind": "verdict"},
    "PATCH /v1/subscriptions/{subscription_id}": {"title": "x"},
}


def routes_of(app: FastAPI) -> dict[tuple[str, str], APIRoute]:
    """Every route by method and path."""
    return {
        (method, route.path): route for route in found_in(app.routes) for method in (route.methods or set()) - {"HEAD"}
    }


def found_in(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """Routes within routes. What is no route of ours is one of two: the description of the interface, and files."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif (router := getattr(route, "original_router", None)) is not None:
            yield from found_in(router.routes)
        else:
            assert getattr(route, "path", None) in {"/openapi.json", "/static"}, route


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def key_with(installation: Installation, *scopes: Scope, **options: Any) -> str:
    with installation.database.write() as session:
        return create_key(session, installation.workspace, "a key", scopes, utc_now(), **options).text


def sign_in(client: TestClient, key: str, path: str = "/", **form: str) -> str:
    """What the browser was given to keep."""
    answer = client.post("/sign-in", data={"key": key, "next": path, **form}, headers={"Origin": "http://127.0.0.1"})
    assert answer.status_code == 303, answer.text
    return client.cookies["forecast_session_http"]
