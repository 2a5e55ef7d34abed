"""Which forecasts wait for their figures, and what was drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from forecast.store.tables.core import DrawingRow, FigureRow, ForecastRow


class DrawingRepository:
    """Queries over drawings and the images of figures."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, forecast_id: str) -> DrawingRow | None:
        return self._session.get(DrawingRow, forecast_id)

    def count_pending(self, since: datetime) -> int:
        """How many the queue was told of since a moment that have not been drawn yet."""
        query = select(func.count()).where(DrawingRow.drawn_at.is_(None), DrawingRow.published_at >= since)
        return self._session.scalar(query) or 0

    def unheard_since(self, moment: datetime) -> int:
        """How many the queue was told of before a moment, and not since, that have not been drawn."""
        query = select(func.count()).where(DrawingRow.drawn_at.is_(None), DrawingRow.published_at < moment)
        return self._session.scalar(query) or 0

    def next_waiting(self, again: datetime) -> str | None:
        """The newest forecast that is not drawn and of which the queue has not been told since a moment."""
        return self._session.scalar(_waiting(again))

    def next_lasting(self, again: datetime, made_before: datetime) -> str | None:
        """As `next_waiting`, of those that were made before a moment and are still the newest of their study."""
        newer = aliased(ForecastRow)
        has_newer = exists().where(
            newer.workspace == ForecastRow.workspace, newer.study == ForecastRow.study, newer.id > ForecastRow.id
        )
        return self._session.scalar(_waiting(again).where(ForecastRow.made_at <= made_before, ~has_newer))

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


def _waiting(again: datetime) -> Select[str]:
    return (
        select(ForecastRow.id)
        .join(DrawingRow, DrawingRow.forecast_id == ForecastRow.id)
        .where(DrawingRow.drawn_at.is_(None))
        .where(or_(DrawingRow.published_at.is_(None), DrawingRow.published_at < again))
        .order_by(DrawingRow.forecast_id.desc())
        .limit(1)
    )
