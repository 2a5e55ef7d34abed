"""Contexts of the sign-in page and of the access page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from api.pages.shared.page import PageContext
from forecast.access import Principal, Scope
from forecast.jobs.quotas import Usage
from forecast.store.tables.access import ApiKeyRow
from forecast.wording import numbers

SCOPE_WORDS = {
    Scope.READ: "see everything and ask what if",
    Scope.SUBMIT: "store studies and evidence, submit and cancel jobs, make schedules and subscriptions",
    Scope.ADMIN: "make and revoke keys of this workspace",
    Scope.METRICS: "read the counts of the installation",
}


@dataclass(frozen=True, kw_only=True)
class SignInPage(PageContext):
    """Where a browser gets its session."""

    template: ClassVar[str] = "sign_in.html"

    next_path: str
    """Where to go on afterwards."""
    problem: str | None
    """Why the last attempt failed."""
    workspace: str | None
    """Key of this browser's session, if any: a link must not replace it without asking."""


@dataclass(frozen=True)
class KeyRow:
    """A key in the table of keys."""

    id: str
    name: str
    scopes: str
    made: str
    made_by: str
    used: str
    holds: str
    is_over: bool
    made_keys: int
    """Number of valid keys that it made, directly or through keys that it made."""


@dataclass(frozen=True, kw_only=True)
class AccessPage(PageContext):
    """The caller, the use of limits, and the keys of the workspace."""

    template: ClassVar[str] = "access.html"

    workspace: str
    key_name: str
    rights: tuple[tuple[str, str], ...]
    """Scope and what it stands for."""
    usage: tuple[tuple[str, str], ...]
    is_admin: bool
    keys: tuple[KeyRow, ...]
    scopes: tuple[tuple[str, str], ...]
    """Those that a new key may get."""


def build_sign_in(next_path: str, problem: str | None = None, workspace: str | None = None) -> SignInPage:
    """The page on which a browser signs in."""
    return SignInPage(page_title="Sign in", next_path=next_path, problem=problem, workspace=workspace)


def build_access(caller: Principal, usage: Usage, keys: Iterable[ApiKeyRow], now: datetime) -> AccessPage:
    """The page of the caller's access."""
    limits = usage.limits
    rows = tuple(keys)
    return AccessPage(
        page_title=f"Access · {caller.workspace}",
        json_url="/v1/access",
        workspace=caller.workspace,
        key_name=caller.name,
        rights=tuple((scope.value, words) for scope, words in SCOPE_WORDS.items() if scope in caller.scopes),
        usage=(
            ("Jobs running", f"{usage.running} of {limits.running}"),
            ("Jobs waiting", f"{usage.queued} of {limits.queued}"),
            ("Jobs accepted within 24 hours", f"{usage.daily} of {limits.daily}"),
        ),
        is_admin=Scope.ADMIN in caller.scopes,
        keys=tuple(_key_row(row, rows, now) for row in rows),
        scopes=tuple((scope.value, words) for scope, words in SCOPE_WORDS.items() if scope in caller.scopes),
    )


def _is_over(row: ApiKeyRow, now: datetime) -> bool:
    return row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now)


def _made(row: ApiKeyRow, rows: Iterable[ApiKeyRow]) -> set[str]:
    """Ids of the keys that a key has made, those that these have made, and so on."""
    found: set[str] = set()
    makers = {row.id}
    while makers:
        makers = {other.id for other in rows if other.made_by in makers} - found - {row.id}
        found |= makers
    return found


def _key_row(row: ApiKeyRow, rows: tuple[ApiKeyRow, ...], now: datetime) -> KeyRow:
    is_expired = row.expires_at is not None and row.expires_at <= now
    names = {other.id: other.name for other in rows}
    made = _made(row, rows)
    if row.revoked_at is not None:
        holds = f"revoked {numbers.moment(row.revoked_at)}"
    elif row.expires_at is None:
        holds = "until it is revoked"
    else:
        holds = f"{'expired' if is_expired else 'until'} {numbers.moment(row.expires_at)}"
    return KeyRow(
        id=row.id,
        name=row.name,
        scopes=", ".join(row.scopes),
        made=numbers.moment(row.created_at),
        made_by="this machine" if row.made_by is None else names.get(row.made_by, row.made_by),
        used="never" if row.last_used_at is None else numbers.moment(row.last_used_at),
        holds=holds,
        is_over=_is_over(row, now),
        made_keys=sum(other.id in made and not _is_over(other, now) for other in rows),
    )
