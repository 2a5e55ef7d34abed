"""Errands: what waits for a worker without being a job. The outbox of the queue for all of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from forecast.store.tables.columns import UtcDateTime
from forecast.store.tables.core import Base, Workspaced


class ErrandRow(Workspaced, Base):
    """One thing to do for a workspace; what comes of it stands in a table of its kind."""

    __tablename__ = "errand"
    __table_args__ = (Index("ix_errand_kind_done_at_not_before", "kind", "done_at", "not_before"),)

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    """What it is about: `study/source`, or the id of an alert or a forecast, or the digest of a document."""
    wanted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Since when; another moment is another wish, which an attempt at the one before does not fulfil."""
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    """When the next attempt may begin."""
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was last published."""
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """While an attempt runs: when it is given up."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Begun since it is wanted."""
    given_up: Mapped[bool] = mapped_column(default=False)
    """Whether it ended without a result because no attempt came to its end."""
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """None until it is done, or given up."""
