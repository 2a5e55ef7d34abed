"""Numbers for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from api.metrics import exposition
from api.service import MetricsReader
from forecast.jobs.counting import read_measurements
from forecast.store import utc_now

router = APIRouter()


@router.get(
    "/metrics",
    summary="Numbers of the whole installation, for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def show_metrics(request: Request, service: MetricsReader) -> Response:
    """Counts of jobs, stages, leases and schedules come from the database, those of requests from this process alone."""
    with service.everywhere.read() as session:
        measurements = read_measurements(session, utc_now())
    return Response(exposition(measurements, request.app.state.counts), media_type=CONTENT_TYPE_LATEST)
