"""Identifies the caller, by the key in the header or the session that a key opened in a browser.

A browser also sends its cookie with requests that other sites cause. So a request that changes something and comes with
a cookie must come from a page of this service, as stated in a header that no page can forge (Sec-Fetch-Site, or
Origin).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NoReturn
from urllib.parse import urlsplit

from fastapi import Request
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from api.key_use import KeyUses
from api.rates import Rates
from forecast.access import NotSignedInError, Principal, find_principal, principal_of_session
from forecast.access.keys import needs_noting, principal_of
from forecast.runtime.logs import Tally, get_logger
from forecast.store import Database, KeyRepository, utc_now

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_HOW: Final = (
    "send `Authorization: Bearer <key>`, or sign in at /sign-in; keys are made with `forecast key create`, and a service of "
    "this machine keeps its own in the file `key` of FORECAST_HOME"
)

log = get_logger(__name__)
_refusals = Tally(log, "key_refused")


def find_caller(request: Request, database: Database, rates: Rates, uses: KeyUses) -> Principal:
    """The caller of a request.

    Raises
    ------
    NotSignedInError
        When there is no valid key; unknown, revoked and expired keys get the same answer.
    TooManyRequestsError
        When the key makes too many requests, or its address sent too many invalid keys.
    """
    now = utc_now()
    header = request.headers.get("authorization")
    if header is None:
        with database.read() as session:
            principal = _of_cookie(request, session, now)
    else:
        with database.connect() as connection:
            principal = _of_header(connection, header, now)
    if principal is None:
        _refuse(request, rates, had_any=header is not None or cookie_name(request) in request.cookies)
    rates.count_request(principal.key_id)
    if needs_noting(principal, now) and not uses.is_waiting(principal.key_id):
        uses.note(principal.key_id, now)
    return principal


def still_holds(database: Database, caller: Principal) -> bool:
    """Whether the key of an admitted caller is still valid."""
    with database.read() as session:
        row = KeyRepository(session).get(caller.key_id)
        return row is not None and principal_of(row, utc_now()) is not None


def _of_header(connection: Connection, header: str, now: datetime) -> Principal | None:
    scheme, _, key = header.partition(" ")
    return find_principal(connection, key.strip(), now) if scheme.lower() == "bearer" else None


def _of_cookie(request: Request, session: Session, now: datetime) -> Principal | None:
    token = request.cookies.get(cookie_name(request))
    if token is None:
        return None
    principal = principal_of_session(session, token, now)
    if principal is not None and request.method not in SAFE_METHODS and not comes_from_here(request):
        raise NotSignedInError(
            "the request carries a browser's session and does not say that it comes from a page of this service; send a "
            "key instead of a cookie"
        )
    return principal


def _refuse(request: Request, rates: Rates, *, had_any: bool) -> NoReturn:
    if had_any:
        address = request.client.host if request.client else ""
        _refusals.note(address=address, path=request.url.path)
        rates.count_failure(address)
    raise NotSignedInError(f"this needs a key that holds; {_HOW}")


def cookie_name(request: Request) -> str:
    """The name of a browser's session. Browsers keep cookies apart by host but not by port, so the port is part of it."""
    return f"forecast_session_{request.url.port or request.url.scheme}"


def comes_from_here(request: Request) -> bool:
    """Whether a browser says that the request comes from a page of this service."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
