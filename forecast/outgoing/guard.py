"""Where a request may go: which schemes, hosts and networks.

A name is resolved once, all its addresses are checked, and the request goes to a checked one. A name that points
elsewhere a moment later gains nothing (OWASP API Security Top 10 2023, API7: server side request forgery).
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import SplitResult, urlsplit

from forecast.errors import ForecastError
from forecast.runtime.settings import Settings

MAX_ADDRESS: Final = 2000
PORTS: Final = {"https": 443, "http": 80}
RESOLVE_SECONDS: Final = 10.0
"""For the name of a host; a caller has other names to ask for."""

Resolve = Callable[[str, int], Sequence[str]]
"""From host and port to IP addresses."""


class AddressRefusedError(ForecastError, ValueError):
    """An address may not be asked for anything."""

    code: ClassVar[str] = "url_refused"


@dataclass(frozen=True)
class AddressRules:
    """What an installation allows."""

    hosts: frozenset[str] = frozenset()
    """Names that may be asked; ``*`` for any, ``.example.org`` for all below it."""
    plain_http: bool = False
    private: bool = False
    """Whether addresses of private networks and of this machine may be asked."""

    @classmethod
    def of(cls, settings: Settings) -> AddressRules:
        """Those of an installation."""
        hosts = frozenset(settings.outgoing_hosts)
        return cls(hosts, plain_http=settings.outgoing_plain_http, private=settings.outgoing_private)


@dataclass(frozen=True)
class Target:
    """An address that may be asked, and where exactly."""

    url: str
    scheme: str
    host: str
    port: int
    path: str
    """With the query."""
    ip: str


def resolve(host: str, port: int) -> tuple[str, ...]:
    """All IP addresses of a host.

    Raises
    ------
    AddressRefusedError
        When it has none, or no name server answers within `RESOLVE_SECONDS`.
    """
    answers: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    # The system's resolver takes no deadline, and may ask servers that do not answer for minutes.
    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        found = answers.get(timeout=RESOLVE_SECONDS)
    except queue.Empty:
        raise AddressRefusedError(
            f"no name server answered within {RESOLVE_SECONDS:g} s for the host {host!r}; try again, or look at the "
            "name servers of this machine"
        ) from None
    if isinstance(found, Exception):
        raise AddressRefusedError(f"the host {host!r} is not known ({found}); correct the address") from found
    return tuple(dict.fromkeys(str(item[4][0]) for item in found))


def check_address(url: str, rules: AddressRules, resolve: Resolve = resolve) -> Target:
    """Where a request to an address goes.

    Raises
    ------
    AddressRefusedError
        When it may not be asked; the message says why and what would be allowed.
    """
    parts, host, port = _checked_name(url, rules)
    addresses = resolve(host, port)
    refused = [] if rules.private else [ip for ip in addresses if not _is_public(ip)]
    if refused or not addresses:
        raise AddressRefusedError(
            f"the host {host!r} has the address {refused[0] if refused else 'none'}, which is not of the public "
            "internet; expected a public one"
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(url, parts.scheme, host, port, path, addresses[0])


def check_name(url: str, rules: AddressRules) -> None:
    """Make sure that an address could be asked, as far as that can be said without resolving its name.

    Raises
    ------
    AddressRefusedError
        When it may not be.
    """
    _, host, _ = _checked_name(url, rules)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    if not rules.private and not _is_public(host):
        raise AddressRefusedError(f"the host {host!r} is not of the public internet; expected one that is")


def _checked_name(url: str, rules: AddressRules) -> tuple[SplitResult, str, int]:
    if len(url) > MAX_ADDRESS or any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
        raise AddressRefusedError(
            f"the address has {len(url)} characters or some that no address has; expected at most {MAX_ADDRESS}, no spaces"
        )
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise AddressRefusedError(f"{url!r} is not an address: {error}") from error
    _check_form(url, parts.scheme, host, rules)
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError("the address holds a user name or password; expected none; leave them out")
    if not _is_allowed(host, rules.hosts):
        allowed = ", ".join(sorted(rules.hosts)) or "none"
        raise AddressRefusedError(
            f"the host {host!r} is not on the list of this installation ({allowed}); ask its operator to add it to "
            "FORECAST_OUTGOING_HOSTS"
        )
    return parts, host, port


def _check_form(url: str, scheme: str, host: str, rules: AddressRules) -> None:
    allowed = ("https", "http") if rules.plain_http else ("https",)
    if scheme not in allowed:
        raise AddressRefusedError(f"{url[:80]!r} begins with {scheme or 'nothing'}; expected {' or '.join(allowed)}://")
    if host and (not host.isascii() or len(host) > 253 or not all(0 < len(part) < 64 for part in host.split("."))):
        raise AddressRefusedError(
            f"the host {host[:80]!r} is no name of the domain name system; expected ASCII (names of other scripts in their "
            "form that begins with xn--) in parts of 1 to 63 characters; correct it"
        )
    if not host:
        raise AddressRefusedError(f"{url[:80]!r} names no host; expected one, as in https://example.org/table.csv")
    if _is_disguised(host):
        raise AddressRefusedError(f"the host {host!r} is a number; expected a name, or an IP address in its usual form")


def _is_disguised(host: str) -> bool:
    """Whether a host is an IPv4 address written as one number, in octal or in hexadecimal, which resolvers accept."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rsplit(".", 1)[-1].lower()
        return last.isdigit() or last.startswith("0x")
    return False


def _is_allowed(host: str, hosts: frozenset[str]) -> bool:
    name = host.lower()
    return any(
        allowed == "*" or name == allowed.lower() or (allowed.startswith(".") and name.endswith(allowed.lower()))
        for allowed in hosts
    )


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.split("%", maxsplit=1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        # Python calls the old site-local addresses global; networks that were numbered by them are private.
        if address.is_site_local:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return _is_public(str(inner))
        if address in ipaddress.ip_network("64:ff9b::/96"):  # IPv4 behind a translator
            return _is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)))
    return address.is_global and not address.is_multicast and not address.is_reserved
