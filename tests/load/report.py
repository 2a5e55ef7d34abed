"""What a run of the load gave, and whether anything grew in it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.load.processes import ProcessSample, ProcessTrend, trends

GROWTH_ALLOWED: Final = 0.10
FILES_ALLOWED: Final = 3
"""Connections that happen to be open in one moment and not in another."""
LOG_MEGABYTES_ALLOWED: Final = 40.0
QUEUE_ALLOWED: Final = 10
"""Jobs: one a second over two workers, a queue that keeps up holds a few."""


@dataclass(frozen=True)
class QueueSample:
    """One look at what waits."""

    seconds: float
    queued: int
    running: int
    undrawn: int
    broker: int
    """Messages in Redis, taken by a worker or not."""


@dataclass
class Load:
    """What a run did and found."""

    minutes: float
    jobs_per_second: float
    reads_per_second: float
    submitted: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    reads: int = 0
    failed_reads: dict[str, int] = field(default_factory=dict)
    read_milliseconds: dict[str, float] = field(default_factory=dict)
    noise: int = 0
    """Requests and connections that the service had to refuse."""
    log_megabytes: dict[str, float] = field(default_factory=dict)
    """The most that each log had."""
    job_seconds: dict[str, float] = field(default_factory=dict)
    """From acceptance to end, by quantile."""
    queue_first: float = 0.0
    """Jobs that wait, in the mean of the window's first quarter."""
    queue_last: float = 0.0
    queue_most: int = 0
    broker_most: int = 0
    undrawn_last: int = 0
    processes: list[ProcessTrend] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    """Processes that did not live through the window."""
    growing: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.refused or self.failed_reads or self.growing or self.replaced) and set(self.ended) == {
            "succeeded"
        }

    def judge(self, queue: Sequence[QueueSample], processes: Sequence[ProcessSample], begin: float, end: float) -> None:
        """Say what grew between the first and the last quarter of a window.

        Parameters
        ----------
        begin, end
            Of the window, in seconds since the load began.
        """
        window = [sample for sample in queue if begin <= sample.seconds <= end]
        quarter = max(1, len(window) // 4)
        self.queue_first = round(statistics.fmean(sample.queued for sample in window[:quarter]), 2)
        self.queue_last = round(statistics.fmean(sample.queued for sample in window[-quarter:]), 2)
        self.queue_most = max(sample.queued for sample in window)
        self.broker_most = max(sample.broker for sample in window)
        self.undrawn_last = window[-1].undrawn
        self.processes = trends(processes, begin, end)
        lived = {trend.pid for trend in self.processes}
        seen = {(sample.role, sample.pid) for sample in processes if sample.seconds >= begin}
        self.replaced = sorted(f"{role} {pid}" for role, pid in seen if pid not in lived)
        for trend in self.processes:
            if trend.growth > GROWTH_ALLOWED:
                self.growing.append(f"memory of {trend.role} {trend.pid}: {trend.growth:+.1%}")
            if trend.last_open_files > trend.first_open_files + FILES_ALLOWED:
                self.growing.append(
                    f"open files of {trend.role} {trend.pid}: {trend.first_open_files:g} to {trend.last_open_files:g}"
                )
        for name, megabytes in self.log_megabytes.items():
            if megabytes > LOG_MEGABYTES_ALLOWED:
                self.growing.append(f"log {name}: {megabytes:g} MB")
        if self.queue_last > self.queue_first + QUEUE_ALLOWED:
            self.growing.append(f"queue: {self.queue_first} to {self.queue_last}")


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th and 99th percentile; nothing of fewer than two values."""
    if len(values) < 2:
        return {}
    cut = statistics.quantiles(values, n=100)
    return {name: round(cut[number - 1], 4) for name, number in (("median", 50), ("95", 95), ("99", 99))}
