"""What this machine, or this container, has: memory and cores, and how much of them one job gets."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from forecast.runtime.settings import Settings

SHARE: Final = 0.8
"""Of the machine's memory, for all jobs together."""

SLOT_VARIABLE: Final = "FORECAST_SLOT"
"""Place of a child in its pool, set by the child itself."""

MAPPED_FROM: Final = 1 << 22
"""Bytes of an array from which on it is given back when it is freed."""

_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
"""Of malloc.h."""

_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def sampling_cores() -> int:
    """Cores to sample on; a worker with several children has fewer for each (`FORECAST_THREADS`)."""
    cores, allowed = available_cores(), os.environ.get("FORECAST_THREADS", "")
    return min(cores, int(allowed)) if allowed.isdigit() and int(allowed) > 0 else cores


@contextmanager
def threads_on(cores: int) -> Iterator[None]:
    """Threads that begin meanwhile share this many cores, where the system allows it; each pool child takes others."""
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if cores >= len(mine):
        yield
        return
    slot = os.environ.get(SLOT_VARIABLE, "")
    first = int(slot) * cores % len(mine) if slot.isdigit() else 0
    os.sched_setaffinity(0, (mine[first:] + mine[:first])[:cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


def give_memory_back() -> None:
    """Have the C library hand back what large arrays took when they are freed, where it can (glibc).

    By default it learns from the first freed arrays to keep up to 32 MB each. A job that was given twice as much then
    holds both.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM)
        mallopt(_M_ARENA_MAX, 2)


def trim_memory() -> None:
    """Hand back what was freed since, small pieces included; takes some milliseconds."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


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
