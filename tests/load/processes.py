"""What the processes of a service take of the machine, sampled while it runs."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROLES = {
    "workers.supervisor": "supervisor",
    "-m api ": "api",
    "workers.dispatcher": "dispatcher",
    "workers.beat": "beat",
    "spawn_main": "child",
    "workers.worker": "worker",
    "workers.caller": "caller",
    "workers.illustrator": "illustrator",
    "redis.sock": "redis",
}


@dataclass(frozen=True)
class ProcessSample:
    """One look at one process."""

    seconds: float
    """Since the load began."""
    pid: int
    role: str
    resident_bytes: int
    open_files: int
    threads: int
    cpu_seconds: float


@dataclass(frozen=True)
class ProcessTrend:
    """How one process changed from the first part of a window to its last part."""

    role: str
    pid: int
    first_megabytes: float
    last_megabytes: float
    growth: float
    """Of the median of resident memory: 0.1 is ten per cent."""
    first_open_files: float
    last_open_files: float
    cpu_seconds: float


def role_of(command: str) -> str | None:
    """What a process of the service does, from its command line; None for helpers that Python starts by itself."""
    return next((role for part, role in ROLES.items() if part in command), None)


def look_at(pid: int, role: str, seconds: float) -> ProcessSample | None:
    """One sample; None when the process has just ended."""
    folder = Path(f"/proc/{pid}")
    try:
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
        times = (folder / "stat").read_text().rpartition(")")[2].split()
        files = sum(1 for _ in (folder / "fd").iterdir())
        resident = int(status["VmRSS"].split()[0]) * 1024
    except (OSError, KeyError):
        return None
    ticks = 100  # USER_HZ, which the kernel shows to programs on every platform that it runs on
    return ProcessSample(
        seconds, pid, role, resident, files, int(status["Threads"]), (int(times[11]) + int(times[12])) / ticks
    )


def trends(samples: Iterable[ProcessSample], begin: float, end: float, share: float = 0.25) -> list[ProcessTrend]:
    """Each process that lived through a window: its medians in the window's first and last part.

    Parameters
    ----------
    begin, end
        Of the window, in seconds since the load began.
    share
        Of the window that each part takes.
    """
    by_pid: dict[int, list[ProcessSample]] = defaultdict(list)
    for sample in samples:
        if begin <= sample.seconds <= end:
            by_pid[sample.pid].append(sample)
    part = share * (end - begin)
    found = []
    for pid, own in sorted(by_pid.items()):
        first = [sample for sample in own if sample.seconds <= begin + part]
        last = [sample for sample in own if sample.seconds >= end - part]
        if not first or not last:
            continue
        before, after = (statistics.median(sample.resident_bytes for sample in some) for some in (first, last))
        found.append(
            ProcessTrend(
                own[0].role,
                pid,
                round(before / 1e6, 1),
                round(after / 1e6, 1),
                round(after / before - 1, 4),
                statistics.median(sample.open_files for sample in first),
                statistics.median(sample.open_files for sample in last),
                round(own[-1].cpu_seconds - own[0].cpu_seconds, 1),
            )
        )
    return found
