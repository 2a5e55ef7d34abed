"""Rules for every response: HEAD is GET without a body, unchanged content gives 304, errors are problems."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response

STREAMS: Final = "/events"
"""Media type of endless responses, which have no HEAD."""
_TAGS: Final = re.compile(r'(?:W/)?"([^"]*)"')
_OF_A_BODY: Final = ("content-length", "content-type", "content-range", "content-disposition")
_CODES: Final = {416: "range_invalid"}


class HeadAsGet:
    """Answers HEAD wherever there is a GET; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD" and not scope["path"].endswith(STREAMS):
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)


class NotModified:
    """Answers 304 where the client has what it asks for (RFC 9110, section 13.1.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = Headers(scope=scope).get("if-none-match") if scope["type"] == "http" else None
        if known is None or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        is_known = False

        async def send_if_new(message: Message) -> None:
            nonlocal is_known
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_known = message["status"] == HTTPStatus.OK and has(known, headers.get("etag"))
                if is_known:
                    for name in _OF_A_BODY:
                        del headers[name]
                    message = {**message, "status": int(HTTPStatus.NOT_MODIFIED)}
            elif is_known:
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, send_if_new)


def has(known: str, etag: str | None) -> bool:
    """Whether a client that sends this If-None-Match has what is of this ETag; compared weakly."""
    if etag is None:
        return False
    return known.strip() == "*" or bool(set(_TAGS.findall(known)) & set(_TAGS.findall(etag)))


class PlainErrors:
    """Turns the words that libraries answer an error with into a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held: Message | None = None
        body = b""

        async def send_problem(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start" and message["status"] >= HTTPStatus.BAD_REQUEST:
                kind = Headers(scope=message).get("content-type", "text/plain")
                if kind.startswith("text/plain"):
                    held = message
                    return
            if held is None:
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                status = held["status"]
                code = _CODES.get(status, "request_invalid")
                said = body.decode("utf-8", "replace")[:200] or HTTPStatus(status).phrase
                kept = {name: value for name, value in Headers(scope=held).items() if name not in _OF_A_BODY[:2]}
                await problem_response(status, code, f"{said}; correct the request", headers=kept)(scope, receive, send)

        await self.app(scope, receive, send_problem if scope["type"] == "http" else send)
