"""The pool child: a fresh interpreter that is up at once, and stays hot.

A worker's child compiles in the background. The illustrator's child compiles when that is first needed, and runs at a
low priority.

It ignores Ctrl-C (Celery sees to that): the sampler would return early, with a truncated posterior. On SIGTERM it hands
the running job back to the queue instead of dying with it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from billiard.process import current_process
from sqlalchemy.exc import SQLAlchemyError

from forecast.runtime.logs import get_logger
from forecast.runtime.machine import SLOT_VARIABLE, give_memory_back, memory_limit
from forecast.runtime.settings import get_settings
from workers.memory import memory_in_use, refuse_more_than

log = get_logger(__name__)

NICENESS: Final = 10
"""Of the process that draws what readers look at and no job needs."""
BLOATED_SHARE: Final = 0.5
_warm_bytes = 0
"""What this process held when its program was there."""

stopping = threading.Event()
"""Set when this child was asked to stop; a running job is then released."""


def prepare(**_: Any) -> None:
    """Set up a child that has just started."""
    settings = get_settings()
    settings.apply_compiler_environment()
    refuse_more_than(memory_limit(settings))
    os.environ[SLOT_VARIABLE] = str(getattr(current_process(), "index", 0))
    if os.environ.get("FORECAST_PROCESS") == "illustrator":
        os.nice(NICENESS)
        return
    give_memory_back()
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


def is_bloated() -> bool:
    """Whether this process holds so much beyond its program that the next job would have too little."""
    limit = memory_limit(get_settings())
    warm = min(_warm_bytes, limit)
    return memory_in_use() > warm + BLOATED_SHARE * (limit - warm)


def _on_sigterm(_signal: int, _frame: Any) -> None:
    stopping.set()


def _warm_up() -> None:
    began = time.monotonic()
    try:
        from forecast.inference.engine.seam import differences, seam
        from forecast.pipeline.compute import warm_up

        source = "cache" if warm_up() else "compiled"
    except Exception:
        # A job will meet the same error and report it; an idle child can only log it.
        log.exception("warm_up_failed")
    else:
        log.info("warm", seconds=round(time.monotonic() - began, 1), source=source, sampler=seam().value)
        if found := differences():
            log.warning("nutpie_differs", differences=found)
        _note_warm(source)


def _note_warm(source: str) -> None:
    global _warm_bytes  # noqa: PLW0603
    _warm_bytes = memory_in_use()
    from forecast.jobs.counting import Counter
    from forecast.store import CounterRepository, Database

    database = Database(get_settings().database)
    try:
        with database.write() as session:
            CounterRepository(session).add({(Counter.PROGRAMS, source): 1})
    except SQLAlchemyError as error:
        log.warning("not_counted", counter=Counter.PROGRAMS.value, error=str(error))
    finally:
        database.dispose()
