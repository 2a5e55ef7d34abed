"""How much memory this process holds, and how much it may ask for."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Final

HEADROOM_BYTES: Final = 4_000_000_000
"""What a process may reserve beyond what it may use: stacks of threads, caches of allocators, compiled code."""


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
