"""Addresses that may be asked, and the many ways to write one that may not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence

import pytest

from forecast.outgoing import AddressRefusedError, AddressRules, check_address, guard

ANY = AddressRules(hosts=frozenset({"*"}), plain_http=True)
PUBLIC = "93.184.215.14"


def public(_host: str, _port: int) -> Sequence[str]:
    return (PUBLIC,)


def literal(host: str, _port: int) -> Sequence[str]:
    return (host,)


def test_a_public_address_is_pinned() -> None:
    target = check_address("https://Example.org/a/b.csv?c=d#e", ANY, public)
    assert (target.host, target.port, target.path, target.ip) == ("example.org", 443, "/a/b.csv?c=d", PUBLIC)
    assert check_address("http://example.org:8080", ANY, public).port == 8080


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "feff::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:0001::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "ff02::1",
    ],
)  # fmt: skip
def test_a_name_of_a_private_address_is_refused(ip: str) -> None:
    """Also when only one of its addresses is: which one is asked would be chance."""
    with pytest.raises(AddressRefusedError, match="not of the public"):
        check_address("https://inside.example.org/", ANY, lambda _host, _port: (PUBLIC, ip))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data", "https://[::ffff:7f00:1]/",
    ],
)  # fmt: skip
def test_a_literal_private_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefusedError, match="not of the public"):
        check_address(url, ANY, literal)


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "0177.0.0.1", "127.1", "0x7f.1", "127.0.0.0x1"])
def test_a_disguised_address_is_refused(host: str) -> None:
    with pytest.raises(AddressRefusedError, match="is a number"):
        check_address(f"https://{host}/", ANY, public)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "begins with file"),
        ("gopher://example.org/", "begins with gopher"),
        ("//example.org/", "begins with nothing"),
        ("https:///table.csv", "names no host"),
        ("https://user@example.org/", "user name"),
        ("https://example.org@evil.org/", "user name"),
        ("https://example.org:99999/", "not an address"),
        ("https://[::1/", "not an address"),
        ("https://exa mple.org/", "characters"),
        ("https://example.org/\r\nX: y", "characters"),
        ("https://example.org/" + "a" * 3000, "characters"),
    ],
)
def test_what_is_no_address_of_a_table_is_refused(url: str, reason: str) -> None:
    with pytest.raises(AddressRefusedError, match=reason):
        check_address(url, ANY, public)


def test_only_hosts_on_the_list_are_asked() -> None:
    rules = AddressRules(hosts=frozenset({"data.example.org", ".example.net"}))
    for host in ("data.example.org", "DATA.example.org", "a.example.net", "data.example.org."):
        assert check_address(f"https://{host}/", rules, public).ip == PUBLIC
    for host in ("example.org", "data.example.org.evil.org", "example.net", "badexample.net"):
        with pytest.raises(AddressRefusedError, match="not on the list"):
            check_address(f"https://{host}/", rules, public)
    with pytest.raises(AddressRefusedError, match="expected https://"):
        check_address("http://data.example.org/", rules, public)


def test_an_installation_may_allow_its_own_network() -> None:
    rules = AddressRules(hosts=frozenset({"*"}), plain_http=True, private=True)
    assert check_address("http://127.0.0.1:8000/x", rules, literal).ip == "127.0.0.1"


def test_a_name_that_nobody_answers_for_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(guard, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: is_over.wait(30) and [])
    try:
        with pytest.raises(
            AddressRefusedError, match=r"no name server answered within 0\.05 s for the host 'slow.example'"
        ):
            guard.resolve("slow.example", 443)
    finally:
        is_over.set()


def test_a_name_without_an_address_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(AddressRefusedError, match=r"the host 'none\.example' is not known"):
        guard.resolve("none.example", 443)
