"""Whether attempts are alive, as another process sees it by its own monotonic clock; no wall clock is read.

An attempt raises a counter with each renewal. A watcher adds up, from look to look, for how long it has *seen* the
counter stand still. One look adds at most a third of the lease. A watcher that was itself stopped (SIGSTOP, a sleeping
machine, an unreachable database) therefore adds little, and looks again before it ends an attempt.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from forecast.store.tables.core import JobRow

SHARE_PER_LOOK: Final = 1 / 3


@dataclass
class _Standstill:
    fence: str | None
    beats: int
    looked_at: float
    seconds: float = 0.0


class LeaseWatch:
    """The memory of one watcher; safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, _Standstill] = {}
        self._lock = threading.Lock()

    def look(self, running: Iterable[JobRow]) -> list[JobRow]:
        """Of all running jobs, those whose counter was seen to stand still for a whole lease."""
        with self._lock:
            now, before = self._clock(), self._seen
            self._seen = {}
            return [row for row in running if self._is_silent(row, before.get(row.id), now)]

    def _is_silent(self, row: JobRow, seen: _Standstill | None, now: float) -> bool:
        lease = row.lease_seconds or 0.0
        if seen is None or (seen.fence, seen.beats) != (row.fence, row.beats):
            seen = _Standstill(row.fence, row.beats, now)
        else:
            seen.seconds += min(max(0.0, now - seen.looked_at), lease * SHARE_PER_LOOK)
            seen.looked_at = now
        self._seen[row.id] = seen
        # Three thirds may be a rounding error less than the whole.
        return seen.looked_at == now and seen.seconds >= lease * (1 - 1e-9) and seen.seconds > 0.0
