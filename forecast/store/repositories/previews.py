"""Previews of priors that were asked for, and their answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from forecast.store.binding import workspace_of
from forecast.store.repositories.errands import ErrandRepository
from forecast.store.tables.core import PriorPreviewRow
from forecast.store.tables.errands import ErrandRow

PREVIEW: Final = "preview"
"""The kind of its errands."""
PATIENCE: Final = timedelta(hours=1)
"""No client waits longer for a preview; asking again starts over."""


class PreviewRepository:
    """Previews, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, digest: str) -> PriorPreviewRow | None:
        return self._session.get(PriorPreviewRow, (workspace_of(self._session), digest))

    def ask(self, digest: str, now: datetime) -> PriorPreviewRow:
        """The preview of a stored document; one that failed is requested again, one that waits gets a new wait."""
        errands, workspace = ErrandRepository(self._session), workspace_of(self._session)
        row = self.get(digest)
        if row is None:
            row = PriorPreviewRow(digest=digest, asked_at=now)
            self._session.add(row)
            errands.want(PREVIEW, workspace, digest, now, anew=True)
        elif row.error is not None or (row.made_at is None and row.asked_at < now - PATIENCE):
            row.asked_at, row.made_at, row.error = now, None, None
            errands.want(PREVIEW, workspace, digest, now, anew=True)
        elif row.made_at is None:
            row.asked_at = now
        self._session.flush()
        return row

    def count_waiting(self, now: datetime) -> int:
        """How many are still waited for."""
        waiting = (PriorPreviewRow.made_at.is_(None), PriorPreviewRow.asked_at >= now - PATIENCE)
        return self._session.scalar(select(func.count()).select_from(PriorPreviewRow).where(*waiting)) or 0

    def remove_older(self, than: datetime) -> int:
        """Forget previews that were asked for long ago; their documents stay."""
        found = self._session.execute(delete(PriorPreviewRow).where(PriorPreviewRow.asked_at < than))
        return int(getattr(found, "rowcount", 0))

    def next_due(self, due: Select[str, str], now: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """Workspace and digest of previews that are still waited for, among errands that are due."""
        mine = (PriorPreviewRow.workspace == ErrandRow.workspace) & (PriorPreviewRow.digest == ErrandRow.key)
        query = due.join(PriorPreviewRow, mine).where(PriorPreviewRow.asked_at >= now - PATIENCE)
        return tuple((row[0], row[1]) for row in self._session.execute(query.limit(limit)))
