"""Waiting for something to become true, with a limit, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.2
"""What is asked fifty times a second for a minute costs more than what it waits for."""


def wait_until[T](predicate: Callable[[], T], timeout: float = 30.0, message: str | Callable[[], str] = "") -> T:
    """The first true value of the predicate, asked every 20 ms at first and more and more rarely.

    Parameters
    ----------
    predicate
        Asked at least once, and once more when the time is over. What it raises ends the waiting.
    timeout
        Seconds.
    message
        What was waited for; a function is called only on failure, to say how things stand then.

    Raises
    ------
    AssertionError
        When the time is over.
    """
    deadline, pause = time.monotonic() + timeout, FIRST_PAUSE_SECONDS
    while True:
        is_over = time.monotonic() >= deadline
        value = predicate()
        if value:
            return value
        if is_over:
            said = message() if callable(message) else message
            raise AssertionError(f"Waited {timeout:g} s for {said or predicate!r}; the last value was {value!r}")
        time.sleep(pause)
        pause = min(1.1 * pause, LONGEST_PAUSE_SECONDS)
