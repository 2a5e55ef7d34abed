"""Requests that are counted by many threads at once: none fails of it."""

from __future__ import annotations

import sys
import threading
import time

from api.rates import Rates
from forecast.runtime.settings import Settings


def test_many_threads_count_at_once() -> None:
    """The storage starts a timer at every count that finds none: without a lock two threads start the same one."""
    rates, failures = Rates.of(Settings(requests_per_minute=1_000_000)), []

    class Timer:
        """One that is never alive, so that each count begins another, and that reports when it is begun twice."""

        def __init__(self, *_: object) -> None:
            self.begun = False
            time.sleep(0)

        def is_alive(self) -> bool:
            return False

        def start(self) -> None:
            if self.begun:
                raise RuntimeError("thread already started")
            self.begun = True

        def __del__(self) -> None:
            """As the real one is taken apart when another takes its place: other threads may run meanwhile."""
            time.sleep(0)

    begin = threading.Barrier(8)

    def count() -> None:
        begin.wait()
        try:
            for _ in range(500):
                rates.count_request("key")
        except RuntimeError as error:
            failures.append(error)

    before, interval = threading.Timer, sys.getswitchinterval()
    threading.Timer = Timer  # type: ignore[assignment,misc]
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=count) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
        threading.Timer = before  # type: ignore[misc]
    assert not failures
