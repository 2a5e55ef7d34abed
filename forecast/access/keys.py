"""Keys: made once, shown once, kept as a hash, found by the part of them that is no secret."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row
from sqlalchemy.orm import Session

from forecast.access.scopes import KeyRequestError, Principal, Scope, with_implied
from forecast.store import KeyRepository, NotStoredError, WorkspaceRepository
from forecast.store.repositories.keys import read_key
from forecast.store.tables.access import ApiKeyRow

SECRET_BYTES: Final = 32
ID_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
ID_LENGTH: Final = 8
MAX_NAME: Final = 200
MAX_DAYS: Final = 3660
USE_NOTED_EVERY: Final = timedelta(minutes=1)
"""Writing down each single use would make every reader a writer."""

_FORM: Final = re.compile(rf"fc_([{ID_LETTERS}]{{{ID_LENGTH}}})_[A-Za-z0-9_-]{{43}}")
_NO_KEY: Final = "0" * 64


@dataclass(frozen=True)
class NewKey:
    """A key as it was made; its text is nowhere else."""

    text: str
    row: ApiKeyRow


def hash_of(secret: str) -> str:
    """What is kept of a secret of 256 random bits; such a secret cannot be guessed, so the hash need not be slow."""
    return hashlib.sha256(secret.encode()).hexdigest()


def parse_key(text: str) -> str | None:
    """The id within a key's text; None for a text that is no key."""
    found = _FORM.fullmatch(text)
    return found.group(1) if found else None


def create_key(
    session: Session,
    workspace: str,
    name: str,
    scopes: Collection[Scope],
    now: datetime,
    *,
    days: float | None = None,
    made_by: str | None = None,
) -> NewKey:
    """Make a key of a workspace.

    Parameters
    ----------
    days
        How long it holds; None for ever.
    made_by
        Id of the key that asked for it.

    Raises
    ------
    NotStoredError
        When there is no such workspace.
    KeyRequestError
        When name, scopes or days make no sense.
    """
    WorkspaceRepository(session).known(workspace)
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise KeyRequestError(
            f"a key's name has 1 to {MAX_NAME} printable characters; give it one that names its owner"
        )
    if not scopes:
        raise KeyRequestError(f"a key needs a scope; expected some of {', '.join(Scope)}")
    if days is not None and not 0 < days <= MAX_DAYS:
        raise KeyRequestError(f"a key holds for more than 0 and at most {MAX_DAYS} days, not {days:g}; correct it")
    keys = KeyRepository(session)
    while keys.get(key_id := "".join(secrets.choice(ID_LETTERS) for _ in range(ID_LENGTH))) is not None:
        pass
    text = f"fc_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKeyRow(
        id=key_id,
        workspace=workspace,
        name=name,
        hash=hash_of(text),
        scopes=sorted(scope.value for scope in scopes),
        created_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
        made_by=made_by,
    )
    keys.add(row)
    keys.note("key_created", now, workspace, key_id, scopes=row.scopes, made_by=made_by)
    return NewKey(text, row)


def principal_of(row: ApiKeyRow | Row[Any], now: datetime) -> Principal | None:
    """The principal of a key; None when the key is no longer valid."""
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return Principal(row.workspace, row.id, row.name, with_implied(row.scopes), row.last_used_at)


def find_principal(reader: Session | Connection, text: str, now: datetime) -> Principal | None:
    """The principal of the key with this text; None for one that is unknown, revoked or expired."""
    key_id = parse_key(text)
    row = read_key(reader, key_id) if key_id is not None else None
    # Compared in any case, so that the time taken does not reveal which ids exist.
    is_right = hmac.compare_digest(hash_of(text), _NO_KEY if row is None else row.hash)
    return principal_of(row, now) if row is not None and is_right else None


def needs_noting(principal: Principal, now: datetime) -> bool:
    """Whether a use of a key is to be written down."""
    return principal.last_used_at is None or principal.last_used_at < now - USE_NOTED_EVERY


def list_keys(session: Session, workspace: str | None = None) -> tuple[ApiKeyRow, ...]:
    """Keys of a workspace, or of all, the newest first."""
    return KeyRepository(session).of_workspace(workspace)


def revoke_key(
    session: Session,
    key_id: str,
    now: datetime,
    *,
    workspace: str | None = None,
    made_by: str | None = None,
    with_made: bool = False,
) -> tuple[ApiKeyRow, ...]:
    """End a key, and every browser that it has signed in.

    Parameters
    ----------
    made_by
        Id of the key that asks for it.
    with_made
        Whether the keys that it made end as well, those that these made, and so on.

    Returns
    -------
    The key first, then those of the others that still held.

    Raises
    ------
    NotStoredError
        When there is no such key, or it is another workspace's.
    """
    keys = KeyRepository(session)
    row = keys.get(key_id)
    if row is None or (workspace is not None and row.workspace != workspace):
        raise NotStoredError(f"there is no key {key_id[:64]!r}")
    others = tuple(other for other in keys.made_by(key_id) if other.revoked_at is None) if with_made else ()
    for ended in (row, *others):
        if ended.revoked_at is None:
            ended.revoked_at = now
            keys.end_sessions(ended.id)
            keys.note("key_revoked", now, ended.workspace, ended.id, made_by=made_by)
    return (row, *others)
