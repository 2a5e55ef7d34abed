"""Queries about keys, the browsers that they have signed in, and what there is to remember of that."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, bindparam, delete, select, update
from sqlalchemy.orm import Session

from forecast.store.repositories.clocks import ClockRepository
from forecast.store.tables.access import AccessEventRow, ApiKeyRow, BrowserSessionRow, SignInLinkRow

_KEYS: Final = ApiKeyRow.__table__.c
_HELD: Final = select(
    _KEYS.id,
    _KEYS.workspace,
    _KEYS.name,
    _KEYS.hash,
    _KEYS.scopes,
    _KEYS.expires_at,
    _KEYS.revoked_at,
    _KEYS.last_used_at,
).where(_KEYS.id == bindparam("key_id"))


def read_key(reader: Session | Connection, key_id: str) -> Row[Any] | None:
    """The columns of a key by which one is let in; every request asks for them, so they come without an object."""
    return cast("Row[Any] | None", reader.execute(_HELD, {"key_id": key_id}).one_or_none())


class KeyRepository:
    """Keys of all workspaces, as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: ApiKeyRow) -> None:
        self._session.add(row)
        self._session.flush()

    def get(self, key_id: str) -> ApiKeyRow | None:
        return self._session.get(ApiKeyRow, key_id)

    def of_workspace(self, workspace: str | None) -> tuple[ApiKeyRow, ...]:
        """Keys of a workspace, or of all, the newest first."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.created_at.desc(), ApiKeyRow.id)
        if workspace is not None:
            query = query.where(ApiKeyRow.workspace == workspace)
        return tuple(self._session.scalars(query))

    def made_by(self, key_id: str) -> tuple[ApiKeyRow, ...]:
        """Keys that a key has made, those that these have made, and so on."""
        found: dict[str, ApiKeyRow] = {}
        makers = {key_id}
        while makers:
            rows = self._session.scalars(select(ApiKeyRow).where(ApiKeyRow.made_by.in_(makers)))
            new = {row.id: row for row in rows if row.id not in found and row.id != key_id}
            found |= new
            makers = set(new)
        return tuple(found.values())

    def note_use(self, key_id: str, now: datetime) -> None:
        self._session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(last_used_at=now))

    def add_session(self, row: BrowserSessionRow) -> None:
        self._session.add(row)
        self._session.flush()

    def session(self, digest: str) -> BrowserSessionRow | None:
        return self._session.get(BrowserSessionRow, digest)

    def remove_session(self, row: BrowserSessionRow) -> None:
        self._session.delete(row)
        self._session.flush()

    def end_sessions(self, key_id: str) -> None:
        """Sign out every browser that a key has signed in, and those that it was about to."""
        self._session.execute(delete(BrowserSessionRow).where(BrowserSessionRow.key_id == key_id))
        self._session.execute(delete(SignInLinkRow).where(SignInLinkRow.key_id == key_id))

    def forget_ended(self, now: datetime) -> None:
        """Remove sessions and links that are over, unless the clock by which they are may be wrong."""
        if not ClockRepository(self._session).is_trusted():
            return
        self._session.execute(delete(BrowserSessionRow).where(BrowserSessionRow.expires_at <= now))
        self._session.execute(delete(SignInLinkRow).where(SignInLinkRow.expires_at <= now))

    def add_link(self, row: SignInLinkRow) -> None:
        self._session.add(row)
        self._session.flush()

    def take_link(self, digest: str, now: datetime) -> str | None:
        """The key behind a link that is still good; from now on it is not. None when it is not."""
        chosen = SignInLinkRow.hash == digest, SignInLinkRow.expires_at > now
        return self._session.scalar(delete(SignInLinkRow).where(*chosen).returning(SignInLinkRow.key_id))

    def note(self, event: str, now: datetime, workspace: str | None, key_id: str | None, **detail: Any) -> None:
        """Remember that something happened."""
        self._session.add(AccessEventRow(event=event, at=now, workspace=workspace, key_id=key_id, detail=detail))
        self._session.flush()

    def events(self) -> tuple[AccessEventRow, ...]:
        """All that is remembered, in order."""
        return tuple(self._session.scalars(select(AccessEventRow).order_by(AccessEventRow.id)))
