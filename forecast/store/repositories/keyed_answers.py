"""Answers to requests that came with an idempotency key, stored in the transaction of what they made.

A key is taken when the transaction begins. A request with the same key waits until that transaction ends. It then finds
the answer, or takes the key itself if nothing was stored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, delete, select, tuple_, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from forecast.store.binding import workspace_of
from forecast.store.tables.columns import UtcDateTime
from forecast.store.tables.core import DIGEST, Base, Workspaced
from forecast.store.upsert import insert_into


class KeyedAnswerRow(Workspaced, Base):
    """What a request with a key was answered."""

    __tablename__ = "keyed_answer"
    __table_args__ = (Index("ix_keyed_answer_created_at", "created_at"),)

    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    route: Mapped[str] = mapped_column(String(128))
    """Method and template of the address, to recognise a key that is used for another request."""
    request_hash: Mapped[str] = mapped_column(DIGEST)
    status: Mapped[int | None]
    """None only within the transaction that has taken the key."""
    headers: Mapped[dict[str, Any]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """Compressed, or sealed where it holds a secret."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KeyedAnswerRepository:
    """Answers under keys, as one transaction of a workspace sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, key: str) -> KeyedAnswerRow | None:
        """The answer under a key; None before there is one."""
        query = select(KeyedAnswerRow).where(KeyedAnswerRow.key == key, KeyedAnswerRow.status.is_not(None))
        return self._session.scalar(query.execution_options(populate_existing=True))

    def take(self, key: str, route: str, request_hash: str, now: datetime) -> bool:
        """Take a key for this transaction, after any other that has taken it; returns whether it was free."""
        statement = insert_into(self._session, KeyedAnswerRow).values(
            workspace=workspace_of(self._session),
            key=key,
            route=route,
            request_hash=request_hash,
            status=None,
            headers={},
            body=b"",
            created_at=now,
        )
        taken = statement.on_conflict_do_nothing().returning(KeyedAnswerRow.key)
        return self._session.scalar(taken) is not None

    def keep(self, key: str, status: int, headers: dict[str, str], body: bytes) -> None:
        """Put the answer under a key that this transaction has taken."""
        statement = update(KeyedAnswerRow).where(
            KeyedAnswerRow.workspace == workspace_of(self._session), KeyedAnswerRow.key == key
        )
        self._session.execute(
            statement.values(status=status, headers=headers, body=body).execution_options(synchronize_session=False)
        )

    def remove_older(self, than: datetime, limit: int) -> int:
        """Remove answers older than a moment, in all workspaces; returns how many."""
        which = tuple_(KeyedAnswerRow.workspace, KeyedAnswerRow.key)
        old = select(KeyedAnswerRow.workspace, KeyedAnswerRow.key).where(KeyedAnswerRow.created_at < than).limit(limit)
        statement = delete(KeyedAnswerRow).where(which.in_(old)).execution_options(synchronize_session=False)
        return int(self._session.execute(statement).rowcount)  # type: ignore[attr-defined]
