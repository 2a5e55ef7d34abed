"""One bounded request for a table: no redirects, no proxies, at most the allowed bytes and seconds."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import httpx2

from forecast.errors import ForecastError
from forecast.outgoing.guard import AddressRules, Resolve, Target, check_address, resolve
from forecast.outgoing.request import opened

NOT_TABLES: Final = ("text/html", "application/xhtml+xml")


class FetchFailedError(ForecastError, RuntimeError):
    """A table did not come."""

    code: ClassVar[str] = "fetch_failed"


@dataclass(frozen=True)
class FetchLimits:
    """How much a request may take."""

    seconds: float = 30.0
    """From the first byte sent to the last one read."""
    max_bytes: int = 5_000_000
    """Of the body, unpacked."""


@dataclass(frozen=True)
class Fetched:
    """What an address answered."""

    body: bytes | None
    """None when it is unchanged (304)."""
    media_type: str
    etag: str | None
    last_modified: str | None


def fetch(
    url: str,
    rules: AddressRules,
    limits: FetchLimits,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    resolve: Resolve = resolve,
) -> Fetched:
    """The body behind an address, unless it is unchanged.

    Parameters
    ----------
    etag, last_modified
        Of the last good copy: an address that still has it answers without a body.

    Raises
    ------
    AddressRefusedError
        When the address may not be asked.
    FetchFailedError
        When it does not answer, answers something else than a table, or does not come to an end.
    """
    target = check_address(url, rules, resolve)
    known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    headers = {
        "Accept": "text/csv, application/json",
        # Others are not unpacked here: their libraries unpack as much as there is at once.
        "Accept-Encoding": "gzip",
        **{name: value for name, value in known.items() if value},
    }
    late = threading.Event()
    try:
        return _ask(target, headers, limits, late)
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
        if late.is_set() or isinstance(error, httpx2.TimeoutException):
            raise FetchFailedError(
                f"{target.host} did not come to an end within {limits.seconds:g} s; it is tried again"
            ) from error
        reason = str(error) or type(error).__name__
        raise FetchFailedError(f"{target.host} cannot be reached: {reason}; it is tried again") from error


def _ask(target: Target, headers: Mapping[str, str], limits: FetchLimits, late: threading.Event) -> Fetched:
    with opened("GET", target, headers, limits.seconds, late) as response:
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if response.status_code == 304:
            return Fetched(None, media_type, response.headers.get("etag"), response.headers.get("last-modified"))
        if response.is_redirect:
            raise FetchFailedError(
                f"{target.host} sends elsewhere, to {response.headers.get('location', 'nowhere')[:200]!r}; redirects are not "
                "followed; name the final address"
            )
        if response.status_code != 200:
            raise FetchFailedError(f"{target.host} answered {response.status_code}, expected 200; it is tried again")
        if media_type in NOT_TABLES:
            raise FetchFailedError(
                f"{target.host} answered a page ({media_type}), expected CSV or JSON; check the address"
            )
        body = _read(target.host, response, limits)
        return Fetched(body, media_type, response.headers.get("etag"), response.headers.get("last-modified"))


def _read(host: str, response: httpx2.Response, limits: FetchLimits) -> bytes:
    body = bytearray()
    for chunk in _unpacked(host, response, limits.max_bytes + 1):
        body += chunk
        if len(body) > limits.max_bytes:
            raise FetchFailedError(
                f"{host} answered more than {limits.max_bytes:,} bytes, which is not read; name a smaller table"
            )
    return bytes(body)


def _unpacked(host: str, response: httpx2.Response, most: int) -> Iterator[bytes]:
    """The body as it arrives, each piece of at most so many bytes, however well it is packed."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise FetchFailedError(
            f"{host} answered packed as {encoding[:40]!r}, expected gzip or nothing; ask its operator"
        )
    # As it arrives: a size for chunks would wait until one is full.
    if not encoding.endswith("gzip"):
        yield from response.iter_raw()
        return
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for chunk in response.iter_raw():
            yield unpacker.decompress(chunk, most)
    except zlib.error as error:
        raise FetchFailedError(f"{host} answered something that is no gzip: {error}; it is tried again") from error
    if not unpacker.eof and not unpacker.unconsumed_tail:
        raise FetchFailedError(f"{host} answered gzip that breaks off; it is tried again")
