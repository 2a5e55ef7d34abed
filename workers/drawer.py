"""Draws the figures of one stored forecast. Any process, at any time, stores the same figures."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import xarray as xr
from sqlalchemy.orm import Session

from forecast.answer import Answer
from forecast.errands import ErrandKind, ErrandRule, begin_errand
from forecast.figures.checks.draw import Drawings, draw_forecast
from forecast.figures.checks.material import Material
from forecast.runtime.logs import get_logger
from forecast.store import (
    ArtifactStore,
    Database,
    DrawingRepository,
    ErrandRepository,
    ForecastRepository,
    StudyRepository,
    compress_figure,
    stored_file,
    utc_now,
)
from forecast.study import study_from_document

log = get_logger(__name__)


class DrawOutcome(StrEnum):
    """What came of a message about a forecast's figures."""

    DROPPED = "dropped"
    """There is no such forecast, or it is drawn, or being drawn."""
    DRAWN = "drawn"
    """They are stored; what could not be drawn is stored by name."""
    GIVEN_UP = "given up"


def draw(database: Database, artifacts: ArtifactStore, forecast_id: str, rule: ErrandRule) -> DrawOutcome:
    """Draw the figures of a forecast, and all images, if that is wanted."""
    # The attempt is counted by itself: whatever goes wrong afterwards, it is not for ever.
    with database.write() as session:
        forecast = ForecastRepository(session).get(forecast_id)
        if forecast is None:
            return DrawOutcome.DROPPED
        errand = begin_errand(session, ErrandKind.DRAWING, forecast.workspace, forecast_id, rule, utc_now())
        if errand is None:
            return DrawOutcome.DROPPED
        if rule.is_spent(errand):
            ErrandRepository(session).finish(errand, utc_now(), given_up=True)
            _keep(session, forecast_id, {}, {}, [rule.gave_up])
            return DrawOutcome.GIVEN_UP
    drawings = _draw(database, artifacts, forecast_id)
    figures, failures = _compressed(drawings)
    with database.write() as session:
        errands = ErrandRepository(session)
        held = errands.held(errand) or errands.given_up(errand)
        if held is None:
            return DrawOutcome.DROPPED
        errands.finish(held, utc_now())
        _keep(session, forecast_id, figures, drawings.images, failures)
    log.info("figures_drawn", forecast_id=forecast_id, figures=len(figures), failures=failures)
    return DrawOutcome.DRAWN


def _keep(
    session: Session,
    forecast_id: str,
    figures: Mapping[str, bytes],
    images: Mapping[str, bytes],
    failures: Sequence[str],
) -> None:
    drawings = DrawingRepository(session)
    row = drawings.get(forecast_id)
    assert row is not None, "a drawing is made with its forecast"
    drawings.finish(row, figures, images, failures, utc_now())


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
