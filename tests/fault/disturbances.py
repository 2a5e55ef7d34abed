"""What the chaos run does to a service: each fault by its name."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sqlalchemy import select

from forecast.queue.publish import BrokerUnavailableError, Publisher
from forecast.store import Database
from forecast.store.tables.core import JobRow
from tests.postgresql import PostgresServer
from tests.stack import Stack

FREEZE_SECONDS: Final = 6.0
"""Longer than the lease."""


@contextmanager
def opened_database(stack: Stack) -> Iterator[Database]:
    database = Database(stack.settings.database)
    try:
        yield database
    finally:
        database.dispose()


class Disturbances:
    """The faults, each of which says whether it could be done."""

    def __init__(
        self, stack: Stack, rng: random.Random, postgres: PostgresServer | None, accepted: Mapping[str, int]
    ) -> None:
        self._stack = stack
        self._random = rng
        self._postgres = postgres
        self._accepted = accepted

    def by_name(self) -> dict[str, Callable[[], bool]]:
        faults: dict[str, Callable[[], bool]] = {
            "child killed": lambda: self._signal("spawn_main", signal.SIGKILL),
            "child killed while sampling": self._kill_sampling_child,
            "child frozen past its lease": lambda: self._freeze("spawn_main", killed=False),
            "worker killed": lambda: self._signal("workers.worker", signal.SIGKILL),
            "worker frozen and killed": lambda: self._freeze("workers.worker", killed=True),
            "worker stopped in order": lambda: self._signal("workers.worker", signal.SIGTERM),
            "caller killed": lambda: self._signal("workers.caller", signal.SIGKILL),
            "illustrator killed": lambda: self._signal("workers.illustrator", signal.SIGKILL),
            "web process killed": lambda: self._signal("-m api ", signal.SIGKILL),
            "dispatcher killed": lambda: self._signal("workers.dispatcher", signal.SIGKILL),
            "beat killed": lambda: self._signal("workers.beat", signal.SIGKILL),
            "Redis killed": lambda: self._signal("redis.sock", signal.SIGKILL),
            "Redis frozen": lambda: self._freeze("redis.sock", killed=False),
            "Redis wiped": self._wipe_redis,
            "message sent twice": self._send_twice,
            "power cut": self._power_cut,
        }
        if self._postgres is None:
            faults["database locked"] = self._lock_sqlite
        else:
            faults["connections cut"] = self._cut_connections
            faults["database restarted"] = self._restart_postgres
        return faults

    def _pids(self, part: str) -> list[int]:
        return [pid for pid, command in self._stack.processes().items() if part in command]

    def _signal(self, part: str, number: signal.Signals) -> bool:
        found = self._pids(part)
        for pid in self._random.sample(found, min(1, len(found))):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return bool(found)

    def _kill_sampling_child(self) -> bool:
        with opened_database(self._stack) as database, database.read() as session:
            worker = session.scalar(select(JobRow.worker).where(JobRow.state == "running"))
        if worker is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(worker.rpartition(":")[2]), signal.SIGKILL)
        return True

    def _freeze(self, part: str, *, killed: bool) -> bool:
        found = self._random.sample(pids := self._pids(part), min(1, len(pids)))
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                time.sleep(FREEZE_SECONDS)
                os.kill(pid, signal.SIGKILL if killed else signal.SIGCONT)
        return bool(found)

    def _wipe_redis(self) -> bool:
        shutil.rmtree(self._stack.settings.redis_dir / "appendonlydir", ignore_errors=True)
        return self._signal("redis.sock", signal.SIGKILL)

    def _send_twice(self) -> bool:
        if not self._accepted:
            return False
        settings = self._stack.settings
        publisher = Publisher(settings.broker_url, Database(settings.database))
        try:
            for _ in range(2):
                publisher.publish_job(self._random.choice(sorted(self._accepted)))
        except BrokerUnavailableError:
            return False
        finally:
            publisher.close()
        return True

    def _power_cut(self) -> bool:
        self._stack.kill()
        time.sleep(1.0)
        self._stack.start()
        return True

    def _lock_sqlite(self) -> bool:
        with contextlib.closing(sqlite3.connect(self._stack.home / "forecast.db", isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            time.sleep(3.0)
            connection.execute("ROLLBACK")
        return True

    def _cut_connections(self) -> bool:
        assert self._postgres is not None
        self._postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        return True

    def _restart_postgres(self) -> bool:
        assert self._postgres is not None
        self._postgres.stop(at_once=self._random.random() < 0.5)
        time.sleep(2.0)
        self._postgres.start(fsync="on")
        return True
