"""A child of the web process that runs long tasks one by one, within limits of memory and CPU time.

It loads no scientific libraries. When a task exceeds its limits the child reports that and exits, and its parent starts
another. It also exits when its parent does.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

from forecast.errors import ForecastError


@dataclass(frozen=True)
class Reply:
    """The outcome of a task."""

    kind: Literal["done", "refused", "over", "defect"]
    value: Any = None
    """The result; of a refusal its class, arguments and attributes; of a limit its name; of a defect its traceback."""


class OverCpuError(BaseException):
    """The task has used its CPU time; not an `Exception`, so that no handler on the way catches it."""


def main() -> None:
    """Run the tasks that arrive on a socket; arguments are its file number and the memory limit in bytes."""
    number, memory = int(sys.argv[1]), int(sys.argv[2])
    # The parent stops the child by closing the socket; signals are ignored.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, _on_cpu)
    # What tasks need is loaded before the first one. The limit counts from what the process holds then.
    import api.desk_work  # noqa: F401

    _limit_memory(memory)
    connection = Connection(socket.socket(fileno=number).detach())
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            cpu_seconds, function, arguments = connection.recv()
            reply = _do(cpu_seconds, function, arguments)
            connection.send(reply)
            if reply.kind == "over":
                # Memory that the task left behind is released.
                os._exit(0)


def _do(cpu_seconds: float, function: Any, arguments: tuple[Any, ...]) -> Reply:
    try:
        _limit_cpu(cpu_seconds)
        try:
            return Reply("done", function(*arguments))
        finally:
            _limit_cpu(None)
    except OverCpuError:
        return Reply("over", "cpu")
    except MemoryError:
        return Reply("over", "memory")
    except ForecastError as error:
        return Reply("refused", (type(error), error.args, vars(error)))
    except Exception:  # noqa: BLE001 (the parent logs it and answers)
        return Reply("defect", traceback.format_exc())


def _on_cpu(_number: int, _frame: Any) -> None:
    raise OverCpuError


def _limit_cpu(seconds: float | None) -> None:
    """Have the kernel send SIGXCPU after this much more CPU time; None for no limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = resource.RLIM_INFINITY if seconds is None else int(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _limit_memory(more: int) -> None:
    """Have the kernel refuse more than this much additional memory to the process (Linux)."""
    with contextlib.suppress(OSError, ValueError):
        status = Path("/proc/self/status").read_text("ascii")
        held = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (held + more, hard))


if __name__ == "__main__":
    # Imported under its own name, so that both processes use the same classes.
    from api.desk_child import main as run

    run()
