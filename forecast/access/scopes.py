"""What a key may do, and the principal that holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import ClassVar

from forecast.errors import ForecastError


class Scope(StrEnum):
    """What a key may do in its workspace."""

    READ = "read"
    """See everything, and ask what if."""
    SUBMIT = "submit"
    """Also store studies and evidence, submit and cancel jobs, make schedules and subscriptions."""
    ADMIN = "admin"
    """Also make and revoke keys of the workspace."""
    METRICS = "metrics"
    """Read the counts of the whole installation, and nothing else."""


_IMPLIED = {Scope.SUBMIT: {Scope.READ}, Scope.ADMIN: {Scope.READ, Scope.SUBMIT}}


def with_implied(scopes: Iterable[str]) -> frozenset[Scope]:
    """The scopes that some scopes bring with them, themselves included; one that is not known brings nothing."""
    return _with_implied(frozenset(scopes))


@cache
def _with_implied(scopes: frozenset[str]) -> frozenset[Scope]:
    # Asked with every request. Few sets are ever seen: they come from our own rows, and hold what there was when made.
    known = {scope for scope in Scope if scope in scopes}
    return frozenset(known.union(*(_IMPLIED.get(scope, set()) for scope in known)))


@dataclass(frozen=True)
class Principal:
    """The caller of a request, as its key identifies it."""

    workspace: str
    key_id: str
    name: str
    scopes: frozenset[Scope]
    last_used_at: datetime | None = field(default=None, compare=False)
    """As it was noted before this request."""

    def require(self, scope: Scope) -> None:
        """Make sure that this is allowed.

        Raises
        ------
        ScopeMissingError
            When it is not.
        """
        if scope not in self.scopes:
            held = ", ".join(sorted(self.scopes)) or "none"
            raise ScopeMissingError(
                f"this needs the scope {scope.value!r}, the key {self.name!r} has {held}; use another key, or have one made "
                f"with `forecast key create --scope {scope.value}`"
            )


class AccessError(ForecastError, PermissionError):
    """Something is not allowed."""


class NotSignedInError(AccessError):
    """The caller is not known: no key, or one that is no longer valid. Which of the two is not revealed."""

    code: ClassVar[str] = "not_signed_in"


class ScopeMissingError(AccessError):
    """The caller is known, and may not do this."""

    code: ClassVar[str] = "scope_missing"


class KeyRequestError(ForecastError, ValueError):
    """A key cannot be made as asked for."""

    code: ClassVar[str] = "key_invalid"
