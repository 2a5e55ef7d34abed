"""A run leaves nothing behind: no process, no port, no folder but pytest's own.

The first process of a run gives it a temporary directory of its own, which everything that the run starts inherits, and
asks the kernel for the orphans among its descendants (Linux). What is there at the end is named, then ended or removed, and
fails the run. pytest's own folders lie where they always do, and those of failed tests stay.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from tests.suite.groups import groups_file

_PR_SET_CHILD_SUBREAPER: Final = 36
_LISTENING: Final = "0A"
GRACE_SECONDS: Final = 10.0
"""For what was told to stop a moment before the run ended."""
PYTHONS_OWN: Final = "multiprocessing.resource_tracker"
"""Ends with the process that it belongs to."""


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(LeftOver(config), "left-over")


class LeftOver:
    """Looks after the run that it is made for."""

    def __init__(self, config: pytest.Config) -> None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
        # A short path: sockets live below it, and their paths must be under 108 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="ft-"))
        # PostgreSQL runs as a user of its own and has its folder in here.
        self.folder.chmod(0o711)
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)
        if sys.platform == "linux":
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        config.add_cleanup(lambda: shutil.rmtree(self.folder, ignore_errors=True))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """After everything else has ended, the processes of pytest-xdist among it, and before the summary."""
        left = [*end_processes(), *self._paths()]
        for text in left:
            report = pytest.TestReport(
                nodeid=f"left behind: {text}",
                location=("", None, text),
                keywords={},
                outcome="failed",
                longrepr=f"{text}\nis there after the run; expected nothing: what starts or makes it has to end it.",
                when="teardown",
            )
            session.config.hook.pytest_runtest_logreport(report=report)
        if left and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _paths(self) -> list[str]:
        # The groups are read by our own scheduler alone; with another one their file stays until the folder goes.
        own = {os.environ.get("FORECAST_HOME"), str(groups_file())}
        return [str(path) for path in sorted(self.folder.iterdir()) if str(path) not in own]


def end_processes() -> list[str]:
    """What still runs of all that descends from this process, in words, once it has been killed."""
    deadline = time.monotonic() + GRACE_SECONDS
    while (left := descendants()) and time.monotonic() < deadline:
        time.sleep(0.05)
    said = []
    for pid, command in left.items():
        ports = "".join(f", listens on port {port}" for port in sorted(listening_ports(pid)))
        said.append(f"process {pid}: {command}{ports}")
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return said


def descendants() -> dict[int, str]:
    """Command line by process id; those that have ended and wait for their parent are none."""
    children: dict[int, list[int]] = defaultdict(list)
    commands: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        children[int(parent)].append(int(folder.name))
        if state != "Z" and PYTHONS_OWN not in command:
            commands[int(folder.name)] = command
    waiting, found = [os.getpid()], []
    while waiting:
        own = children[waiting.pop()]
        waiting += own
        found += own
    return {pid: commands[pid] for pid in found if pid in commands}


def listening_ports(pid: int) -> set[int]:
    """Ports on which a process listens."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            inodes.add(str(link.readlink()).removeprefix("socket:[").rstrip("]"))
    found = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENING and words[9] in inodes:
                    found.add(int(words[1].rpartition(":")[2], 16))
    return found
