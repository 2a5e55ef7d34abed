"""Previews of priors that were asked for, and their answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, update
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

    def has_unwaited(self, now: datetime) -> bool:
        """Whether there are errands of previews that no caller waits for any more, or that were removed."""
        return self._session.scalar(select(ErrandRow.key).where(*_unwaited(now)).limit(1)) is not None

    def end_unwaited(self, now: datetime) -> None:
        """End these errands."""
        over = update(ErrandRow).where(*_unwaited(now)).values(done_at=now, claimed_until=None)
        self._session.execute(over.execution_options(synchronize_session=False))

    def next_due(self, due: Select[str, str], now: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """Workspace and digest of previews that are still waited for, among errands that are due."""
        mine = (PriorPreviewRow.workspace == ErrandRow.workspace) & (PriorPreviewRow.digest == ErrandRow.key)
        query = due.join(PriorPreviewRow, mine).where(PriorPreviewRow.asked_at >= now - PATIENCE)
        return tuple((row[0], row[1]) for row in self._session.execute(query.limit(limit)))


def _unwaited(now: datetime) -> tuple[ColumnElement[bool], ...]:
    mine = (PriorPreviewRow.workspace == ErrandRow.workspace) & (PriorPreviewRow.digest == ErrandRow.key)
    waited_for = exists().where(mine, PriorPreviewRow.asked_at >= now - PATIENCE)
    return ErrandRow.kind == PREVIEW, ErrandRow.done_at.is_(None), ~waited_for
