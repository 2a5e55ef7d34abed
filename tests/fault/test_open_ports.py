"""What of a running service can be reached: its web process on the loopback address, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/net")]

LISTEN = "0A"


def listening() -> dict[str, tuple[str, int]]:
    """Address and port by socket inode, of everything on this machine that listens on TCP."""
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            address, _, port = words[1].rpartition(":")
            if words[3] == LISTEN:
                found[words[9]] = (address, int(port, 16))
    return found


def sockets_of(pid: int) -> set[str]:
    found = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        try:
            target = str(link.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def test_only_the_web_process_listens_and_only_for_this_machine(stack: Stack) -> None:
    everything = listening()
    own = {
        everything[inode]
        for pid in stack.processes()
        if Path(f"/proc/{pid}").exists()
        for inode in sockets_of(pid) & set(everything)
    }
    assert own == {("0100007F", int(stack.url.rpartition(":")[2]))}, "127.0.0.1, as /proc/net/tcp writes it"


def test_what_is_private_is_private(stack: Stack) -> None:
    assert stack.home.stat().st_mode & 0o077 == 0
    for path in (stack.settings.key_file, stack.settings.redis_socket):
        assert path.stat().st_mode & 0o077 == 0, path
