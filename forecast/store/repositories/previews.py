"""Previews of priors that were asked for, and their answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from forecast.store.binding import workspace_of
from forecast.store.tables.core import PriorPreviewRow

PATIENCE: Final = timedelta(hours=1)
"""Nobody waits longer for a preview; asking again begins anew."""


class PreviewRepository:
    """Previews, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, digest: str) -> PriorPreviewRow | None:
        return self._session.get(PriorPreviewRow, (workspace_of(self._session), digest))

    def ask(self, digest: str, now: datetime) -> PriorPreviewRow:
        """The preview of a stored document; one that failed is asked for again, one that waits is waited for anew."""
        row = self.get(digest)
        if row is None:
            row = PriorPreviewRow(digest=digest, asked_at=now, attempts=0)
            self._session.add(row)
        elif row.error is not None or (row.made_at is None and row.asked_at < now - PATIENCE):
            row.asked_at, row.published_at, row.made_at, row.error, row.attempts = now, None, None, None, 0
        elif row.made_at is None:
            row.asked_at = now
        self._session.flush()
        return row

    def count_waiting(self, now: datetime) -> int:
        """How many somebody still waits for."""
        waiting = (PriorPreviewRow.made_at.is_(None), PriorPreviewRow.asked_at >= now - PATIENCE)
        return self._session.scalar(select(func.count()).select_from(PriorPreviewRow).where(*waiting)) or 0

    def unheard_since(self, moment: datetime) -> int:
        """How many have been asked for since before a moment, and not too long ago, although the queue was told."""
        query = select(func.count()).where(
            PriorPreviewRow.made_at.is_(None),
            PriorPreviewRow.asked_at < moment,
            PriorPreviewRow.asked_at >= moment - PATIENCE,
            PriorPreviewRow.published_at.is_not(None),
        )
        return self._session.scalar(query) or 0

    def remove_older(self, than: datetime) -> int:
        """Forget previews that were asked for long ago; their documents stay."""
        found = self._session.execute(delete(PriorPreviewRow).where(PriorPreviewRow.asked_at < than))
        return int(getattr(found, "rowcount", 0))

    def unpublished(self, again: datetime, now: datetime, limit: int) -> tuple[tuple[str, str], ...]:
        """Workspace and digest of those that somebody still waits for and of which the queue was not told lately, the
        oldest first."""
        query = (
            select(PriorPreviewRow.workspace, PriorPreviewRow.digest)
            .where(PriorPreviewRow.made_at.is_(None), PriorPreviewRow.asked_at >= now - PATIENCE)
            .where(or_(PriorPreviewRow.published_at.is_(None), PriorPreviewRow.published_at < again))
            .order_by(PriorPreviewRow.asked_at)
            .limit(limit)
        )
        return tuple((row.workspace, row.digest) for row in self._session.execute(query))
