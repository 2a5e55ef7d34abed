"""A real web process that may open 64 files, and clients that begin and never end, say nonsense, or come by the hundred."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.installation import Installation, installation_in
from tests.waiting import wait_until
from workers.address import choose_address

pytestmark = pytest.mark.service

FILES = 64
TWO_LENGTHS = (
    b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: close\r\n\r\n0\r\n\r\n"
)
SETTINGS = {"HEADER_SECONDS": "1", "BODY_SECONDS": "1"}


@dataclass
class Web:
    """The web process."""

    installation: Installation
    port: int
    log: Path

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(source, 0))
        made.settimeout(30)
        return made

    def ask(self, raw: bytes, source: str = "127.0.0.1") -> tuple[int, dict[str, object]]:
        """Status and body of what comes back until the connection is closed."""
        with self.connect(source) as connection:
            connection.sendall(raw)
            return answer(connection)

    def is_healthy(self) -> bool:
        try:
            return (
                self.ask(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", "127.0.0.9")[0]
                == 200
            )
        except OSError:
            return False


def answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    if not head:
        return 0, {"code": "too_many_connections"}  # reset before it was answered
    return int(head.split()[1]), json.loads(body) if b"json" in head else {}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    with installation_in(folder / "home") as installation:
        port = choose_address(installation.settings.model_copy(update={"port": 0})).port
        own = {"FORECAST_HOME": str(installation.settings.home), "FORECAST_PORT": str(port)}
        settings = {f"FORECAST_{name}": value for name, value in SETTINGS.items()}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["sh", "-c", f'ulimit -n {FILES} && exec "$0" -m api', sys.executable],
                env={**os.environ, **own, **settings},
                stdout=log,
                stderr=log,
            )
        made = Web(installation, port, folder / "log")
        try:
            wait_until(made.is_healthy, 60, made.log.read_text)
            yield made
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_more_half_open_connections_than_files_keep_nobody_else_out(web: Web) -> None:
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(web.connect()) for _ in range(80)]
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\nHost: 127")
        assert web.is_healthy(), "from another address"
        told = {str(answer(connection)[1].get("code")) for connection in opened}
        assert told == {"too_many_connections", "request_timeout"}
    wait_until(web.is_healthy, 30)
    assert web.log.stat().st_size < 20_000, "what is turned away is counted, not told one by one"


def test_refused_requests_are_counted_and_not_told_one_by_one(web: Web) -> None:
    before = web.log.stat().st_size
    for number in range(60):
        address = f"/v1/studies/{number}{'a' * 6_000}"
        raw = f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer fc_no\r\nConnection: close\r\n\r\n"
        assert web.ask(raw.encode())[0] in {401, 429}
    assert 0 < web.log.stat().st_size - before < 10_000
    assert "characters)" in web.log.read_text(), "the address is cut"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 408, "request_timeout"),
        (
            b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer KEY\r\nContent-Length: 1000\r\n\r\n{",
            408,
            "request_timeout",
        ),
        (b"\x16\x03\x01 hello\r\n\r\n", 400, "request_unreadable"),
        (
            b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
            414,
            "address_too_long",
        ),
        (b"GET /" + b"a" * 100_000, 414, "address_too_long"),
        (
            b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 40_000 + b"\r\nConnection: close\r\n\r\n",
            431,
            "headers_too_large",
        ),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: " + b"a" * 100_000, 431, "headers_too_large"),
        (
            TWO_LENGTHS,
            400,
            "header_invalid",
        ),
    ],
    ids=["header", "body", "nonsense", "address", "endless address", "headers", "endless header", "two lengths"],
)
def test_a_request_that_cannot_be_read_is_told_why(web: Web, raw: bytes, status: int, code: str) -> None:
    found, problem = web.ask(raw.replace(b"KEY", web.installation.key.encode()))
    assert (found, problem["code"]) == (status, code)
    assert problem["type"] == f"/problems/{code}"


def test_a_request_after_another_has_its_own_time(web: Web) -> None:
    """A connection that is used again is not ended by what came before."""
    request = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with web.connect() as connection:
        for _ in range(3):
            connection.sendall(request)
            received = b""
            while not received.endswith(b'{"status":"ok"}'):
                received += connection.recv(4096)
            assert received.startswith(b"HTTP/1.1 200")
        connection.sendall(request[:20])
        assert answer(connection)[0] == 408
