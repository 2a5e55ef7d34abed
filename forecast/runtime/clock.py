"""The clock on the wall against the clock since the machine was started: a step of the first shows, a sleep does not.

Wall time is for due times and for readers. Code that fires, scores, expires or removes by it first checks whether it
has been stepped. The clock for rehearsals (`FORECAST_CLOCK_FILE`) does not concern this module: it moves `utc_now`
alone.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

JUMP_SECONDS: Final = 60.0
"""More than any slewing between two looks; less than from one due time to the next."""
HOLD_SECONDS: Final = 600.0
"""How long nothing is done by wall time after a jump: time for an operator to look, or for the clock to be set right."""
NOTABLE_OFFSET_SECONDS: Final = 5.0
"""Between a process and its database; machines that keep their clocks are within a fraction of a second."""

_BOOT_ID_FILE: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Reading:
    """Both clocks at one moment, in seconds."""

    wall: float
    """Since 1970."""
    boot: float
    """Since the machine was started, sleep included."""

    @property
    def offset(self) -> float:
        """What stays the same until the clock is set."""
        return self.wall - self.boot


def read_clocks() -> Reading:
    """Both clocks now."""
    before = boot_seconds()
    wall = time.time()
    return Reading(wall, (before + boot_seconds()) / 2)


def boot_seconds() -> float:
    """Seconds since the machine was started. On macOS the monotonic clock is the one that counts sleep."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Which start of the machine this is; the same for all that looks at its boot clock."""
    try:
        return _BOOT_ID_FILE.read_text(encoding="ascii").strip()
    except OSError:
        # Of this process alone, then.
        return f"process-{time.time() - boot_seconds():.0f}"


def host_name() -> str:
    """This machine, or container, as its operator knows it."""
    return socket.gethostname()[:255]


def has_jumped(before: float, after: float) -> bool:
    """Whether two offsets of one machine lie too far apart for a clock that was only kept right."""
    return abs(after - before) > JUMP_SECONDS
