"""How much memory a job may take, and how much this process has."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Final

from forecast.settings import Settings

SHARE: Final = 0.8
"""Of the machine's memory, for all jobs together."""
HEADROOM_BYTES: Final = 4_000_000_000
"""What a process may reserve beyond what it may use: stacks of threads, caches of allocators, compiled code."""

_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")


def machine_memory() -> int:
    """Bytes that this machine, or this container, has."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        allowed = _CGROUP.read_text("ascii").strip()
    except OSError:
        return total
    return min(total, int(allowed)) if allowed.isdigit() else total


def memory_limit(settings: Settings) -> int:
    """Bytes that one job may take."""
    return settings.job_memory_bytes or int(SHARE * machine_memory() / settings.concurrency)


def memory_in_use() -> int:
    """Bytes that this process holds in memory."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        # Elsewhere only the most that it ever held is known; on macOS in bytes.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize()


def refuse_more_than(limit: int) -> None:
    """Have the kernel refuse this process memory far beyond a limit, so that no single request takes the machine down."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = limit + HEADROOM_BYTES
    if soft == resource.RLIM_INFINITY or wanted < soft:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
