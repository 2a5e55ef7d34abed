"""The pool child: a fresh interpreter that is up at once, compiles in the background, and stays hot.

It ignores Ctrl-C (Celery sees to that): the sampler would return early, with a truncated posterior. On SIGTERM it hands
the running job back to the queue instead of dying with it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from forecast.logs import get_logger
from forecast.settings import get_settings

log = get_logger(__name__)

stopping = threading.Event()
"""Set when this child was asked to stop; a running job is then released."""


def prepare(**_: Any) -> None:
    """Set up a child that has just started."""
    get_settings().apply_compiler_environment()
    threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()


@contextmanager
def releasing_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into `stopping` while a job runs.

    Not once and for all in `prepare`: billiard sets its own handler after that, which is right for an idle child.
    """
    before = signal.signal(signal.SIGTERM, _on_sigterm)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _on_sigterm(_signal: int, _frame: Any) -> None:
    stopping.set()


def _warm_up() -> None:
    began = time.monotonic()
    try:
        from forecast.pipeline import warm_up

        warm_up()
    except Exception:
        # A job will meet the same error and report it; an idle child has nobody to tell but the log.
        log.exception("warm_up_failed")
    else:
        log.info("warm", seconds=round(time.monotonic() - began, 1))
