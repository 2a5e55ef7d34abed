"""The time in which workers were there: what the wait of a job in the queue is measured with.

It advances only while the counter of some worker moves, and only by time that a dispatcher has measured itself. So
nights, weekends and steps of the clock do not count. Any number of dispatchers advance it together: each adds only to
the value that it read, if that is unchanged.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from forecast.store import ClockRepository, Database
from forecast.store.tables.clocks import ProcessSignRow

WORKER: Final = "worker"
STEP_SECONDS: Final = 10.0
MOST_PER_STEP_SECONDS: Final = 20.0
THERE_SECONDS: Final = 35.0
"""A worker was there if its counter has moved within this: it does so every ten seconds."""
FORGOTTEN_SECONDS: Final = 120.0
"""A process whose counter was seen to stand still for this long is gone."""


@dataclass
class _Sign:
    beats: int
    still_seconds: float = 0.0
    has_moved: bool = field(default=False)


class WorkerTime:
    """The memory of one dispatcher about the signs of others; safe to use from several threads."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._signs: dict[str, _Sign] = {}
        self._looked_at: float | None = None
        self._value: float | None = None

    def look(self) -> None:
        """See which processes live, and add the time since the last step. Most calls do nothing."""
        with self._lock:
            now = self._clock()
            if self._looked_at is not None and now - self._looked_at < STEP_SECONDS:
                return
            with self._database.read() as session:
                clocks = ClockRepository(session)
                signs, value = clocks.signs(), clocks.worker_seconds()
            passed = 0.0 if self._looked_at is None else min(now - self._looked_at, MOST_PER_STEP_SECONDS)
            gone = self._compare(signs, passed)
            stood_still, self._value = value == self._value, value
            is_due = stood_still and passed > 0.0 and self._has_workers(signs)
            self._looked_at = now
            if not (is_due or gone):
                return
            with self._database.write() as session:
                clocks = ClockRepository(session)
                clocks.remove_signs(gone)
                if is_due and clocks.advance_worker_seconds(value, passed):
                    self._value = value + passed

    def _compare(self, signs: tuple[ProcessSignRow, ...], passed: float) -> list[ProcessSignRow]:
        before: Mapping[str, _Sign] = self._signs
        self._signs, gone = {}, []
        for row in signs:
            seen = before.get(row.name)
            if seen is None:
                seen = _Sign(row.beats)
            elif seen.beats == row.beats:
                seen.still_seconds += passed
            else:
                seen = _Sign(row.beats, has_moved=True)
            self._signs[row.name] = seen
            if seen.still_seconds >= FORGOTTEN_SECONDS:
                gone.append(row)
        return gone

    def _has_workers(self, signs: tuple[ProcessSignRow, ...]) -> bool:
        workers = (self._signs[row.name] for row in signs if row.role == WORKER)
        return any(sign.has_moved and sign.still_seconds < THERE_SECONDS for sign in workers)
