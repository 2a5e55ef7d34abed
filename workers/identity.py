"""Who holds a claim: host, worker process and pool child, as one text in the job's row."""

from __future__ import annotations

import os
import socket


def worker_name() -> str:
    """The name of this pool child."""
    return f"{socket.gethostname()}:{os.getppid()}:{os.getpid()}"


def is_dead_child(name: str) -> bool:
    """Whether the name is that of a child of this process that no longer runs."""
    host, _, pids = name.partition(":")
    parent, _, child = pids.partition(":")
    if host != socket.gethostname() or parent != str(os.getpid()) or not child.isdigit():
        return False
    try:
        os.kill(int(child), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
