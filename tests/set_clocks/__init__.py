"""Wall clocks of processes that a test sets while they run: of all of them, or of one. Boot and monotonic clocks go on."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.postgresql import PostgresServer, postgres_server
from tests.programs import find_program
from tests.stack import Stack

ROOT: Final = Path(__file__).resolve().parents[2]
POSTGRESQL: Final = "postgresql"
REST: Final = "rest"
"""Supervisor and Redis."""
ROLES: Final = ("api", "dispatcher", "worker", "caller", "illustrator", "beat")


class Clocks:
    """The clocks of a service's processes, by role."""

    def __init__(self, folder: Path, library: str) -> None:
        self._folder = folder
        self._library = library
        self.step(0.0)

    def step(self, seconds: float, *roles: str) -> None:
        """Have the clocks of all, or of these roles, be so far ahead of what is right."""
        for role in roles or (*ROLES, POSTGRESQL, REST):
            new = self._folder / f"{role}.new"
            new.write_text(f"{seconds:+.0f}\n", encoding="ascii")
            new.replace(self._folder / role)

    def environment(self, role: str) -> dict[str, str]:
        """For a process whose clock this is."""
        paths = os.pathsep.join(filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))))
        return {
            "LD_PRELOAD": self._library,
            "FAKETIME_TIMESTAMP_FILE": str(self._folder / role),
            "FAKETIME_NO_CACHE": "1",
            # Times of files are those of the kernel; moving them as well costs a minute for each process that starts.
            "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # What it does by itself about waits on the monotonic clock keeps Python's threads from taking turns.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "PYTHONPATH": paths,
        }


class ClockStack(Stack):
    """A service whose clocks can be set."""

    def __init__(self, home: Path, clocks: Clocks, **settings: Any) -> None:
        super().__init__(home, **settings)
        self.clocks = clocks

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **self.clocks.environment(REST)}


@contextmanager
def clock_stack(*, on_postgresql: bool, **settings: Any) -> Iterator[ClockStack]:
    """A running service, its database server included, whose clocks are right at first."""
    library = str(find_program("faketime"))
    home = Path(tempfile.mkdtemp(prefix="stack-"))
    folder = Path(tempfile.mkdtemp(prefix="clocks-"))
    # PostgreSQL runs as another user.
    folder.chmod(0o755)
    clocks = Clocks(folder, library)
    try:
        if not on_postgresql:
            with _running(ClockStack(home, clocks, **settings)) as stack:
                yield stack
            return
        with postgres_server() as server:
            _set_clock_of(server, clocks)
            with _running(ClockStack(home, clocks, database_url=server.migrated_database(), **settings)) as stack:
                yield stack
    finally:
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        _remove_what_killed_processes_left()


def _remove_what_killed_processes_left() -> None:
    """The library keeps a lock for each tree of processes, under the id of the first."""
    for file in Path("/dev/shm").glob("*faketime_s*_*"):
        if not Path("/proc", file.name.rpartition("_")[2]).exists():
            file.unlink(missing_ok=True)


def _set_clock_of(server: PostgresServer, clocks: Clocks) -> None:
    server.stop()
    server.environment = clocks.environment(POSTGRESQL)
    server.start()


@contextmanager
def _running(stack: ClockStack) -> Iterator[ClockStack]:
    try:
        stack.start()
        yield stack
    finally:
        if stack.supervisor is not None:
            stack.stop()
