"""A child of the web process that does what may take long: one task after another, within limits of memory and CPU time.

It loads no science. A task that goes over its limits is given up, and the child ends after saying so: its parent starts
another. It ends by itself when its parent does.
"""

from __future__ import annotations

import contextlib
import importlib
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
from typing import Any, Final, Literal

from forecast.errors import ForecastError

WORK: Final = "api.desk_work"
"""What is loaded before the first task."""


@dataclass(frozen=True)
class Reply:
    """What came of a task."""

    kind: Literal["done", "refused", "over", "defect"]
    value: Any = None
    """The result; of a refusal its class, arguments and attributes; of a limit its name; of a defect its traceback."""


class OverCpuError(BaseException):
    """The task has had its CPU time; not an `Exception`, so that nothing on the way takes it for its own."""


def main() -> None:
    """Do what comes through the socket whose number is the first argument; the second is the memory in bytes."""
    number, memory = int(sys.argv[1]), int(sys.argv[2])
    # A stop is the parent's to tell, by closing the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGXCPU, _on_cpu)
    importlib.import_module(WORK)
    _limit_memory(memory)
    connection = Connection(socket.socket(fileno=number).detach())
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            cpu_seconds, function, arguments = connection.recv()
            reply = _do(cpu_seconds, function, arguments)
            connection.send(reply)
            if reply.kind == "over":
                # What it left behind is given back.
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
    """Have the kernel send SIGXCPU when this process has used so much more; None for no limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = resource.RLIM_INFINITY if seconds is None else int(time.process_time() + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _limit_memory(more: int) -> None:
    """Have the kernel refuse this process memory beyond what it holds now and so much more (Linux)."""
    with contextlib.suppress(OSError, ValueError):
        status = Path("/proc/self/status").read_text("ascii")
        held = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData:"))
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (held + more, hard))


if __name__ == "__main__":
    # By its own name, so that what is sent to and fro is of one class.
    from api.desk_child import main as run

    run()
