"""Limits per caller on what runs at a time: requests in work, unfinished uploads and open streams.

A caller is identified by its key or cookie, or by its address without either, before the key is verified. Requests
beyond the limit wait unread for their turn; streams and uploads are refused.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response
from api.protocol import MAX_HEADER_BYTES, MAX_LINE_BYTES
from forecast.runtime.settings import Settings

WAIT_SECONDS: Final = 30.0
"""Longest wait for a turn in seconds; beyond it the answer is 503."""
ALWAYS: Final = frozenset({"/healthz", "/readyz", "/version"})
"""Paths that are never limited."""


class Turns:
    """Counts what callers have under way."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._most_requests = settings.requests_at_once
        self._most_uploads = settings.uploads_at_once
        self._most_streams = settings.streams_at_once
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()
        self._uploads: Counter[str] = Counter()
        self._streams: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if (refused := _unreadable(scope, headers)) is not None:
            await problem_response(*refused, headers={"Connection": "close"})(scope, receive, send)
            return
        caller = caller_of(scope, headers)
        if scope["path"].endswith("/events"):
            await self._stream(caller, scope, receive, send)
        elif "wait" in headers.get("prefer", ""):
            # It waits for a job and takes no capacity; such waits are counted as streams.
            await self._stream(caller, scope, receive, send)
        else:
            await self._request(caller, scope, receive, send)

    async def _stream(self, caller: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._streams[caller] >= self._most_streams:
            detail = f"{self._most_streams} streams of this key are open; close some, or ask for the job now and then"
            await problem_response(429, "too_many_requests", detail, headers={"Retry-After": "10"})(
                scope, receive, send
            )
            return
        self._streams[caller] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            _release(self._streams, caller)

    async def _request(self, caller: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._uploads[caller] >= self._most_uploads:
            detail = f"{self._most_uploads} requests of this key have not come to their end; finish some first"
            await problem_response(
                429, "too_many_requests", detail, headers={"Retry-After": "10", "Connection": "close"}
            )(scope, receive, send)
            return
        turn = self._turns.setdefault(caller, asyncio.Semaphore(self._most_requests))
        self._users[caller] += 1
        self._uploads[caller] += 1
        is_uploading = True

        def end_upload() -> None:
            nonlocal is_uploading
            if is_uploading:
                is_uploading = False
                _release(self._uploads, caller)

        async def receive_counted() -> Message:
            message = await receive()
            if message["type"] != "http.request" or not message.get("more_body", False):
                end_upload()
            return message

        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await turn.acquire()
        except TimeoutError:
            detail = f"other requests of this key have taken {WAIT_SECONDS:g} s; ask one after the other"
            await problem_response(503, "queries_busy", detail, headers={"Retry-After": "10"})(scope, receive, send)
            return
        else:
            try:
                await self.app(scope, receive_counted, send)
            finally:
                turn.release()
        finally:
            end_upload()
            _release(self._users, caller)
            if not self._users[caller]:
                self._turns.pop(caller, None)


def caller_of(scope: Scope, headers: Headers) -> str:
    """A provisional identity of the caller; keys themselves are not kept."""
    said = headers.get("authorization") or headers.get("cookie") or ""
    client = scope.get("client")
    return hashlib.sha256(said.encode()).hexdigest()[:32] if said else f"address {client[0] if client else ''}"


def _release(counts: Counter[str], caller: str) -> None:
    counts[caller] -= 1
    if counts[caller] <= 0:
        del counts[caller]


def _unreadable(scope: Scope, headers: Headers) -> tuple[int, str, str] | None:
    """Status, code and detail for a request that is refused for its form."""
    length = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    if length > MAX_LINE_BYTES:
        return 414, "address_too_long", f"the address has {length} bytes, expected at most {MAX_LINE_BYTES}; shorten it"
    if (size := sum(len(name) + len(value) for name, value in scope["headers"])) > MAX_HEADER_BYTES:
        return (
            431,
            "headers_too_large",
            f"the headers have {size} bytes, expected at most {MAX_HEADER_BYTES}; send fewer",
        )
    if "content-length" in headers and "transfer-encoding" in headers:
        detail = "Content-Length beside Transfer-Encoding, which proxies read differently; send one of them"
        return 400, "header_invalid", detail
    return None
