"""Drawing the figures of one stored forecast. Whoever does it, and however often, the same figures are stored."""

from __future__ import annotations

import gzip
import json
from enum import StrEnum
from typing import Any, Final

import xarray as xr

from forecast.answer import Answer
from forecast.figures.checks.draw import Drawings, draw_forecast
from forecast.figures.checks.material import Material
from forecast.runtime.logs import get_logger
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
from forecast.study import study_from_document

MAX_ATTEMPTS: Final = 3
"""After so many tries that did not come back, such as for want of memory, a forecast stays without."""

GIVEN_UP: Final = f"given up after {MAX_ATTEMPTS} tries that did not end"

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
    # The try is counted by itself: whatever goes wrong afterwards, it is not for ever.
    with database.write() as session:
        drawing = DrawingRepository(session).get(forecast_id)
        if drawing is None or drawing.drawn_at is not None:
            return DrawOutcome.DROPPED
        drawing.attempts += 1
        if drawing.attempts > MAX_ATTEMPTS:
            DrawingRepository(session).finish(drawing, {}, {}, [GIVEN_UP], utc_now())
            return DrawOutcome.GIVEN_UP
    drawings = _draw(database, artifacts, forecast_id)
    figures, failures = _compressed(drawings)
    with database.write() as session:
        drawing = DrawingRepository(session).get(forecast_id)
        if drawing is None or (drawing.drawn_at is not None and drawing.failures != [GIVEN_UP]):
            return DrawOutcome.DROPPED
        DrawingRepository(session).finish(drawing, figures, drawings.images, failures, utc_now())
    log.info("figures_drawn", forecast_id=forecast_id, figures=len(figures), failures=failures)
    return DrawOutcome.DRAWN


def _compressed(drawings: Drawings) -> tuple[dict[str, bytes], list[str]]:
    """The figures as they are stored, and what could not be drawn or stored."""
    figures, failures = {}, list(drawings.failures)
    for name, figure in drawings.figures.items():
        try:
            figures[name] = compress_figure(figure)
        except (TypeError, ValueError) as error:
            failures.append(f"{name}: {error}")
    return figures, failures


def _stored_figures(forecasts: ForecastRepository, forecast_id: str) -> dict[str, dict[str, Any]]:
    found = ((name, forecasts.figure(forecast_id, name)) for name in forecasts.figure_names(forecast_id))
    return {name: json.loads(gzip.decompress(figure)) for name, figure in found if figure}


def _draw(database: Database, artifacts: ArtifactStore, forecast_id: str) -> Drawings:
    try:
        with database.read() as session:
            forecasts = ForecastRepository(session)
            row = forecasts.get(forecast_id)
            if row is None:
                return Drawings({}, {}, ("the forecast is not in the database",))
            document = StudyRepository(session).document(row.digest)
            stored = _stored_figures(forecasts, forecast_id)
            answer, file = row.answer, stored_file(row)
        if document is None:
            return Drawings({}, {}, ("the document of the forecast is not in the database",))
        study = study_from_document(json.loads(document))
        with xr.open_datatree(artifacts.verified_path(file)) as tree:
            return draw_forecast(Material(study, Answer.model_validate_json(answer), tree), stored)
    except Exception as error:
        log.exception("drawing_failed", forecast_id=forecast_id)
        return Drawings({}, {}, (f"{type(error).__name__}: {error}",))
