"""What we ask the Redis server: whether it answers, whether it is the one we published to, and which processes consume.

The epoch is a mark that we leave in the server. When it is missing, the server was wiped or is another one, and the
messages that were published before are gone. Each process that reads a queue leaves a mark as well, so that one of
another installation is noticed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from forecast.queue.publish import BrokerUnavailableError
from forecast.queue.queues import Queue, prefix_of
from forecast.store import Database

TIMEOUT_SECONDS: Final = 3.0
READS_FOR_SECONDS: Final = 30
"""A reader of a queue leaves its mark three times in this."""
AHEAD_SECONDS: Final = 5
"""A mark further ahead than this was left before the server's clock was set back."""


@dataclass(frozen=True)
class BrokerFacts:
    """What a server says of itself."""

    version: str
    policy: str
    """What becomes of new data when its memory is full."""
    keeps_a_file: bool
    """Whether what it holds survives its restart."""


class Broker:
    """One Redis server, asked with short timeouts.

    Every method but `is_alive` raises `BrokerUnavailableError` when the server does not answer. It also raises the
    database's error when that cannot be asked for the installation's identity.
    """

    def __init__(self, url: str, database: Database) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            decode_responses=True,
            # redis-py retries for some seconds by default; callers here repeat the request themselves.
            retry=Retry(NoBackoff(), 0),
        )
        self._database = database

    @cached_property
    def _prefix(self) -> str:
        return prefix_of(self._database)

    def is_alive(self) -> bool:
        """Whether the server answers."""
        try:
            return bool(self._client.ping())
        except (redis.RedisError, OSError):
            return False

    def facts(self) -> BrokerFacts:
        """How the server is set up."""
        with _answering():
            memory, persistence = self._client.info("memory"), self._client.info("persistence")
            server = self._client.info("server")
            return BrokerFacts(
                version=str(server.get("valkey_version", server["redis_version"])),
                policy=str(memory["maxmemory_policy"]),
                keeps_a_file=bool(persistence["aof_enabled"]),
            )

    def waiting(self) -> int:
        """How many messages of the installation wait in its queues."""
        with _answering():
            return sum(int(self._client.llen(self._prefix + queue)) for queue in Queue)

    def epoch(self) -> str | None:
        """The mark that was left in the server, if it is still there."""
        with _answering():
            found = self._client.get(f"{self._prefix}epoch")
            return None if found is None else str(found)

    def begin_epoch(self) -> None:
        """Leave a new mark, unless another process just has."""
        with _answering():
            self._client.set(f"{self._prefix}epoch", secrets.token_hex(8), nx=True)

    def note_reader(self, name: str) -> None:
        """Note that a process reads a queue of the installation; to be called every ten seconds."""
        with _answering():
            now, key = self._server_seconds(), f"{self._prefix}readers"
            with self._client.pipeline() as pipeline:
                pipeline.zremrangebyscore(key, "-inf", now - READS_FOR_SECONDS)
                pipeline.zadd(key, {name: now})
                pipeline.expire(key, READS_FOR_SECONDS)
                pipeline.execute()

    def readers(self) -> frozenset[str]:
        """Processes that have noted lately that they read a queue of the installation."""
        with _answering():
            now = self._server_seconds()
            found = self._client.zrangebyscore(f"{self._prefix}readers", now - READS_FOR_SECONDS, now + AHEAD_SECONDS)
            return frozenset(str(name) for name in found)

    def _server_seconds(self) -> int:
        return int(self._client.time()[0])

    def close(self) -> None:
        self._client.close()


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise BrokerUnavailableError(f"the queue's server does not answer: {error}") from error
