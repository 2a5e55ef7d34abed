"""Tables from a real server on this machine, which may answer anything."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from forecast.outgoing import AddressRefusedError, AddressRules, FetchLimits, fetch
from forecast.outgoing.fetch import FetchFailedError
from tests.waiting import wait_until

HERE = AddressRules(hosts=frozenset({"tables.test"}), plain_http=True, private=True)
LIMITS = FetchLimits(seconds=60.0, max_bytes=100_000)
"""More seconds than an answer takes on the busiest machine."""
SHORT = FetchLimits(seconds=0.5, max_bytes=100_000)
HELD_SECONDS = 8.0
"""How long the server holds a client that does not go by itself: far above the limit, below what reading alone may take."""
TABLE = b"period,value\n2021-01,3\n"
BOMB = gzip.compress(b"0" * 100_000_000)


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        match self.path.split("?")[0]:
            case "/table.csv":
                if self.headers.get("If-None-Match") == '"one"':
                    self.answer(304)
                else:
                    self.answer(200, TABLE, {"ETag": '"one"', "Last-Modified": "Sat, 01 May 2021 00:00:00 GMT"})
            case "/moved":
                self.answer(302, headers={"Location": "http://169.254.169.254/latest/meta-data"})
            case "/page":
                self.answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html; charset=utf-8"})
            case "/large":
                self.answer(200, b"x" * 200_000)
            case "/packed":
                self.answer(200, gzip.compress(TABLE), {"Content-Encoding": "gzip"})
            case "/bomb":
                self.answer(200, BOMB, {"Content-Encoding": "gzip"})
            case "/broken-off":
                self.answer(200, gzip.compress(TABLE)[:-12], {"Content-Encoding": "gzip"})
            case "/no-gzip":
                self.answer(200, TABLE, {"Content-Encoding": "gzip"})
            case "/brotli":
                self.answer(200, TABLE, {"Content-Encoding": "br"})
            case "/endless":
                self.send_response(200)
                self.send_header("Content-Type", "text/csv")
                self.end_headers()
                self.hold(b"1\n")
            case "/slow-head":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
                self.hold(b"x")
            case "/silent":
                self.hold(b"")
            case _:
                self.answer(500, b"no")

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "text/csv", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hold(self, piece: bytes) -> None:
        """Send the piece again and again until the client hangs up, which is written down, or the time is over."""
        until = time.monotonic() + HELD_SECONDS
        self.connection.settimeout(0.05)
        while time.monotonic() < until:
            try:
                self.wfile.write(piece)
                has_left = self.connection.recv(1) == b""
            except TimeoutError:
                continue
            except OSError:
                has_left = True
            if has_left:
                self.server.left.append(self.path)  # type: ignore[attr-defined]
                return

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.seen, made.left = [], []  # type: ignore[attr-defined]
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def address(server: ThreadingHTTPServer, path: str) -> str:
    return f"http://tables.test:{server.server_address[1]}{path}"


def here(_host: str, _port: int) -> tuple[str, ...]:
    return ("127.0.0.1",)


def test_a_table_comes_once_and_then_only_when_it_has_changed(server: ThreadingHTTPServer) -> None:
    first = fetch(address(server, "/table.csv?a=b"), HERE, LIMITS, resolve=here)
    assert (first.body, first.media_type, first.etag) == (TABLE, "text/csv", '"one"')
    again = fetch(
        address(server, "/table.csv"), HERE, LIMITS, etag=first.etag, last_modified=first.last_modified, resolve=here
    )
    assert again.body is None
    (path, headers), (_, second) = server.seen  # type: ignore[attr-defined]
    assert path == "/table.csv?a=b"
    assert headers["Host"] == f"tables.test:{server.server_address[1]}"
    assert second["If-Modified-Since"] == "Sat, 01 May 2021 00:00:00 GMT"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/moved", "redirects are not followed"),
        ("/page", "answered a page"),
        ("/large", "more than 100,000 bytes"),
        ("/broken", "answered 500"),
    ],
)
def test_what_is_no_table_fails_and_says_why(server: ThreadingHTTPServer, path: str, reason: str) -> None:
    with pytest.raises(FetchFailedError, match=reason):
        fetch(address(server, path), HERE, LIMITS, resolve=here)
    assert len(server.seen) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/endless", "/slow-head", "/silent"])
def test_what_does_not_come_to_an_end_is_left(server: ThreadingHTTPServer, path: str) -> None:
    with pytest.raises(FetchFailedError, match="did not come to an end"):
        fetch(address(server, path), HERE, SHORT, resolve=here)
    wait_until(lambda: server.left, message="the client to hang up before the server does")  # type: ignore[attr-defined]
    assert len(server.seen) == 1  # type: ignore[attr-defined]


def test_a_host_that_is_gone_is_said_to_be(server: ThreadingHTTPServer) -> None:
    url = address(server, "/table.csv")
    server.shutdown()
    server.server_close()
    with pytest.raises(FetchFailedError, match="cannot be reached"):
        fetch(url, HERE, LIMITS, resolve=here)


def test_a_name_that_points_inside_is_never_asked(server: ThreadingHTTPServer) -> None:
    """It resolves to a public address first and to this machine afterwards; only what was looked at is asked."""
    rules = AddressRules(hosts=frozenset({"tables.test"}), plain_http=True)
    with pytest.raises(AddressRefusedError):
        fetch(address(server, "/table.csv"), rules, LIMITS, resolve=here)
    answers = iter([("192.0.2.1",), ("127.0.0.1",)])
    with pytest.raises((FetchFailedError, AddressRefusedError)):
        fetch(address(server, "/table.csv"), rules, LIMITS, resolve=lambda _host, _port: next(answers))
    assert server.seen == []  # type: ignore[attr-defined]
    assert next(answers) == ("127.0.0.1",)


def test_a_packed_table_is_unpacked(server: ThreadingHTTPServer) -> None:
    assert fetch(address(server, "/packed"), HERE, LIMITS, resolve=here).body == TABLE
    assert server.seen[-1][1]["Accept-Encoding"] == "gzip"  # type: ignore[attr-defined]


def test_what_unpacks_to_more_than_allowed_is_never_unpacked_whole(server: ThreadingHTTPServer) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FetchFailedError, match="more than 100,000 bytes"):
            fetch(address(server, "/bomb"), HERE, LIMITS, resolve=here)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(BOMB) + 3_000_000


@pytest.mark.parametrize(
    ("path", "words"),
    [("/brotli", "packed as 'br', expected gzip"), ("/no-gzip", "no gzip"), ("/broken-off", "breaks off")],
)
def test_what_cannot_be_unpacked_is_a_failure_that_says_so(server: ThreadingHTTPServer, path: str, words: str) -> None:
    with pytest.raises(FetchFailedError, match=words):
        fetch(address(server, path), HERE, LIMITS, resolve=here)
