"""Whether a process may rely on the wall clock.

It may not for ten minutes after the clock has jumped, nor while the clock differs from the database's by more than a
minute. Meanwhile nothing is fired, scored, fetched, expired or removed by its time; jobs run, and requests are served.
The database keeps how the machine's clock stood, so that a process that was restarted meanwhile notices the jump as
well.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from forecast.runtime.clock import (
    HOLD_SECONDS,
    NOTABLE_OFFSET_SECONDS,
    Reading,
    boot_id,
    boot_seconds,
    has_jumped,
    host_name,
    read_clocks,
)
from forecast.runtime.logs import get_logger
from forecast.store import ClockRepository, Database, utc_now

DRIFT_SECONDS: Final = 1.0
"""A clock that drifts slowly is noted again after this much."""
SIGN_SECONDS: Final = 10.0
WARN_EVERY_SECONDS: Final = 600.0
TO_DO: Final = "look at the clock of {host}; when it is right, `forecast clock confirm` ends the wait"

log = get_logger(__name__)


@dataclass(frozen=True)
class ClockFinding:
    """Something about a clock that is not as it should be."""

    host: str
    says: str
    to_do: str
    is_held: bool
    """Whether nothing is fired, scored, expired or removed there meanwhile."""


class ClockGuard:
    """What one process knows of its clock.

    Attributes
    ----------
    name
        Of the process, unlike any other's: role@host:pid:token.
    """

    def __init__(self, database: Database, role: str, read: Callable[[], Reading] = read_clocks) -> None:
        self._database = database
        self._role = role
        self._read = read
        # Containers of two installations may have the same host and number.
        self.name = f"{role}@{host_name()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._offset: float | None = None
        self._noted: float | None = None
        self._sign_due = self._warning_due = 0.0

    def is_trusted(self) -> bool:
        """Whether the wall clock can be relied on now. Call it after reading the time that is used, never before."""
        with self._lock:
            with self._database.read() as session:
                offset = ClockRepository(session).measure_offset()
            is_held = self._look()
            if is_off := offset is not None and has_jumped(0.0, offset):
                self._warn(offset)
            return not (is_held or is_off)

    def leave_sign(self) -> float | None:
        """Record that this process lives and its clock's offset from the database's, every ten seconds at most."""
        with self._lock:
            if time.monotonic() < self._sign_due:
                return None
            self._sign_due = time.monotonic() + SIGN_SECONDS
            with self._database.read() as session:
                offset = ClockRepository(session).measure_offset()
            with self._database.write() as session:
                ClockRepository(session).leave_sign(self._role, self.name, offset)
            if offset is not None and abs(offset) > NOTABLE_OFFSET_SECONDS:
                self._warn(offset)
            return offset

    def _look(self) -> bool:
        """Whether the machine's clock has jumped, now or a short while ago."""
        reading = self._read()
        with self._database.read() as session:
            row = ClockRepository(session).host_clock()
            shared = None if row is None else row.offset_seconds
            held_until = None if row is None else row.held_until
        known = self._offset if self._offset is not None else shared
        # Another process may have noticed before, and an operator may have confirmed it since.
        is_new = known is not None and has_jumped(known, reading.offset)
        is_new = is_new and (shared is None or has_jumped(shared, reading.offset))
        if is_new and known is not None:
            held_until = reading.boot + HOLD_SECONDS
            jump = reading.offset - known
            with self._database.write() as session:
                ClockRepository(session).note_jump(reading, jump, held_until, utc_now(), self.name)
            log.error("clock_jumped", host=host_name(), jump_seconds=round(jump, 1), held_seconds=HOLD_SECONDS)
            self._noted = reading.offset
        elif (
            shared is None or abs(reading.offset - (self._noted if self._noted is not None else shared)) > DRIFT_SECONDS
        ):
            with self._database.write() as session:
                ClockRepository(session).note_clock(reading)
            self._noted = reading.offset
        elif held_until is not None and reading.boot >= held_until:
            with self._database.write() as session:
                ClockRepository(session).release(held_until)
            log.warning("clock_is_gone_by_again", host=host_name())
            held_until = None
        # Only now: a check that failed has not noticed anything.
        self._offset = reading.offset
        self._noted = self._noted if self._noted is not None else shared
        return held_until is not None and reading.boot < held_until

    def _warn(self, offset: float) -> None:
        if time.monotonic() >= self._warning_due:
            self._warning_due = time.monotonic() + WARN_EVERY_SECONDS
            log.warning("clock_is_off", host=host_name(), role=self._role, offset_seconds=round(offset, 1))


def find_clock_faults(database: Database) -> list[ClockFinding]:
    """What is wrong with the clocks of an installation, as its processes have noted it; this process' own included."""
    with database.read() as session:
        clocks = ClockRepository(session)
        found = [
            ClockFinding(
                row.host,
                f"the clock of {row.host} jumped by {row.jump_seconds or 0.0:+.0f} s; nothing is fired, scored, expired or "
                f"removed by it{_how_long(row.boot_id, row.held_until)}",
                TO_DO.format(host=row.host),
                is_held=True,
            )
            for row in clocks.host_clocks()
            if row.held_until is not None
        ]
        offsets = {row.name: (row.host, row.offset_seconds) for row in clocks.signs()}
        offsets["this process"] = (host_name(), clocks.measure_offset())
        for name, (host, offset) in offsets.items():
            if offset is not None and abs(offset) > NOTABLE_OFFSET_SECONDS:
                is_held = has_jumped(0.0, offset)
                more = "; it fires, scores and removes nothing as long as that lasts" if is_held else ""
                says = (
                    f"the clock of {host} ({name.partition('@')[0]}) is {offset:+.0f} s off that of the database{more}"
                )
                found.append(ClockFinding(host, says, f"set the clock of {host}, or that of the database", is_held))
    return found


def _how_long(boot: str, held_until: float | None) -> str:
    if held_until is None or boot != boot_id():
        return ""
    return f" for another {max(0.0, held_until - boot_seconds()):.0f} s"
