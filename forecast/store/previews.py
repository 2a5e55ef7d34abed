"""Previews of priors that were asked for, and their answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from forecast.store.tables import PriorPreviewRow


class PreviewRepository:
    """Previews, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, digest: str) -> PriorPreviewRow | None:
        return self._session.get(PriorPreviewRow, digest)

    def ask(self, digest: str, now: datetime) -> PriorPreviewRow:
        """The preview of a stored document; one that failed is asked for again."""
        row = self.get(digest)
        if row is None:
            row = PriorPreviewRow(digest=digest, asked_at=now, attempts=0)
            self._session.add(row)
        elif row.error is not None:
            row.asked_at, row.published_at, row.made_at, row.error, row.attempts = now, None, None, None, 0
        self._session.flush()
        return row

    def unpublished(self, again: datetime, since: datetime, limit: int) -> tuple[str, ...]:
        """Digests asked for since a moment that have no answer and of which the queue was not told lately."""
        query = (
            select(PriorPreviewRow.digest)
            .where(PriorPreviewRow.made_at.is_(None), PriorPreviewRow.asked_at >= since)
            .where(or_(PriorPreviewRow.published_at.is_(None), PriorPreviewRow.published_at < again))
            .order_by(PriorPreviewRow.asked_at)
            .limit(limit)
        )
        return tuple(self._session.scalars(query))
