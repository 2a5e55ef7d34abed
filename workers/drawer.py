"""Drawing the figures of one stored forecast. Whoever does it, and however often, the same figures are stored."""

from __future__ import annotations

import gzip
import json
from enum import StrEnum
from typing import Any, Final

import xarray as xr

from forecast.answer import Answer
from forecast.drawing.draw import Drawings, draw_forecast
from forecast.drawing.material import Material
from forecast.logs import get_logger
from forecast.store import (
    ArtifactStore,
    Database,
    DrawingRepository,
    ForecastRepository,
    StudyRepository,
    compress_figure,
    stored_file,
    utc_now,
)
from forecast.store.tables import ForecastRow
from forecast.study import study_from_document

MAX_ATTEMPTS: Final = 3
"""After so many tries that did not come back, such as for want of memory, a forecast stays without."""

log = get_logger(__name__)


class DrawOutcome(StrEnum):
    """What came of a message about a forecast's figures."""

    DROPPED = "dropped"
    """There is no such forecast, or it is drawn."""
    DRAWN = "drawn"
    """They are stored; what could not be drawn is stored by name."""
    GIVEN_UP = "given up"


def draw(database: Database, artifacts: ArtifactStore, forecast_id: str) -> DrawOutcome:
    """Draw the figures of a forecast, and all images, if nobody has."""
    with database.write() as session:
        row, drawing = ForecastRepository(session).get(forecast_id), DrawingRepository(session).get(forecast_id)
        if row is None or drawing is None or drawing.drawn_at is not None:
            return DrawOutcome.DROPPED
        drawing.attempts += 1
        if drawing.attempts > MAX_ATTEMPTS:
            failure = f"given up after {MAX_ATTEMPTS} tries that did not end"
            DrawingRepository(session).finish(drawing, {}, {}, [failure], utc_now())
            return DrawOutcome.GIVEN_UP
        document = StudyRepository(session).document(row.digest)
        stored = _stored_figures(ForecastRepository(session), forecast_id)
        session.expunge(row)
    drawings = _draw(row, document, artifacts, stored)
    with database.write() as session:
        drawing = DrawingRepository(session).get(forecast_id)
        if drawing is None or drawing.drawn_at is not None:
            return DrawOutcome.DROPPED
        figures = {name: compress_figure(figure) for name, figure in drawings.figures.items()}
        DrawingRepository(session).finish(drawing, figures, drawings.images, drawings.failures, utc_now())
    log.info("figures_drawn", forecast_id=forecast_id, figures=len(figures), failures=list(drawings.failures))
    return DrawOutcome.DRAWN


def _stored_figures(forecasts: ForecastRepository, forecast_id: str) -> dict[str, dict[str, Any]]:
    found = ((name, forecasts.figure(forecast_id, name)) for name in forecasts.figure_names(forecast_id))
    return {name: json.loads(gzip.decompress(figure)) for name, figure in found if figure}


def _draw(
    row: ForecastRow, document: str | None, artifacts: ArtifactStore, stored: dict[str, dict[str, Any]]
) -> Drawings:
    try:
        if document is None:
            return Drawings({}, {}, (f"the document {row.digest} is not in the database",))
        study = study_from_document(json.loads(document))
        with xr.open_datatree(artifacts.verified_path(stored_file(row))) as tree:
            return draw_forecast(Material(study, Answer.model_validate_json(row.answer), tree), stored)
    except Exception as error:
        log.error("drawing_failed", forecast_id=row.id, exc_info=error)
        return Drawings({}, {}, (f"{type(error).__name__}: {error}",))
