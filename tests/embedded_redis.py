"""A real Redis of a test's own, as the supervisor runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from forecast.runtime.settings import Settings
from tests.waiting import wait_until
from workers.redis_server import find_redis_server, is_answering, prepare_directories, redis_command


class EmbeddedRedis:
    """A server that can be stopped and started again on the same data."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        prepare_directories(self.settings)
        command = redis_command(find_redis_server(), self.settings)
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: is_answering(self.settings), message="Redis to answer")

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None


@contextmanager
def redis_for(settings: Settings) -> Iterator[EmbeddedRedis]:
    """A running server, gone at the end."""
    server = EmbeddedRedis(settings)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.kill()
