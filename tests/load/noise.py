"""What a service on a network hears beside its users: wrong keys, addresses without end, connections that break off."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from typing import Final
from urllib.parse import urlsplit

import httpx2

WRONG_KEYS: Final = 10
"""A second; and one each of the rest."""
LONG: Final = 60_000
"""Characters of an address."""
HELD: Final = 20
"""Connections that have said half of what they want, before the oldest breaks off."""


def make_noise(url: str, stop: threading.Event) -> int:
    """Runs until stopped; returns the number of requests and connections."""
    made = 0
    address = urlsplit(url)
    held: list[socket.socket] = []
    with httpx2.Client(base_url=url, trust_env=False, timeout=30) as client:
        for number in itertools.count():
            if stop.wait(1.0):
                break
            with contextlib.suppress(httpx2.HTTPError, OSError):
                for wrong in range(WRONG_KEYS):
                    client.get("/v1/jobs", headers={"Authorization": f"Bearer fc_wrong{number}_{wrong}"})
                client.get("/" + "x" * LONG)
                client.get("/v1/jobs", headers={"Host": "elsewhere.example"})
                for said in (b"GET /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"\x16\x03\x01 no HTTP at all\r\n\r\n"):
                    held.append(socket.create_connection((address.hostname or "", address.port or 80), timeout=5))
                    held[-1].sendall(said)
                made += WRONG_KEYS + 4
            while len(held) > HELD:
                held.pop(0).close()
    for connection in held:
        connection.close()
    return made
