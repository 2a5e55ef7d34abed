"""Browsers: a key, or a link that is good once, is exchanged for a session that the browser keeps as a cookie."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from forecast.access.keys import find_principal, hash_of, principal_of
from forecast.access.scopes import NotSignedInError, Principal
from forecast.store import KeyRepository
from forecast.store.tables.access import BrowserSessionRow, SignInLinkRow

LINK_LIFE: Final = timedelta(minutes=10)
TOKEN_BYTES: Final = 32


def sign_in(session: Session, key: str, now: datetime, life: timedelta) -> tuple[str, Principal]:
    """Exchange a key for a session; returns what the browser keeps, and its principal.

    Raises
    ------
    NotSignedInError
        When it is no key that holds.
    """
    principal = require_key(session, key, now)
    return _begin(session, principal, now, life), principal


def require_key(session: Session, key: str, now: datetime) -> Principal:
    """The principal of a key.

    Raises
    ------
    NotSignedInError
        When it is no key that holds.
    """
    principal = find_principal(session, key.strip(), now)
    if principal is None:
        raise NotSignedInError("this is no key of this installation, or it is no longer valid; ask for another one")
    return principal


def _begin(session: Session, principal: Principal, now: datetime, life: timedelta) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    keys = KeyRepository(session)
    keys.forget_ended(now)
    keys.add_session(
        BrowserSessionRow(hash=hash_of(token), key_id=principal.key_id, created_at=now, expires_at=now + life)
    )
    keys.note("signed_in", now, principal.workspace, principal.key_id)
    return token


def principal_of_session(session: Session, token: str, now: datetime) -> Principal | None:
    """The principal of a browser; None when its session, or the key behind it, is no longer valid."""
    keys = KeyRepository(session)
    found = keys.session(hash_of(token))
    if found is None or found.expires_at <= now:
        return None
    key = keys.get(found.key_id)
    return None if key is None else principal_of(key, now)


def end_session(session: Session, token: str, now: datetime) -> None:
    """Sign a browser out."""
    keys = KeyRepository(session)
    found = keys.session(hash_of(token))
    if found is not None:
        key = keys.get(found.key_id)
        keys.remove_session(found)
        keys.note("signed_out", now, None if key is None else key.workspace, found.key_id)


def make_link(session: Session, principal: Principal, now: datetime) -> str:
    """A token for a link that signs one browser in as this principal, once and within minutes."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = SignInLinkRow(hash=hash_of(token), key_id=principal.key_id, expires_at=now + LINK_LIFE)
    KeyRepository(session).add_link(row)
    return token


def exchange_link(session: Session, token: str, now: datetime, life: timedelta) -> tuple[str, Principal]:
    """Exchange such a token for a session.

    Raises
    ------
    NotSignedInError
        When it was used already, is too old, or its key is no longer valid.
    """
    keys = KeyRepository(session)
    key_id = keys.take_link(hash_of(token), now)
    row = None if key_id is None else keys.get(key_id)
    principal = None if row is None else principal_of(row, now)
    if principal is None:
        raise NotSignedInError(
            "this link was used already or is too old; get another one with `forecast open`, or sign in with a key"
        )
    return _begin(session, principal, now, life), principal
