"""Heads of forecasts, for what is asked over and over: no objects are made, and the answer is not read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from forecast.store.tables.core import ExplanationRow, ForecastRow

_FORECASTS: Final = ForecastRow.__table__.c
_EXPLANATIONS: Final = ExplanationRow.__table__.c
_HEAD: Final = (
    select(_FORECASTS.made_at, func.max(_EXPLANATIONS.id))
    .select_from(ForecastRow.__table__.outerjoin(ExplanationRow.__table__, _EXPLANATIONS.forecast_id == _FORECASTS.id))
    .where(_FORECASTS.id == bindparam("forecast_id"), _FORECASTS.workspace == bindparam("workspace"))
    .group_by(_FORECASTS.made_at, _EXPLANATIONS.kind)
)


@dataclass(frozen=True)
class ForecastHead:
    """What shows whether a forecast is the one that a client has."""

    id: str
    made_at: datetime
    explanations: tuple[str, ...]
    """Ids of the newest explanation of each kind, in no particular order."""


def read_head(connection: Connection, workspace: str, forecast_id: str) -> ForecastHead | None:
    """A workspace's forecast without its answer, which is most of it."""
    rows = connection.execute(_HEAD, {"forecast_id": forecast_id, "workspace": workspace}).all()
    if not rows:
        return None
    ids: list[str | None] = [row[1] for row in rows]
    return ForecastHead(forecast_id, rows[0][0], tuple(found for found in ids if found is not None))
