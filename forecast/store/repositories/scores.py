"""Scores: added once for each resolution, never changed. A corrected resolution adds others beside them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from forecast.store.tables.core import JobRow
from forecast.store.tables.living import ScoreRow

Key = tuple[str, str, str, str]
"""Forecast, outcome, forecaster, resolution."""


class ScoreRepository:
    """Scores, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_missing(self, study: str, rows: Iterable[ScoreRow]) -> int:
        """Keep the scores that are not there yet; how many those were."""
        known = self.keys(study)
        new = [row for row in rows if key_of(row) not in known]
        self._session.add_all(new)
        self._session.flush()
        return len(new)

    def keys(self, study: str) -> frozenset[Key]:
        """What has been scored."""
        columns = ScoreRow.forecast_id, ScoreRow.outcome, ScoreRow.forecaster, ScoreRow.resolution
        found = self._session.execute(select(*columns).where(ScoreRow.study == study))
        return frozenset((forecast, outcome, by, resolution) for forecast, outcome, by, resolution in found)

    def never_asked(self, forecaster: str, kind: str, limit: int) -> tuple[tuple[str, str], ...]:
        """Workspace and id of forecasts that a forecaster has a score for, and of which no job of a kind was ever asked for,
        oldest first."""
        asked = select(JobRow.target).where(JobRow.kind == kind, JobRow.target.is_not(None))
        query = select(ScoreRow.workspace, ScoreRow.forecast_id).where(
            ScoreRow.forecaster == forecaster, ScoreRow.forecast_id.not_in(asked)
        )
        found = self._session.execute(query.distinct().order_by(ScoreRow.forecast_id).limit(limit))
        return tuple((row.workspace, row.forecast_id) for row in found)

    def of_study(self, study: str) -> tuple[ScoreRow, ...]:
        """All scores, in the order in which they were added."""
        return tuple(self._session.scalars(select(ScoreRow).where(ScoreRow.study == study).order_by(ScoreRow.id)))


def key_of(row: ScoreRow) -> Key:
    """What a score is about."""
    return row.forecast_id, row.outcome, row.forecaster, row.resolution
