"""Settings as people write them: lists, hosts and addresses, and what is no such thing.

A value that cannot be used is refused in a sentence: what was expected and what to do. The caller that shows the
sentence adds the value itself, unless it is a secret.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import BeforeValidator, SecretStr

DATABASES: Final = ("sqlite", "postgresql", "postgres")
QUEUES: Final = ("redis", "rediss", "unix")
_HOST_AND_PORT: Final = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_PATH: Final = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+")
KEY_BYTES: Final = 32
"""Of a Fernet key: 16 to sign and 16 to encrypt."""


def read_list(value: Any) -> Any:
    """What a variable of the environment lists: `a.org`, `a.org,b.org`, a JSON list, or nothing."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text.startswith("["):
        return tuple(item for part in text.split(",") if (item := part.strip()))
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError('expected values with commas between them, or a JSON list such as ["a", "b"]') from error
    if not all(isinstance(item, str | int | float) for item in found):
        raise ValueError("expected a list of words or numbers")
    return tuple(str(item).strip() if isinstance(item, str) else item for item in found)


LISTED: Final = BeforeValidator(read_list)
"""For settings with several values; with `NoDecode`, because pydantic-settings would want JSON."""


def require_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Names of hosts, as they are.

    Raises
    ------
    ValueError
        When one is an address of something instead.
    """
    for host in hosts:
        if not host or any(letter.isspace() or letter in "/?#@\"'" for letter in host):
            raise ValueError(
                f"{host!r} is no name of a host; write names alone, such as example.org, with commas between"
            )
    return hosts


def require_networks(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """IP addresses and networks, or `*`, as they are.

    Raises
    ------
    ValueError
        When one is a name; a connection is identified by an address alone.
    """
    for address in addresses:
        try:
            if address != "*":
                ip_network(address)
        except ValueError as error:
            raise ValueError(f"{address!r} is no IP address or network; write 10.0.0.7 or 10.0.0.0/24") from error
    return addresses


def require_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Origins of web pages, as browsers send them: in small letters, without a slash at the end.

    Raises
    ------
    ValueError
        When one is more than that, or less.
    """
    found = tuple(origin.lower().removesuffix("/") for origin in origins)
    for origin in found:
        scheme, _, rest = origin.partition("://")
        if scheme not in ("http", "https") or not _HOST_AND_PORT.fullmatch(rest):
            raise ValueError(
                f"{origin!r} is no origin; write the scheme, the host and the port if there is one, without a path: "
                "https://desk.example or http://127.0.0.1:3000"
            )
    return found


def require_root_path(path: str) -> str:
    """A path with a slash before it and none at its end; empty for none.

    Raises
    ------
    ValueError
        When it is no path.
    """
    path = path.strip().rstrip("/")
    if path and path[0].isalnum() and "://" not in path:
        path = f"/{path}"
    if path and not _PATH.fullmatch(path):
        raise ValueError("expected a path of letters, digits, `-`, `_`, `.` and `~`, such as /forecasts")
    return path


def require_listening(host: str) -> str:
    """An address that can be listened on, as far as its spelling shows.

    Raises
    ------
    ValueError
        When it is a path or a URL.
    """
    if not host or any(letter.isspace() or letter in "/?#@" for letter in host):
        raise ValueError("expected a name or an IP address alone, such as 127.0.0.1; a port goes into FORECAST_PORT")
    return host


def require_database(url: str | None) -> str | None:
    """The URL of a database that several processes can share.

    Raises
    ------
    ValueError
        When it is something else.
    """
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError(
            "expected a URL, not a path or a name; write sqlite:////srv/forecast.db for a file, or "
            "postgresql://user:password@host/name"
        )
    if scheme.partition("+")[0] not in DATABASES:
        raise ValueError(f"{scheme!r} is no kind of database that can be used; expected sqlite or postgresql")
    if scheme.startswith("sqlite") and rest.partition("?")[0] in ("", "/", "/:memory:"):
        raise ValueError("a database in memory is each process's own; name a file, as in sqlite:////srv/forecast.db")
    if not scheme.startswith("sqlite"):
        _require_port(rest)
    return url


def require_queue(url: str | None) -> str | None:
    """The URL of a Redis or Valkey server.

    Raises
    ------
    ValueError
        When it is something else.
    """
    if url is None:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in QUEUES:
        raise ValueError(
            "expected a URL that begins with redis://, rediss:// or unix://; write unix:///run/redis.sock for a socket, or "
            "redis://host:6379/0"
        )
    if scheme == "unix":
        return url
    _require_port(rest)
    number = urlsplit(url).path.strip("/")
    if number and not number.isdigit():
        raise ValueError(f"{number!r} is no number of a Redis database; write redis://host:6379/0")
    return url


def _require_port(rest: str) -> None:
    try:
        parts = urlsplit(f"//{rest}")
        _ = parts.port
    except ValueError as error:
        raise ValueError(
            "its host or port cannot be read; letters such as @, :, / and # in a password are written %40, %3A, %2F, %23"
        ) from error


def require_sealing_keys(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Keys that secrets can be sealed with.

    Raises
    ------
    ValueError
        When one of them is none.
    """
    for place, key in enumerate(keys, 1):
        try:
            size = len(base64.urlsafe_b64decode(key.get_secret_value().encode()))
        except (ValueError, binascii.Error):
            size = 0
        if size != KEY_BYTES:
            raise ValueError(
                f"number {place} of {len(keys)} is no key, expected {KEY_BYTES} random bytes in URL-safe base64; make one with "
                "`forecast key secret`"
            )
    return keys


def sqlite_url(file: Path) -> str:
    """The address of a database's file, as SQLAlchemy renders a `URL` of it (a test holds the two together)."""
    return f"sqlite:///{quote(str(file), safe=' +/')}"


def socket_url(socket: Path) -> str:
    """The address of a server on a Unix socket, as redis-py reads it."""
    return f"unix://{quote(str(socket))}?db=0"


def broker_url(url: str) -> str:
    """The address of a server, as kombu reads it: a path stays quoted, since `;` would separate two servers."""
    if not url.startswith("unix://"):
        return url
    place, _, query = url.removeprefix("unix://").partition("?")
    number = dict(parse_qsl(query)).get("db", "0")
    return f"redis+socket://{place.replace(';', '%3B')}?virtual_host={number}"
