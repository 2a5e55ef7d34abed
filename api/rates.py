"""Rate limits per key and address. Each process counts for itself, so several processes allow a multiple."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass, field
from typing import ClassVar, Self

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from forecast.errors import ForecastError
from forecast.runtime.settings import Settings


class TooManyRequestsError(ForecastError, RuntimeError):
    """A caller has exceeded its rate limit."""

    code: ClassVar[str] = "too_many_requests"

    def __init__(self, detail: str, retry_seconds: int) -> None:
        super().__init__(detail)
        self.retry_seconds = retry_seconds


@dataclass(frozen=True)
class Rates:
    """What is counted, for each key and for each address."""

    limiter: SlidingWindowCounterRateLimiter
    requests: RateLimitItem
    failures: RateLimitItem
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)
    """The storage starts its timer twice when two threads count at once, and the second one fails."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of an installation."""
        return cls(
            SlidingWindowCounterRateLimiter(MemoryStorage()),
            RateLimitItemPerMinute(settings.requests_per_minute),
            RateLimitItemPerMinute(settings.refused_per_minute),
        )

    def count_request(self, key_id: str) -> None:
        """Count a request of a key.

        Raises
        ------
        TooManyRequestsError
            When it has made too many within a minute.
        """
        self._count(self.requests, "key", key_id, "this key has asked", "ask less often, or watch /v1/jobs/<id>/events")

    def count_failure(self, address: str) -> None:
        """Count a request with an invalid key.

        Raises
        ------
        TooManyRequestsError
            When too many came from this address within a minute.
        """
        self._count(self.failures, "address", address, "keys that do not hold came", "check the key")

    def _count(self, item: RateLimitItem, kind: str, name: str, what: str, to_do: str) -> None:
        with self.one_at_a_time:
            if self.limiter.hit(item, kind, name):
                return
            free_at = self.limiter.get_window_stats(item, kind, name).reset_time
        raise TooManyRequestsError(
            f"{what} more than {item.amount} times within a minute; {to_do}", max(1, math.ceil(free_at - time.time()))
        )
