"""Who may do what: keys of workspaces, and the browsers that they sign in."""

from __future__ import annotations

from forecast.access.keys import NewKey, create_key, find_principal, list_keys, parse_key, revoke_key
from forecast.access.local_key import ensure_local_key
from forecast.access.scopes import AccessError, NotSignedInError, Principal, Scope, ScopeMissingError
from forecast.access.sessions import end_session, exchange_link, make_link, principal_of_session, require_key, sign_in

__all__ = [
    "AccessError",
    "NewKey",
    "NotSignedInError",
    "Principal",
    "Scope",
    "ScopeMissingError",
    "create_key",
    "end_session",
    "ensure_local_key",
    "exchange_link",
    "find_principal",
    "list_keys",
    "make_link",
    "parse_key",
    "principal_of_session",
    "require_key",
    "revoke_key",
    "sign_in",
]
