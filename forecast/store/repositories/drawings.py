"""Which forecasts wait for their figures, and what was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from forecast.store.tables.core import DrawingRow, FigureRow, ForecastRow
from forecast.store.tables.errands import ErrandRow


class DrawingRepository:
    """Queries over drawings and the images of figures."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, forecast_id: str) -> DrawingRow | None:
        return self._session.get(DrawingRow, forecast_id)

    def next_due(self, due: Select[str, str], made_before: datetime | None = None) -> tuple[str, str] | None:
        """Workspace and id of the newest forecast among errands that are due.

        Parameters
        ----------
        due
            Of `ErrandRepository.due`.
        made_before
            Only of forecasts that were made before a moment and are still the newest of their study.
        """
        query = due.join(ForecastRow, ForecastRow.id == ErrandRow.key).order_by(None).order_by(ForecastRow.id.desc())
        if made_before is not None:
            newer = aliased(ForecastRow)
            has_newer = exists().where(
                newer.workspace == ForecastRow.workspace, newer.study == ForecastRow.study, newer.id > ForecastRow.id
            )
            query = query.where(ForecastRow.made_at <= made_before, ~has_newer)
        found = self._session.execute(query.limit(1)).one_or_none()
        return None if found is None else (found[0], found[1])

    def finish(
        self,
        row: DrawingRow,
        figures: Mapping[str, bytes],
        images: Mapping[str, bytes],
        failures: Sequence[str],
        now: datetime,
    ) -> None:
        """Keep what was drawn (gzip-compressed JSON and PNGs by name); what was there is replaced."""
        for name, figure in figures.items():
            self._session.merge(FigureRow(forecast_id=row.forecast_id, name=name, json_gzip=figure))
        self._session.flush()
        for name, image in images.items():
            stored = self._session.get(FigureRow, (row.forecast_id, name))
            if stored is not None:
                stored.png = image
        row.failures, row.drawn_at = list(failures), now
        self._session.flush()

    def image(self, forecast_id: str, name: str) -> bytes | None:
        """A figure as PNG."""
        query = select(FigureRow.png).where(FigureRow.forecast_id == forecast_id, FigureRow.name == name)
        return self._session.scalar(query)

    def image_names(self, forecast_id: str) -> frozenset[str]:
        """Figures that have an image."""
        query = select(FigureRow.name).where(FigureRow.forecast_id == forecast_id, FigureRow.png.is_not(None))
        return frozenset(self._session.scalars(query))
