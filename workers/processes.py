"""One supervised process: started in a group of its own, restarted with growing pauses, stopped as a group."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from forecast.runtime.logs import MAX_LOG_BYTES, get_logger

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
HEALTHY_AFTER_SECONDS: Final = 30.0
"""A process that has run this long starts again with the first pause."""

LOG_SECONDS: Final = 2.0
"""How often logs are looked at while they are written."""
_PR_SET_PDEATHSIG: Final = 1

log = get_logger(__name__)


def _die_with_parent() -> None:
    """Have the kernel kill this process when the supervisor dies (Linux), so that kill -9 leaves no process behind.

    It runs between fork and exec, where `subprocess` offers nothing for it (python/cpython#82616, open): one system call, in a
    process whose threads hold no lock of ours. It can go when `Popen` takes a signal for the parent's death.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def keep_small(log_file: Path) -> None:
    """Copy a log that has grown large beside itself, and empty it.

    The writing process has the log open for appending and continues at its beginning; a pipe in between could block it.
    """
    try:
        if log_file.stat().st_size <= MAX_LOG_BYTES:
            return
        before = log_file.with_suffix(".log.1")
        shutil.copyfile(log_file, before)
        os.truncate(log_file, 0)
    except FileNotFoundError:
        return
    except OSError as error:
        log.warning("log_not_kept_small", file=log_file.name, error=str(error))
        # Without room for a copy it is emptied all the same: a full disk stops everything.
        with contextlib.suppress(OSError):
            os.truncate(log_file, 0)


@dataclass
class ManagedProcess:
    """A process that should run until it is stopped."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_file: Path
    before_start: Callable[[], bool] | None = None
    """Asked before each start; False means not now."""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    next_start: float = 0.0
    restarts: int = field(default=-1)
    _pause: float = FIRST_PAUSE_SECONDS
    _look_at_log: float = 0.0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def keep_running(self) -> None:
        """Notice a death, and start the process when it is due. Call it often."""
        now = time.monotonic()
        if now >= self._look_at_log:
            self._look_at_log = now + LOG_SECONDS
            keep_small(self.log_file)
        if self.is_running:
            return
        if self.process is not None:
            self._note_death(now)
        if now < self.next_start or (self.before_start is not None and not self.before_start()):
            return
        self._start(now)

    def _note_death(self, now: float) -> None:
        assert self.process is not None
        code = self.process.returncode
        # Its children, if it left any, must not go on beside the next ones.
        self._signal_group(signal.SIGKILL)
        if now - self.started_at > HEALTHY_AFTER_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        log.warning("process_died", name=self.name, pid=self.process.pid, code=code, pause_seconds=self._pause)
        self.next_start = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self.process = None

    def _start(self, now: float) -> None:
        self.log_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log_file.open("ab") as stream:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal reaches the supervisor alone, which stops the others in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509
            )
        self.started_at = now
        self.restarts += 1
        log.info("process_started", name=self.name, pid=self.process.pid, restarts=self.restarts)

    def stop(self, grace_seconds: float) -> None:
        """Ask the whole group to stop, wait, then kill what is left of it."""
        if self.process is None:
            return
        self._signal_group(signal.SIGTERM)
        try:
            self.process.wait(timeout=grace_seconds)
        except subprocess.TimeoutExpired:
            log.warning("process_killed", name=self.name, pid=self.process.pid, grace_seconds=grace_seconds)
        self._signal_group(signal.SIGKILL)
        self.process.wait()
        log.info("process_stopped", name=self.name, pid=self.process.pid, code=self.process.returncode)
        self.process = None

    def _signal_group(self, number: signal.Signals) -> None:
        if self.process is None:
            return
        # Already gone; on macOS a group of zombies answers with EPERM.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)
