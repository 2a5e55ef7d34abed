"""Signing in and out, and the page of the caller's access. A session is a cookie that scripts cannot read."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.callers import comes_from_here, cookie_name
from api.pages.access.view import build_access, build_sign_in
from api.pages.shared.page import respond
from api.problems import RequestError
from api.root_path import root_path
from api.service import OpenService, Reader, Service
from forecast.access import (
    NotSignedInError,
    Principal,
    Scope,
    end_session,
    exchange_link,
    list_keys,
    principal_of_session,
    require_key,
    sign_in,
)
from forecast.jobs.quotas import read_usage
from forecast.runtime.logs import get_logger
from forecast.store import utc_now

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

MAX_NEXT: Final = 2000

log = get_logger(__name__)

Next = Annotated[str, Query(alias="next", max_length=MAX_NEXT)]


@router.get("/sign-in")
def show_sign_in(request: Request, service: OpenService, next_path: Next = "/") -> HTMLResponse:
    """Where a browser signs in; `static/sign_in.js` sends the word of a link, which stands after the `#`."""
    known = None
    if token := request.cookies.get(cookie_name(request)):
        with service.database.read() as session:
            known = principal_of_session(session, token, utc_now())
    return respond(build_sign_in(safe_path(next_path), workspace=None if known is None else known.workspace))


@router.post("/sign-in")
async def post_sign_in(request: Request, service: OpenService) -> Response:
    """Exchange a key, or the word of a link, for a session."""
    if not comes_from_here(request):
        raise NotSignedInError(
            "the request does not say that it comes from a page of this service; sign in on that page"
        )
    async with request.form(max_files=0, max_fields=5) as form:
        given = {name: value for name, value in form.items() if isinstance(value, str)}
    if not set(given) <= {"key", "link", "next"}:
        raise RequestError("the form has fields that nothing reads, expected key or link, and next")
    next_path = safe_path(given.get("next", "/"))
    address = request.client.host if request.client else ""
    try:
        token, principal = await run_in_threadpool(_exchange, service, given)
    except NotSignedInError as refused:
        log.warning("sign_in_refused", address=address)
        service.rates.count_failure(address)
        return respond(build_sign_in(next_path, str(refused)), status=401)
    log.info("signed_in", workspace=principal.workspace, key=principal.key_id, address=address)
    response = RedirectResponse(next_path, status_code=303)
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=int(service.settings.session_hours * 3600),
        httponly=True,
        secure=request.url.scheme == "https",
        samesite="lax",
        path=root_path() or "/",
    )
    return response


def _exchange(service: Service, given: dict[str, str]) -> tuple[str, Principal]:
    life = timedelta(hours=service.settings.session_hours)
    link = given.get("link")
    if not link:
        # Refuse invalid keys first, so that they never hold the write lock.
        with service.database.read() as session:
            require_key(session, given.get("key", ""), utc_now())
    with service.database.write() as session:
        if link:
            return exchange_link(session, link, utc_now(), life)
        return sign_in(session, given.get("key", ""), utc_now(), life)


@router.post("/sign-out")
def post_sign_out(request: Request, service: OpenService) -> Response:
    """End the session of this browser."""
    if not comes_from_here(request):
        raise NotSignedInError("the request does not say that it comes from a page of this service; sign out on a page")
    name = cookie_name(request)
    if token := request.cookies.get(name):
        with service.database.write() as session:
            end_session(session, token, utc_now())
    response = RedirectResponse("/sign-in", status_code=303)
    response.delete_cookie(name, httponly=True, samesite="lax", path=root_path() or "/")
    return response


@router.get("/access")
def show_access_page(service: Reader) -> HTMLResponse:
    """The caller, the use of limits and, for callers who may see them, the keys of the workspace."""
    caller = service.caller
    with service.database.read() as session:
        usage = read_usage(session, service.job_limits, utc_now())
        keys = list_keys(session, caller.workspace) if Scope.ADMIN in caller.scopes else ()
        return respond(build_access(caller, usage, keys, utc_now()))


def safe_path(path: str) -> str:
    """A path of this service; the first page for anything that could lead elsewhere."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if is_ours and len(path) <= MAX_NEXT else "/"
