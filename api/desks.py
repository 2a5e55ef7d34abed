"""Desks run long tasks in children of the web process, which stays small and keeps answering other requests.

A desk has one child (`api/desk_child.py`), runs one task at a time, and serves waiting workspaces in turn. A task that
exceeds its memory or CPU time is refused, and the child is replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any, ClassVar, Final

from api.desk_child import Reply
from forecast.errors import ForecastError
from forecast.runtime.logs import get_logger
from forecast.runtime.settings import Settings

MOST_OF_WORKSPACE: Final = 8
MOST_WAITING: Final = 64
PATIENCE: Final = 20.0
"""Wall time that a task may take, as a multiple of its CPU time, on a busy machine."""

log = get_logger(__name__)


class OverBudgetError(ForecastError, RuntimeError):
    """A task exceeded its limits; the caller turns this into advice on what to leave out."""

    code: ClassVar[str] = "too_much_work"

    def __init__(self, limit: str) -> None:
        super().__init__(f"it took more {limit} than it may")
        self.limit = limit


class DeskBusyError(ForecastError, RuntimeError):
    """Too many tasks wait."""

    code: ClassVar[str] = "queries_busy"


class DeskDefectError(RuntimeError):
    """A task failed through a defect of the service; the message is the child's traceback."""


@dataclass(frozen=True)
class _Task:
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    future: Future[Any]


class Desk:
    """One child process and its queue of tasks.

    Parameters
    ----------
    memory_bytes
        Of one task, beyond what the child holds at its start.
    cpu_seconds
        Of one task.
    """

    def __init__(self, name: str, memory_bytes: int, cpu_seconds: float) -> None:
        self.name = name
        self.memory_bytes = memory_bytes
        self.cpu_seconds = cpu_seconds
        self._waiting: OrderedDict[str, deque[_Task]] = OrderedDict()
        self._some = threading.Condition()
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    async def ask[T](self, workspace: str, function: Callable[..., T], *arguments: Any) -> T:
        """The result of a function, called in the child.

        Raises
        ------
        DeskBusyError
            When too many wait already.
        OverBudgetError
            When it takes more than it may.
        ForecastError
            Whatever the function raises of them.
        """
        return await asyncio.wrap_future(self.submit(workspace, function, *arguments))

    def submit[T](self, workspace: str, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """As `ask`, for callers in a thread. Raises DeskBusyError."""
        future: Future[T] = Future()
        with self._some:
            own = self._waiting.get(workspace, ())
            if len(own) >= MOST_OF_WORKSPACE or sum(map(len, self._waiting.values())) >= MOST_WAITING:
                raise DeskBusyError(f"too many {self.name} of this workspace wait already; ask again a little later")
            self._waiting.setdefault(workspace, deque()).append(_Task(function, arguments, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"desk-{self.name}", daemon=True)
                self._thread.start()
            self._some.notify()
        return future

    @property
    def child_id(self) -> int | None:
        """Process id of the child, None while there is none."""
        return None if self._child is None else self._child.pid

    def _run(self) -> None:
        while True:
            task = self._next()
            if not task.future.set_running_or_notify_cancel():
                continue
            try:
                task.future.set_result(self._do(task))
            except BaseException as error:  # noqa: BLE001 (passed to the waiting caller)
                task.future.set_exception(error)

    def _next(self) -> _Task:
        """The first task of the workspace whose turn it is."""
        with self._some:
            self._some.wait_for(lambda: self._waiting)
            workspace, tasks = next(iter(self._waiting.items()))
            task = tasks.popleft()
            if tasks:
                self._waiting.move_to_end(workspace)
            else:
                del self._waiting[workspace]
            return task

    def _do(self, task: _Task) -> Any:
        try:
            connection = self._connected()
            connection.send((self.cpu_seconds, task.function, task.arguments))
            if not connection.poll(PATIENCE * self.cpu_seconds):
                raise TimeoutError
            reply: Reply = connection.recv()
        except (EOFError, OSError, TimeoutError) as error:
            # The child was killed (by the kernel for want of memory, or from outside), or hangs.
            log.warning("desk_lost", desk=self.name, function=task.function.__name__, error=repr(error))
            self.end()
            raise OverBudgetError("time or memory") from error
        if reply.kind == "done":
            return reply.value
        if reply.kind == "over":
            log.warning("desk_over", desk=self.name, function=task.function.__name__, limit=reply.value)
            self.end()
            raise OverBudgetError("CPU time" if reply.value == "cpu" else "memory")
        if reply.kind == "refused":
            raise _rebuilt(*reply.value)
        raise DeskDefectError(reply.value)

    def _connected(self) -> Connection:
        if self._connection is None or self._child is None or self._child.poll() is not None:
            self.end()
            ours, theirs = socket.socketpair()
            with theirs:
                self._child = subprocess.Popen(
                    [sys.executable, "-m", "api.desk_child", str(theirs.fileno()), str(self.memory_bytes)],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    # One task at a time needs one thread; further threads of a library would take memory.
                    env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                )
            self._connection = Connection(ours.detach())
        return self._connection

    def end(self) -> None:
        """End the child; the next task gets another."""
        if self._connection is not None:
            self._connection.close()
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            self._child.wait()
        self._child = self._connection = None


def _rebuilt(kind: type[ForecastError], arguments: tuple[Any, ...], attributes: dict[str, Any]) -> ForecastError:
    """Rebuild an error as it was raised, without calling its constructor, whose arguments may differ."""
    error = kind.__new__(kind)
    error.args = arguments
    vars(error).update(attributes)
    return error


@dataclass(frozen=True)
class Desks:
    """Those of a web process."""

    documents: Desk
    """Reads and checks studies."""
    queries: Desk
    """Answers questions about forecasts, whose futures it keeps."""

    def warm_up(self, documents: Callable[[], None], queries: Callable[[], None]) -> None:
        """Start the children and preload what they need, so that the first request does not wait."""
        for desk, load in ((self.documents, documents), (self.queries, queries)):
            with contextlib.suppress(DeskBusyError):
                desk.submit("", load)


def end_children() -> None:
    """End the children of all desks of this process; a desk that gets another task starts a new child."""
    for desk in _all:
        desk.end()


_all: Final[list[Desk]] = []


@lru_cache(maxsize=4)
def _desks(document_bytes: int, document_seconds: float, query_bytes: int, query_seconds: float) -> Desks:
    made = Desks(Desk("checks", document_bytes, document_seconds), Desk("queries", query_bytes, query_seconds))
    _all.extend((made.documents, made.queries))
    return made


def desks_of(settings: Settings) -> Desks:
    """The desks of this process, shared by all applications with the same limits; tasks are self-contained."""
    return _desks(
        settings.check_memory_bytes, settings.check_cpu_seconds, settings.query_memory_bytes, settings.query_cpu_seconds
    )
