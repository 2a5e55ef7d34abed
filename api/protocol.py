"""Limits on HTTP connections: deadlines for headers and bodies, limits in total and per address.

Unreadable requests get an answer that says what was wrong. uvicorn itself has no such deadlines or limits. Its protocol class is extended here and passed to it as ``http=``.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.problem_kinds import TITLES
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings

MAX_LINE_BYTES: Final = 8_192
"""Of an address with its query."""
MAX_HEADER_BYTES: Final = 32_768
RESERVED_FILES: Final = 40
"""Open files that the process needs for itself: the database, children, logs."""
LEAST_CONNECTIONS: Final = 8
MOST_AT_ONCE: Final = 128
TOLD_EVERY_SECONDS: Final = 60.0

log = get_logger(__name__)


@dataclass
class Connections:
    """All connections of this process, and how many there may be."""

    most: int
    backlog: int
    """Backlog of the socket: asyncio accepts as many connections before they can be counted."""
    most_of_address: int
    header_seconds: float
    body_seconds: float
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Addresses of trusted proxies, whose connections are not counted."""
    of_address: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    """Refused connections and requests by reason, since the last log entry."""
    _told_at: float = 0.0

    @classmethod
    def of(cls, settings: Settings) -> Connections:
        """The limits of an installation, capped by the number of files that this process may open."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < hard:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        room = hard - RESERVED_FILES if hard != resource.RLIM_INFINITY else 2 * settings.max_connections
        most = max(LEAST_CONNECTIONS, min(settings.max_connections, 2 * room // 3))
        return cls(
            most,
            max(LEAST_CONNECTIONS, min(MOST_AT_ONCE, room // 3)),
            min(settings.max_connections_of_address, max(LEAST_CONNECTIONS // 2, most * 3 // 4)),
            settings.header_seconds,
            settings.body_seconds,
            tuple(ip_network(proxy, strict=False) for proxy in settings.trusted_proxies if proxy != "*"),
        )

    def is_proxy(self, host: str) -> bool:
        """Whether an address is that of a trusted proxy."""
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self.proxies)

    def note(self, reason: str, now: float) -> None:
        """Count a refusal; counts are logged once a minute."""
        self.refused[reason] += 1
        if now - self._told_at >= TOLD_EVERY_SECONDS:
            log.warning("turned_away", **self.refused)
            self.refused.clear()
            self._told_at = now


def protocol_of(connections: Connections) -> type[H11Protocol]:
    """The protocol class that uvicorn is given."""

    class Bounded(GuardedProtocol):
        shared = connections

    return Bounded


class GuardedProtocol(H11Protocol):
    """One connection."""

    shared: Connections
    cycle: Any
    """None until the first request has come."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._address: str | None = None
        self._line_bytes = 0
        """Of the address of the request that is being read; -1 once it is whole."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        shared = self.shared
        host = self.client[0] if self.client else ""
        if not shared.is_proxy(host):
            self._address = host
            shared.of_address[host] += 1
        if len(self.connections) > shared.most:
            self._refuse(503, "too_many_connections", "too many connections are open; try again a little later")
        elif self._address is not None and shared.of_address[host] > shared.most_of_address:
            detail = f"{shared.most_of_address} connections of this address are open; close some, or use them again"
            self._refuse(429, "too_many_connections", detail)
        else:
            self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timer()
        if self._address is not None:
            self.shared.of_address[self._address] -= 1
            self.shared.of_address += Counter()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._timer is None and self._is_between_requests():
            self._await_header()
        if self._line_bytes >= 0:
            place = data.find(b"\n")
            self._line_bytes = -1 if place >= 0 else self._line_bytes + len(data)
        super().data_received(data)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.transport.is_closing():
            self._cancel_timer()
        elif self.cycle is not None and self.cycle is not before:
            self._line_bytes = -1
            self._cancel_timer()
            if self.cycle.more_body:
                self._set_timer(self.shared.body_seconds, self._late_body)
        elif self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body:
            # The body has come to its end.
            self._cancel_timer()

    def on_response_complete(self) -> None:
        self._cancel_timer()
        self._line_bytes = 0
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Called where a request cannot be read."""
        error = sys.exc_info()[1]
        if getattr(error, "error_status_hint", 400) != 431:
            detail = f"the request is no HTTP ({str(error)[:100]}); expected HTTP/1.1; see what lies between"
            self._refuse(400, "request_unreadable", detail)
        elif self._line_bytes > 0:
            self._refuse(414, "address_too_long", f"the address is longer than {MAX_LINE_BYTES} bytes; shorten it")
        else:
            self._refuse(431, "headers_too_large", f"the headers have over {MAX_HEADER_BYTES} bytes; send fewer")

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_header(self) -> None:
        self._set_timer(self.shared.header_seconds, self._late_header)

    def _set_timer(self, seconds: float, late: Any) -> None:
        self._cancel_timer()
        self._timer = self.loop.call_later(seconds, late)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late_header(self) -> None:
        self._timer = None
        if self.conn.trailing_data[0] or self._line_bytes:
            detail = f"the headers did not come within {self.shared.header_seconds:g} s; send them at once"
            self._refuse(408, "request_timeout", detail)
        else:
            # No request has begun, so there is nothing to answer.
            self._close()

    def _late_body(self) -> None:
        self._timer = None
        if self.flow.read_paused:
            # The client waits for the service here, so no deadline applies.
            self._set_timer(1.0, self._late_body)
            return
        if self.cycle is not None and self.cycle.response_started:
            self._close()
            return
        detail = f"the body did not come within {self.shared.body_seconds:g} s; send it faster, or less of it"
        self._refuse(408, "request_timeout", detail)

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answer without the application, and close."""
        self.shared.note(code, self.loop.time())
        body = {"type": f"/problems/{code}", "title": TITLES[code], "status": status, "code": code, "detail": detail}
        text = json.dumps(body).encode()
        head = (
            f"HTTP/1.1 {status} {TITLES[code]}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(text)}\r\nconnection: close\r\n"
            + ("retry-after: 10\r\n" if status in (429, 503) else "")
            + "\r\n"
        )
        if self.cycle is not None and not self.cycle.response_complete:
            # Further output of the application is discarded.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(head.encode() + text)
        self._close()

    def _close(self) -> None:
        self._cancel_timer()
        if self.conn.our_state not in (h11.ERROR, h11.CLOSED):
            self.conn.send_failed()
        self.transport.close()
