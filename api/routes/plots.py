"""Figures of a stored forecast: as Plotly reads them, and as images."""

from __future__ import annotations

import gzip
import json
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session
from starlette.responses import Response

from api.requests import Id
from api.root_path import here
from api.routes.forecasts import FOR_EVER, find_forecast
from api.service import Reader
from forecast.jobs.drawings import ask_for_drawing
from forecast.store import DrawingRepository, ForecastRepository, NotStoredError, utc_now

router = APIRouter(prefix="/v1/forecasts", tags=["forecasts"])

PNG: Final = "image/png"

FigureName = Annotated[str, Path(description="Name of a figure, as the list of figures has it.")]


class FigureView(BaseModel):
    """One figure of a forecast."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str
    """Name of the figure."""
    title: str | None
    """Title of the figure; null without one."""
    caption: str | None
    """What the figure shows, in words; null without one."""
    table: dict[str, Any] | None
    """The figure's numbers as `columns` and `rows`; null without them."""
    json_url: str
    """Address of the figure as Plotly JSON, on this service."""
    png_url: str | None
    """Address of the figure as a PNG image, on this service; null until it is drawn."""


class ForecastFigures(BaseModel):
    """The figures of a forecast that exist so far."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    forecast_id: str
    """UUID of the forecast."""
    drawn_at: datetime | None
    """When the diagnostic figures and all images were drawn (UTC); null until then."""
    failures: list[str]
    """What could not be drawn, and why."""
    figures: list[FigureView]
    """The figures."""


@router.get("/{forecast_id}/plots", summary="List the figures of a forecast", operation_id="list_figures")
def list_plots(forecast_id: Id, service: Reader) -> ForecastFigures:
    """Figures that do not exist yet are drawn as a result of this request."""
    row = find_forecast(service, forecast_id)
    ask_for_drawing(service.database, service.publisher, row, utc_now())
    with service.database.read() as session:
        drawing = DrawingRepository(session).get(row.id)
        return ForecastFigures(
            forecast_id=row.id,
            drawn_at=None if drawing is None else drawing.drawn_at,
            failures=[] if drawing is None else list(drawing.failures),
            figures=read_figures(session, row.id),
        )


def read_figures(session: Session, forecast_id: str) -> list[FigureView]:
    """The figures of a forecast by name, with what their layouts say of them."""
    forecasts, images = ForecastRepository(session), DrawingRepository(session).image_names(forecast_id)
    found = []
    for name in forecasts.figure_names(forecast_id):
        figure = forecasts.figure(forecast_id, name)
        layout = json.loads(gzip.decompress(figure)).get("layout", {}) if figure else {}
        base = here(f"/v1/forecasts/{forecast_id}/plots/{name}")
        meta = layout.get("meta") or {}
        found.append(
            FigureView(
                name=name,
                title=meta.get("title"),
                caption=meta.get("caption"),
                table=meta.get("table"),
                json_url=f"{base}.json",
                png_url=f"{base}.png" if name in images else None,
            )
        )
    return found


@router.get(
    "/{forecast_id}/plots/{name}.json",
    summary="A figure, as Plotly reads it",
    operation_id="show_figure",
    response_model=dict[str, Any],
)
def show_plot(forecast_id: Id, name: FigureName, service: Reader, request: Request) -> Response:
    row = find_forecast(service, forecast_id)
    with service.database.read() as session:
        forecasts = ForecastRepository(session)
        figure = forecasts.figure(row.id, name) if "\0" not in name else None
        names = forecasts.figure_names(row.id) if figure is None else ()
    if figure is None:
        raise NotStoredError(f"the forecast has no figure {name[:64]!r}; it has {', '.join(names) or 'none'}")
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        figure = gzip.decompress(figure)
    return Response(figure, media_type="application/json", headers=headers)


@router.get(
    "/{forecast_id}/plots/{name}.png",
    summary="A figure, as an image",
    operation_id="show_figure_image",
    response_class=Response,
    responses={200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}}},
)
def show_image(forecast_id: Id, name: FigureName, service: Reader) -> Response:
    row = find_forecast(service, forecast_id)
    with service.database.read() as session:
        drawings = DrawingRepository(session)
        image = drawings.image(row.id, name) if "\0" not in name else None
        drawing, names = drawings.get(row.id), drawings.image_names(row.id)
    if image is None:
        waits = "they are being drawn, ask again in a moment" if drawing and drawing.drawn_at is None else "none waits"
        raise NotStoredError(
            f"the forecast has no image {name[:64]!r}; it has {', '.join(sorted(names)) or 'none'}, and {waits}"
        )
    return Response(image, media_type=PNG, headers={"Cache-Control": FOR_EVER})
