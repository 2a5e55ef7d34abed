"""What we ask the Redis server itself: whether it answers, and whether it is the one we published to.

The epoch is a mark that we leave in the server. When it is missing the server was wiped, or is another one: what it
was told before is gone.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from forecast.jobs.publish import BrokerUnavailableError
from forecast.jobs.queues import Queue

TIMEOUT_SECONDS: Final = 3.0


@dataclass(frozen=True)
class BrokerFacts:
    """What a server says of itself."""

    version: str
    policy: str
    """What becomes of new data when its memory is full."""
    keeps_a_file: bool
    """Whether what it holds survives its restart."""
    waiting: int
    """Messages of our queues."""


class Broker:
    """One Redis server, asked with short timeouts."""

    def __init__(self, url: str, installation: str) -> None:
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            decode_responses=True,
            # redis-py retries for some seconds by default; who asks here asks again by itself.
            retry=Retry(NoBackoff(), 0),
        )
        self._installation = installation
        self._epoch_key = f"{installation}:epoch"

    def is_alive(self) -> bool:
        """Whether the server answers."""
        try:
            return bool(self._client.ping())
        except (redis.RedisError, OSError):
            return False

    def facts(self) -> BrokerFacts:
        """How the server is set up, and how many messages wait in it.

        Raises
        ------
        BrokerUnavailableError
            When the server does not answer.
        """
        try:
            memory, persistence = self._client.info("memory"), self._client.info("persistence")
            server = self._client.info("server")
            return BrokerFacts(
                version=str(server.get("valkey_version", server["redis_version"])),
                policy=str(memory["maxmemory_policy"]),
                keeps_a_file=bool(persistence["aof_enabled"]),
                waiting=sum(int(self._client.llen(queue.named(self._installation))) for queue in Queue),
            )
        except (redis.RedisError, OSError) as error:
            raise BrokerUnavailableError(f"the queue's server does not answer: {error}") from error

    def epoch(self) -> str | None:
        """The mark that was left in the server, if it is still there.

        Raises
        ------
        BrokerUnavailableError
            When the server does not answer.
        """
        try:
            found = self._client.get(self._epoch_key)
        except (redis.RedisError, OSError) as error:
            raise BrokerUnavailableError(f"the queue's server does not answer: {error}") from error
        return None if found is None else str(found)

    def begin_epoch(self) -> None:
        """Leave a new mark, unless another process just has.

        Raises
        ------
        BrokerUnavailableError
            When the server does not take it.
        """
        try:
            self._client.set(self._epoch_key, secrets.token_hex(8), nx=True)
        except (redis.RedisError, OSError) as error:
            raise BrokerUnavailableError(f"the queue's server does not answer: {error}") from error

    def close(self) -> None:
        self._client.close()
