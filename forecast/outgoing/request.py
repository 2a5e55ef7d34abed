"""One bounded request to a checked address: no redirects, no proxies, at most the allowed seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx2

from forecast.outgoing.guard import Target


@contextmanager
def opened(
    method: str,
    target: Target,
    headers: Mapping[str, str],
    seconds: float,
    late: threading.Event,
    content: bytes | None = None,
) -> Iterator[httpx2.Response]:
    """The answer to a request, its body not read yet; `late` is set when the time was over first."""
    # Sent to the checked address; the certificate has to be that of the name.
    ip = f"[{target.ip}]" if ":" in target.ip else target.ip
    pinned = f"{target.scheme}://{ip}:{target.port}{target.path}"
    default = target.port == (443 if target.scheme == "https" else 80)
    host = target.host if default else f"{target.host}:{target.port}"
    named = {"User-Agent": "scenario-forecast", **headers, "Host": host}
    # A timeout is for one read; a server that sends a byte now and then is ended by the watch.
    timeout = httpx2.Timeout(min(seconds, 10.0))
    extensions = {"sni_hostname": target.host}
    with (
        httpx2.Client(timeout=timeout, follow_redirects=False, trust_env=False) as client,
        _ended_after(seconds, client, late),
        client.stream(method, pinned, headers=named, content=content, extensions=extensions) as response,
    ):
        yield response


@contextmanager
def _ended_after(seconds: float, client: httpx2.Client, late: threading.Event) -> Iterator[None]:
    """Close the connection when the time is over, whatever is being waited for."""

    def end() -> None:
        late.set()
        client.close()

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
