"""The tables of who may do what: keys, sessions of browsers, and the log of attempts to get in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from forecast.store.tables.columns import UtcDateTime
from forecast.store.tables.core import DIGEST, ROW_NUMBER, WORKSPACE_ID, Base

KEY_ID = String(16)


class ApiKeyRow(Base):
    """A key of a workspace. Only its hash is kept: it holds 32 random bytes, so it cannot be guessed."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_workspace", "workspace"), Index("ix_api_key_made_by", "made_by"))

    id: Mapped[str] = mapped_column(KEY_ID, primary_key=True)
    """Part of the key itself, by which it is found."""
    workspace: Mapped[str] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(DIGEST)
    """SHA-256 of the whole key."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_by: Mapped[str | None] = mapped_column(KEY_ID)
    """Id of the key that asked for it; None for one made on the machine of the database."""


class BrowserSessionRow(Base):
    """A browser that a key has signed in; it can do what the key can, for as long as the key holds."""

    __tablename__ = "browser_session"
    __table_args__ = (Index("ix_browser_session_expires_at", "expires_at"),)

    hash: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    """SHA-256 of what the browser holds."""
    key_id: Mapped[str] = mapped_column(ForeignKey("api_key.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignInLinkRow(Base):
    """A link that signs one browser in, once and soon."""

    __tablename__ = "sign_in_link"

    hash: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("api_key.id"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AccessEventRow(Base):
    """A key made or revoked, a sign-in, an attempt that failed; never changed, never removed."""

    __tablename__ = "access_event"

    id: Mapped[int] = mapped_column(ROW_NUMBER, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(String(32))
    workspace: Mapped[str | None] = mapped_column(WORKSPACE_ID)
    key_id: Mapped[str | None] = mapped_column(KEY_ID)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
