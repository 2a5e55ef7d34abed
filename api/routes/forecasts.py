"""Stored forecasts: the answer, its draws, its diagnostics and its figures. None of them ever changes.

What explains a forecast may come later; then the forecast is shown with it, under another ETag.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from api.answers import has
from api.requests import Id, known_id
from api.schemas import ForecastDiagnostics
from api.service import BEARER, OpenService, Reader, Service, service_of
from forecast.access import Scope
from forecast.answer import StoredForecast
from forecast.jobs.explanations import EXPLANATIONS
from forecast.store import ForecastHead, ForecastRepository, NotStoredError, stored_file, utc_now
from forecast.store.repositories.heads import read_head
from forecast.store.tables.core import ForecastRow

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

NETCDF = "application/x-netcdf"
FOR_EVER = "private, max-age=31536000, immutable"


def age_of(row: ForecastRow | ForecastHead) -> float:
    """Seconds since a forecast was made."""
    return max(0.0, (utc_now() - row.made_at).total_seconds())


def find_forecast(service: Service, forecast_id: str) -> ForecastRow:
    """The row of a forecast.

    Raises
    ------
    NotStoredError
        When there is none.
    """
    with service.database.read() as session:
        row = ForecastRepository(session).get(known_id(forecast_id, "forecast"))
    if row is None:
        raise NotStoredError(f"there is no forecast {forecast_id!r}")
    return row


async def serve_forecast(service: Service, head: ForecastHead, request: Request) -> Response:
    """A forecast with what explains it as it is stored, or 304 for a client that has it, of which the body is not read."""
    is_stale = age_of(head) > service.settings.fresh_seconds
    etag = forecast_etag(head.id, head.explanations, is_stale=is_stale)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if has(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    stored = service.answers.find(_answer_key(head))
    if stored is None:
        stored = await run_in_threadpool(_kept_parts, service, head)
    return Response(_with_age(service, head, stored), media_type="application/json", headers=headers)


@dataclass(frozen=True)
class Found:
    """A forecast that is there, and its reader's service."""

    service: Service
    head: ForecastHead


def find_for_reader(
    request: Request,
    service: OpenService,
    forecast_id: Id,
    _bearer: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)] = None,
) -> Found:
    """The forecast that is asked for; a dependency that looks up caller and forecast in one turn of a thread."""
    own = service_of(request, service, Scope.READ)
    return Found(own, find_head(own, forecast_id))


find_for_reader.scope = Scope.READ  # type: ignore[attr-defined]


def find_head(service: Service, forecast_id: str) -> ForecastHead:
    """A forecast without its answer, and the ids of what explains it.

    Raises
    ------
    NotStoredError
        When there is none.
    """
    known = known_id(forecast_id, "forecast")
    with service.database.connect() as connection:
        head = read_head(connection, service.workspace, known)
    if head is None:
        raise NotStoredError(f"there is no forecast {forecast_id!r}")
    return head


def forecast_json(service: Service, head: ForecastHead) -> bytes:
    """The content of `forecast.json`: the answer as it was stored, with id, time, present age and what explains it."""
    return _with_age(service, head, _kept_parts(service, head))


def _answer_key(head: ForecastHead) -> tuple[str, ...]:
    return (head.id, *sorted(head.explanations))


def _kept_parts(service: Service, head: ForecastHead) -> bytes:
    return service.answers.get(_answer_key(head), lambda: _stored_parts(service, head))


def _with_age(service: Service, head: ForecastHead, stored: bytes) -> bytes:
    age = age_of(head)
    shown = {"made_at": head.made_at.isoformat(), "age_seconds": age, "stale": age > service.settings.fresh_seconds}
    return b"{" + json.dumps(shown)[1:-1].encode() + b", " + stored


def _stored_parts(service: Service, head: ForecastHead) -> bytes:
    """What never changes of a forecast's JSON, the end of the object included; the stored texts are not parsed."""
    with service.database.read() as session:
        forecasts = ForecastRepository(session)
        answer, explanations = forecasts.answer(head.id), forecasts.explanations_with(head.explanations)
    parts = dict.fromkeys((kind.value for kind in EXPLANATIONS), "null")
    parts |= {explanation.kind: explanation.answer for explanation in explanations}
    ends = [f"{json.dumps(kind)}: {text}" for kind, text in parts.items()]
    fields = [f'"forecast_id": {json.dumps(head.id)}', answer.strip()[1:-1], *ends]
    return (", ".join(fields) + "}").encode()


def forecast_etag(forecast_id: str, explanations: Iterable[str], *, is_stale: bool = False) -> str:
    """The mark of a forecast as it is shown; another one with each new explanation, and once it is stale.

    An answer never changes under its id, which so stands for its content.
    """
    # Weak: the age differs from one answer to the next, the forecast does not.
    stale, known = "+stale" if is_stale else "", sorted(explanations)
    if not known:
        return f'W/"{forecast_id}{stale}"'
    return f'W/"{forecast_id}+{hashlib.sha256(" ".join(known).encode()).hexdigest()[:16]}{stale}"'


@router.get("/{forecast_id}", summary="Show a forecast", response_model=StoredForecast)
async def show_forecast(found: Annotated[Found, Depends(find_for_reader)], request: Request) -> Response:
    return await serve_forecast(found.service, found.head, request)


@router.get(
    "/{forecast_id}/draws.nc",
    summary="The posterior draws, as NetCDF that ArviZ opens",
    response_class=FileResponse,
    responses={200: {"content": {NETCDF: {"schema": {"type": "string", "format": "binary"}}}}},
)
def show_draws(forecast_id: Id, service: Reader) -> FileResponse:
    row = find_forecast(service, forecast_id)
    path = service.artifacts.verified_path(stored_file(row))
    headers = {"ETag": f'"{row.artifact_sha256}"', "Cache-Control": FOR_EVER}
    return FileResponse(path, media_type=NETCDF, filename=f"{row.study}-{row.as_of}-draws.nc", headers=headers)


@router.get("/{forecast_id}/diagnostics", summary="Why a forecast has its verdict")
def show_diagnostics(forecast_id: Id, service: Reader) -> ForecastDiagnostics:
    row = find_forecast(service, forecast_id)
    answer = json.loads(row.answer)
    wanted = ("verdict", "verdict_reasons", "checks", "diagnostics")
    return ForecastDiagnostics.model_validate({"forecast_id": row.id, **{key: answer[key] for key in wanted}})
