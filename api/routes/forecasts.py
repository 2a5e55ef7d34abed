"""Stored forecasts: the answer, its draws, its diagnostics and its figures. None of them ever changes.

What explains a forecast may come later; then the forecast is shown with it, under another ETag.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from api.answers import has
from api.requests import Id, known_id
from api.schemas import ForecastDiagnostics
from api.service import Reader, Service
from forecast.answer import StoredForecast
from forecast.jobs.explainers import EXPLANATIONS
from forecast.store import ForecastRepository, NotStoredError, stored_file, utc_now
from forecast.store.tables import ExplanationRow, ForecastRow

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

NETCDF = "application/x-netcdf"
FOR_EVER = "private, max-age=31536000, immutable"


def stored_forecast(
    row: ForecastRow, explanations: Iterable[ExplanationRow] = (), fresh_seconds: float = math.inf
) -> dict[str, object]:
    """The content of `forecast.json`: the answer as it was stored, with id, time, present age and what explains it."""
    age = age_of(row)
    return {
        "forecast_id": row.id,
        **json.loads(row.answer),
        "made_at": row.made_at.isoformat(),
        "age_seconds": age,
        "stale": age > fresh_seconds,
        **dict.fromkeys((kind.value for kind in EXPLANATIONS), None),
        **{explanation.kind: json.loads(explanation.answer) for explanation in explanations},
    }


def age_of(row: ForecastRow) -> float:
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


def find_explanations(service: Service, forecast_id: str) -> tuple[ExplanationRow, ...]:
    """The newest explanation of each kind that there is of a forecast."""
    with service.database.read() as session:
        return ForecastRepository(session).explanations(forecast_id)


def forecast_response(
    row: ForecastRow, explanations: Sequence[ExplanationRow], request: Request, fresh_seconds: float
) -> Response:
    """A forecast with what explains it, or 304 for a client that has it."""
    etag = forecast_etag(row, explanations, is_stale=age_of(row) > fresh_seconds)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if has(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    body = json.dumps(stored_forecast(row, explanations, fresh_seconds), ensure_ascii=False)
    return Response(body, media_type="application/json", headers=headers)


def forecast_etag(row: ForecastRow, explanations: Sequence[ExplanationRow], *, is_stale: bool = False) -> str:
    """The mark of a forecast as it is shown; another one with each new explanation, and once it is stale."""
    # Weak: the age differs from one answer to the next, the forecast does not.
    stale = "+stale" if is_stale else ""
    if not explanations:
        return f'W/"{row.id}{stale}"'
    known = hashlib.sha256(" ".join(sorted(explanation.id for explanation in explanations)).encode()).hexdigest()
    return f'W/"{row.id}+{known[:16]}{stale}"'


@router.get("/{forecast_id}", summary="Show a forecast", response_model=StoredForecast)
def show_forecast(forecast_id: Id, service: Reader, request: Request) -> Response:
    row = find_forecast(service, forecast_id)
    return forecast_response(row, find_explanations(service, row.id), request, service.settings.fresh_seconds)


@router.get("/{forecast_id}/draws.nc", summary="The posterior draws, as NetCDF that ArviZ opens")
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
